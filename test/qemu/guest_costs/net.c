/* SPDX-License-Identifier: ISC */
/* Frames that come in a burst and go back in one, and frames of our own in bursts. */
#include <virtio/helper.h>

#include "guest.h"
#include "serial.h"

#define MAC 6
#define FRAME 60    /* bytes of our own frames */
#define BUFFER 2048 /* and of their memory */

static struct virtio_net net;
static struct virtio_net_frame own[BURST];
static uint8_t own_memory[BURST][BUFFER];

/* Destination and source change places. */
static void turn_round(const struct virtio_net_frame *frame)
{
	uint8_t *addresses = virtio_net_frame_data(frame);

	for (unsigned i = 0; i < MAC; i++) {
		uint8_t destination = addresses[i];
		addresses[i] = addresses[MAC + i];
		addresses[MAC + i] = destination;
	}
}

/* Take COUNT frames, as soon as they are there, by TAKE. NULL, or what went wrong. */
static const char *collect(int (*take)(struct virtio_net *, struct virtio_net_frame **, unsigned),
	struct virtio_net_frame **frames, unsigned count)
{
	unsigned done = 0;
	uint64_t start = 0;

	while (done < count) {
		int got = take(&net, frames + done, count - done);

		if (got < 0 || (got == 0 && too_long(&start)))
			return "frames do not come";
		done += (unsigned)got;
	}
	return NULL;
}

/* However few frames have come when the first wakes us, it takes no further interrupt to get the others. */
static const char *round_echo(unsigned burst)
{
	struct virtio_net_frame *frames[BURST];
	const char *error;

	if (sleeps() && virtio_net_enable_receive_interrupts(&net))
		return "frames that nobody asked for";
	boot_printf("send %u\n", burst);
	if (sleeps() && !sleep_until_interrupt())
		return "no interrupt for received frames";
	virtio_net_disable_receive_interrupts(&net);
	error = collect(virtio_net_receive, frames, burst);
	for (unsigned i = 0; i < burst && !error; i++)
		turn_round(frames[i]);
	if (!error && virtio_net_transmit(&net, frames, burst) != (int)burst)
		error = "transmit";
	if (!error)
		error = collect(virtio_net_transmitted, frames, burst);
	if (!error && virtio_net_release(&net, frames, burst) != (int)burst)
		error = "release";
	boot_printf("sent %u\n", burst);
	return error;
}

/* As with the disk, interrupts are on before the device can be done. */
static const char *round_transmit(unsigned burst)
{
	struct virtio_net_frame *frames[BURST];
	const char *error;

	for (unsigned i = 0; i < burst; i++) {
		virtio_net_frame_init(&own[i], own_memory[i], (uintptr_t)own_memory[i], BUFFER);
		own[i].length = FRAME;
		frames[i] = &own[i];
	}
	if (sleeps() && virtio_net_enable_transmit_interrupts(&net))
		return "frames that nobody transmitted";
	if (virtio_net_transmit(&net, frames, burst) != (int)burst)
		return "transmit";
	if (sleeps() && !sleep_until_interrupt())
		return "no interrupt for transmitted frames";
	virtio_net_disable_transmit_interrupts(&net);
	error = collect(virtio_net_transmitted, frames, burst);
	boot_printf("sent %u\n", burst);
	return error;
}

/* Turn round whatever has come. How many frames, or an error. */
static int serve(void)
{
	struct virtio_net_frame *frames[BURST];
	int count = virtio_net_transmitted(&net, frames, BURST);

	if (count > 0)
		virtio_net_release(&net, frames, (unsigned)count);
	count = virtio_net_receive(&net, frames, BURST);
	for (int i = 0; i < count; i++)
		turn_round(frames[i]);
	return count > 0 ? virtio_net_transmit(&net, frames, (unsigned)count) : count;
}

/* Frames come as they come, and we sleep when there are none: "asked N" tells how often interrupts were switched on. */
static const char *round_load(unsigned burst)
{
	struct virtio_net_frame *frames[BURST];
	unsigned asked = 0, done = 0;
	uint64_t start = 0;
	int count;

	boot_printf("stream %u\n", burst);
	for (count = 0; count >= 0 && done < burst; done += (unsigned)count) {
		count = serve();
		if (count != 0)
			continue;
		if (!sleeps() && too_long(&start))
			return "frames do not come";
		if (!sleeps())
			continue;
		asked++;
		if (!virtio_net_enable_receive_interrupts(&net) && !sleep_until_interrupt())
			return "no interrupt under load";
		virtio_net_disable_receive_interrupts(&net);
	}
	boot_printf("asked %u\n", asked);
	boot_printf("sent %u\n", burst);
	if (count < 0)
		return "frames are refused";
	while (net.first.transmit.under_way > 0) {
		count = virtio_net_transmitted(&net, frames, BURST);
		if (count < 0 || virtio_net_release(&net, frames, (unsigned)count) != count || too_long(&start))
			return "frames do not come back";
	}
	return NULL;
}

const struct path net_paths[] = {{"echo", 1, round_echo}, {"echo", 16, round_echo}, {"transmit", BURST, round_transmit},
	{"load", 64, round_load}, {0}};

const char *net_start(struct virtio_device *device)
{
	return virtio_net_attach(&net, device, NULL) < 0 ? "attach to the network card" : NULL;
}

void net_stop(void)
{
	virtio_net_detach(&net, NULL, NULL);
}
