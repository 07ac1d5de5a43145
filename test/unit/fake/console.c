/* SPDX-License-Identifier: ISC */
/* The fake console: bytes and control messages between buffers and the test. */
#include "fake/console.h"

#include <string.h>

#include "fake/cmocka.h"
#include "fake/platform.h"

#define QUEUES 8 /* that the device has: for three ports */

struct fake_console fake_console;

#define transport fake_console.transport
#define CONTROL_RECEIVEQ (&transport.queues[VIRTIO_CONSOLE_QUEUE_CONTROL_RECEIVE].ring)
#define CONTROL_TRANSMITQ (&transport.queues[VIRTIO_CONSOLE_QUEUE_CONTROL_TRANSMIT].ring)

static void write_register(void *context, uint64_t offset, unsigned width, uint32_t value)
{
	(void)context;
	assert_int_equal(offset, VIRTIO_CONSOLE_CONFIG_EMERG_WR);
	assert_int_equal(width, 4);
	fake_console.emergency[fake_console.emergency_count++ % 16] = value;
}

void fake_console_start(uint64_t features)
{
	static const uint8_t ports[4] = {FAKE_CONSOLE_PORTS};

	memset(&fake_console, 0, sizeof fake_console);
	fake_transport_init(&transport, fake_platform(), VIRTIO_ID_CONSOLE, features);
	if (!(features & VIRTIO_F_VERSION_1))
		fake_transport_make_legacy(&transport);
	for (unsigned i = 0; i < QUEUES; i++)
		transport.queues[i].size = features & VIRTIO_CONSOLE_F_MULTIPORT || i < 2 ? 64 : 0;
	transport.config_region.write = write_register;
	fake_transport_set_config(&transport, VIRTIO_CONSOLE_CONFIG_MAX_NR_PORTS, ports, sizeof ports);
	if (!(features & VIRTIO_CONSOLE_F_SIZE))
		fake_transport_forbid_config(&transport, VIRTIO_CONSOLE_CONFIG_COLS, 4);
	if (!(features & VIRTIO_CONSOLE_F_MULTIPORT))
		fake_transport_forbid_config(&transport, VIRTIO_CONSOLE_CONFIG_MAX_NR_PORTS, 4);
	fake_transport_forbid_config(&transport, VIRTIO_CONSOLE_CONFIG_EMERG_WR, 4);
}

void fake_console_attach(uint16_t count, const struct virtio_console_options *options)
{
	assert_int_equal(
		virtio_console_attach(&fake_console.console, &transport.device, fake_console.ports, count, options), 0);
}

void fake_console_detach(void)
{
	assert_int_equal(virtio_console_detach(&fake_console.console), 0);
	assert_int_equal(fake_platform_live(), 0);
}

struct fake_device_ring *fake_console_receiveq(unsigned port)
{
	return &transport.queues[port ? 2 * port + 2 : 0].ring;
}

struct fake_device_ring *fake_console_transmitq(unsigned port)
{
	return &transport.queues[port ? 2 * port + 3 : 1].ring;
}

bool fake_console_deliver(struct fake_device_ring *ring, const void *data, uint32_t length, uint32_t said)
{
	struct fake_device_buffer *buffer = &fake_console.buffer;

	if (!fake_device_take(ring, buffer))
		return false;
	/* CON-01, CON-L2 */
	assert_int_equal(buffer->readable_bytes, 0);
	assert_int_equal(buffer->count, 1);
	if (length)
		fake_device_write(buffer, 0, data, length);
	fake_device_return(ring, buffer, said);
	return true;
}

void fake_console_type(unsigned port, const char *text)
{
	uint32_t length = (uint32_t)strlen(text);

	assert_true(fake_console_deliver(fake_console_receiveq(port), text, length, length));
}

/* Take what the driver sent in one buffer, and return it with a used length that means nothing (CON-L1, LEG-05). */
static uint32_t collect_one(struct fake_device_ring *ring, uint8_t *bytes, uint32_t room)
{
	struct fake_device_buffer *buffer = &fake_console.buffer;

	if (!fake_device_take(ring, buffer))
		return 0;
	/* CON-02, CON-L2 */
	assert_int_equal(buffer->writable_bytes, 0);
	assert_int_equal(buffer->count, 1);
	assert_true(buffer->readable_bytes <= room);
	fake_device_read(buffer, 0, bytes, buffer->readable_bytes);
	fake_device_return(ring, buffer, 0xffff);
	return buffer->readable_bytes;
}

uint32_t fake_console_collect(struct fake_device_ring *ring)
{
	uint32_t length = 0;
	uint32_t more;

	while ((more = collect_one(ring, fake_console.wire + length, FAKE_CONSOLE_WIRE - length)) > 0)
		length += more;
	return length;
}

void fake_console_say(uint32_t id, uint16_t event, uint16_t value, const void *more, uint32_t length)
{
	uint8_t bytes[128] = {0};
	struct virtio_console_control control = {le32_from(id), le16_from(event), le16_from(value)};

	memcpy(bytes, &control, sizeof control);
	if (length)
		memcpy(bytes + sizeof control, more, length);
	length += (uint32_t)sizeof control;
	uint32_t room = length < 40 ? length : 40; /* QEMU cuts what does not fit, and says that it wrote all */
	assert_true(fake_console_deliver(CONTROL_RECEIVEQ, bytes, room, length));
}

void fake_console_expect(uint32_t id, uint16_t event, uint16_t value)
{
	struct virtio_console_control control;

	assert_int_equal(collect_one(CONTROL_TRANSMITQ, (uint8_t *)&control, sizeof control), sizeof control);
	assert_int_equal(le32_to(control.id), id);
	assert_int_equal(le16_to(control.event), event);
	assert_int_equal(le16_to(control.value), value);
}

void fake_console_expect_nothing(void)
{
	assert_int_equal(fake_device_available(CONTROL_TRANSMITQ), 0);
}

void fake_console_multiport(unsigned count)
{
	fake_console_start(VIRTIO_F_VERSION_1 | VIRTIO_CONSOLE_F_MULTIPORT);
	fake_console_attach(FAKE_CONSOLE_PORTS, NULL);
	fake_console_expect(0, VIRTIO_CONSOLE_DEVICE_READY, 1);
	for (unsigned i = 0; i < count; i++)
		fake_console_say(i, VIRTIO_CONSOLE_DEVICE_ADD, 0, NULL, 0);
	assert_int_equal(virtio_console_poll(&fake_console.console), count);
	for (unsigned i = 0; i < count; i++)
		fake_console_expect(i, VIRTIO_CONSOLE_PORT_READY, 1);
}
