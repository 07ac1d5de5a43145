/* SPDX-License-Identifier: ISC */
/*
 * A network card that another process serves, driven by the library from an ordinary one:
 *
 *     native_net check SOCKET frames=NUMBER [longest=BYTES] [window=NUMBER] [merge] [sleep]
 *                                         to a device that sends frames back: all come back as they were, twice
 *     native_net transmit SOCKET size=BYTES milliseconds=NUMBER [merge]
 *     native_net receive SOCKET milliseconds=NUMBER [merge]
 *     native_net forward SOCKET size=BYTES window=NUMBER milliseconds=NUMBER [merge]
 *                                         how many frames a second, and in how many cycles of the processor;
 *                                         with pause=NANOSECONDS it waits so long after a look in vain
 *
 * and in-order, and the words of options.h.
 */
#include "net.h"

#include <stdio.h>
#include <string.h>

#include <virtio/spec/features.h>
#include <virtio/spec/ids.h>

#include "options.h"

#define MEMORY (64u << 20)

/* The front end's part of the device. */
static const uint8_t config[] = {[VIRTIO_NET_CONFIG_MAC] = 0x02,
	0x56,
	0x48,
	0,
	0,
	2,
	[VIRTIO_NET_CONFIG_STATUS] = VIRTIO_NET_S_LINK_UP,
	[VIRTIO_NET_CONFIG_MTU] = (NET_LONGEST - VIRTIO_NET_ETHERNET) & 0xff,
	(NET_LONGEST - VIRTIO_NET_ETHERNET) >> 8};

static int work(struct net_bench *bench, const char *what, char **argv)
{
	uint64_t milliseconds = options_number(argv, "milliseconds", 1000), window = options_number(argv, "window", 64);
	uint64_t size = options_number(argv, "size", 64);
	uint64_t longest = options_number(argv, "longest", VIRTIO_NET_DEFAULT_MTU + VIRTIO_NET_ETHERNET);

	if (longest < NET_SHORTEST || size < NET_SHORTEST || longest > NET_LONGEST || size > NET_LONGEST)
		return fprintf(stderr, "frames have %d to %d bytes\n", NET_SHORTEST, NET_LONGEST), -1;
	if (strcmp(what, "check") == 0)
		return net_check(bench, options_number(argv, "frames", 1000), (uint32_t)longest, window);
	if (strcmp(what, "transmit") == 0)
		return net_rate_transmit(bench, (uint32_t)size, milliseconds);
	if (strcmp(what, "receive") == 0)
		return net_rate_receive(bench, milliseconds);
	if (strcmp(what, "forward") == 0)
		return net_rate_forward(bench, (uint32_t)size, window, milliseconds);
	return fprintf(stderr, "what is %s?\n", what), -1;
}

static void give_back(void *context, struct virtio_net_frame *frame)
{
	net_drop(context, frame);
}

/* Twice: with a reset in between the device must start again. */
static int use(struct net_bench *bench, char **argv)
{
	int result = work(bench, argv[1], argv);

	if (result < 0 || strcmp(argv[1], "check") != 0)
		return result;
	result = virtio_net_restart(&bench->net, give_back, bench);
	if (result < 0)
		return fprintf(stderr, "restart: %s\n", virtio_error_name(result)), -1;
	result = work(bench, argv[1], argv);
	if (result == 0)
		printf("frames the same, %llu interrupts\n", (unsigned long long)bench->runtime->woken);
	return result;
}

static int attach(struct net_bench *bench, struct vhost_user *user, char **argv)
{
	const struct virtio_net_options options = {
		.ring_size = user->options.ring_size,
		.wanted = (options_has(argv, "merge") ? VIRTIO_NET_F_MRG_RXBUF : 0) |
			  (options_has(argv, "in-order") ? VIRTIO_F_IN_ORDER : 0),
		.offload = options_has(argv, "merge") ? &virtio_net_offload : NULL,
	};
	int result = virtio_net_pool_init(&bench->pool, &bench->runtime->platform, NET_POOL, NET_LONGEST);

	if (result == 0)
		result = virtio_net_attach(&bench->net, &user->device, &options);
	if (result == 0)
		options_tell(&user->device);
	return result;
}

static int run(struct vhost_user *user, char **argv)
{
	struct net_bench bench = {
		.runtime = user->runtime,
		.sleep = options_has(argv, "sleep"),
		.pause = options_number(argv, "pause", 0),
	};
	int result = attach(&bench, user, argv);

	if (result == 0)
		result = use(&bench, argv);
	int detached = virtio_net_detach(&bench.net, NULL, NULL);
	virtio_net_pool_free(&bench.pool);
	return result < 0 ? result : detached;
}

int main(int argc, char **argv)
{
	static struct runtime runtime;
	static struct vhost_user user;

	if (argc < 3) {
		fprintf(stderr, "native_net check|transmit|receive|forward SOCKET WORDS...\n");
		return 2;
	}
	struct vhost_user_options options = options_device(argv);
	options.config = config;
	options.config_length = sizeof config;
	options.with = VIRTIO_NET_F_MAC | VIRTIO_NET_F_STATUS;
	if (options_number(argv, "longest", 0))
		options.with |= VIRTIO_NET_F_MTU;
	else
		options.without |= VIRTIO_NET_F_MTU;
	if (runtime_open(&runtime, MEMORY) < 0)
		return perror("shared memory"), 1;
	if (vhost_user_open(&user, &runtime, argv[2], VIRTIO_ID_NET, &options) < 0)
		return 1;
	int result = run(&user, argv);
	vhost_user_close(&user);
	if (runtime.private_allocations || runtime.allocations) {
		fprintf(stderr, "%u allocations were not given back\n",
			runtime.private_allocations + runtime.allocations);
		result = -1;
	}
	runtime_close(&runtime);
	return result < 0;
}
