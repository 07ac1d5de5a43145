/* SPDX-License-Identifier: ISC */
/* The runtimes: small, with a few buffers of each kind that go round and round. */
#include <string.h>

#include "fake/cmocka.h"
#include "fake/platform.h"
#include "fake/users_inside.h"

struct fake_transport fake_user_transport;
uint32_t fake_user_most;

const struct fake_user *const fake_users[] = {&fake_user_net, &fake_user_blk, &fake_user_console, &fake_user_rng,
	&fake_user_9p, &fake_user_balloon, &fake_user_vsock, NULL};

void fake_user_look(const void *data, uint32_t length)
{
	const uint8_t *bytes = data;
	unsigned sum = 0;

	/* Each byte is read, so that whoever watches memory sees it. */
	for (uint32_t i = 0; i < length; i++)
		sum += bytes[i];
	assert_true(sum <= 255u * length);
	fake_user_most = length > fake_user_most ? length : fake_user_most;
}

int fake_user_first_error(int one, int other)
{
	return one < 0 ? one : other < 0 ? other : 0;
}

int fake_user_no_timeout(int one, int other)
{
	return one != VIRTIO_ERR_TIMEOUT ? one : other;
}

void fake_user_prepare(const struct fake_user *user)
{
	memset(&fake_user_transport, 0, sizeof fake_user_transport);
	fake_transport_init(&fake_user_transport, fake_platform(), user->type,
		VIRTIO_F_VERSION_1 | VIRTIO_F_INDIRECT_DESC | user->features);
	for (unsigned i = 0; i < 8; i++)
		fake_user_transport.queues[i].size = 16;
	if (user->configure)
		user->configure();
}

void fake_user_open(const struct fake_user *user)
{
	fake_user_prepare(user);
	assert_int_equal(user->attach(), 0);
	if (user->start)
		user->start();
	assert_int_equal(user->work(), 0);
}

struct fake_device_ring *fake_user_ring(unsigned index)
{
	return &fake_user_transport.queues[index].ring;
}

void fake_user_serve(unsigned index, uint32_t most)
{
	static struct fake_device_buffer buffer;
	static const uint8_t zeroes[72];
	bool started = fake_user_transport.queues[index].started;

	assert_true(most <= sizeof zeroes);
	/* At most so many: there may be as many again by then. */
	for (unsigned i = 0; started && i < 32 && fake_device_take(fake_user_ring(index), &buffer); i++) {
		uint32_t length = buffer.writable_bytes < most ? buffer.writable_bytes : most;

		fake_device_write(&buffer, 0, zeroes, length);
		fake_device_return(fake_user_ring(index), &buffer, length);
	}
}

void fake_user_forget_rings(void)
{
	for (unsigned i = 0; i < FAKE_TRANSPORT_QUEUES; i++)
		fake_device_detach(fake_user_ring(i));
}

void fake_user_close(const struct fake_user *user)
{
	assert_int_equal(user->detach(), 0);
	assert_int_equal(fake_platform_live(), 0);
}
