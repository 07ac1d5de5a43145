/* SPDX-License-Identifier: ISC */
/* A fake transport that watches the order of VIRTIO 3.1.1. */
#include "fake/transport.h"

#include <string.h>

#include "device/vectors.h"
#include "fake/cmocka.h"
#include "fake/platform.h"

#define RING_FEATURES (VIRTIO_F_RING_PACKED | VIRTIO_F_ACCESS_PLATFORM | VIRTIO_F_IN_ORDER | VIRTIO_F_NOTIFICATION_DATA)
#define RUNNING (VIRTIO_STATUS_DRIVER_OK | VIRTIO_STATUS_SUSPEND) /* one of them, once it is live */

/* What modern devices offer besides, for a whole group of tests; and how many of its queues had it all. */
static uint64_t ring_features;
static unsigned ring_uses;

static int run_over(uint64_t features)
{
	ring_features = features;
	ring_uses = 0;
	return 0;
}

int fake_transport_missed(void)
{
	if (ring_uses == 0)
		print_error("no virtqueue of these tests is what they are meant to run over\n");
	return ring_uses == 0;
}

int fake_transport_over_split(void **state)
{
	(void)state;
	return run_over(0);
}

int fake_transport_over_packed(void **state)
{
	(void)state;
	return run_over(VIRTIO_F_RING_PACKED);
}

int fake_transport_over_mapping(void **state)
{
	(void)state;
	return run_over(VIRTIO_F_RING_PACKED | VIRTIO_F_ACCESS_PLATFORM | VIRTIO_F_NOTIFICATION_DATA);
}

int fake_transport_over_split_in_order(void **state)
{
	(void)state;
	return run_over(VIRTIO_F_IN_ORDER);
}

int fake_transport_over_packed_in_order(void **state)
{
	(void)state;
	return run_over(VIRTIO_F_RING_PACKED | VIRTIO_F_IN_ORDER);
}

static struct fake_transport *fake_of(struct virtio_device *dev)
{
	return (struct fake_transport *)(void *)((char *)dev - offsetof(struct fake_transport, device));
}

/* The driver is about to reach a register. Whose it is. */
static struct fake_transport *accessed(struct virtio_device *dev)
{
	struct fake_transport *fake = fake_of(dev);

	if (fake->on_access)
		fake->on_access(fake);
	return fake;
}

/* What a register reads as where nothing answers. */
static uint32_t nothing(const struct fake_transport *fake)
{
	return fake->gone_dark ? 0 : UINT32_MAX;
}

static int fake_open(struct virtio_device *dev)
{
	(void)dev;
	fail_msg("fake_transport_init has opened the device already");
	return 0;
}

static void fake_set_dma(struct virtio_device *dev, bool on)
{
	fake_of(dev)->dma = on;
}

static uint8_t fake_status(struct virtio_device *dev)
{
	struct fake_transport *fake = accessed(dev);

	if (fake->gone)
		return (uint8_t)nothing(fake);
	if (fake->looks > 0) {
		fake->looks--;
		return VIRTIO_STATUS_ACKNOWLEDGE;
	}
	if (fake->suspend_to && fake->suspend_looks == 0) {
		fake->status = (uint8_t)((fake->status & ~RUNNING) | fake->suspend_to);
		fake->suspend_to = 0;
	}
	if (fake->suspend_to)
		fake->suspend_looks--;
	if (fake->never_resets && fake->status == 0)
		return VIRTIO_STATUS_ACKNOWLEDGE;
	return (uint8_t)(fake->status | (fake->needs_reset ? VIRTIO_STATUS_NEEDS_RESET : 0));
}

static void reset(struct fake_transport *fake)
{
	fake->resets++;
	fake->status = 0;
	fake->accepted = 0;
	fake->accepted_words = 0;
	fake->needs_reset = false;
	fake->interrupt_cause = 0;
	fake->config_vector = VIRTIO_NO_VECTOR;
	fake->looks = fake->slow_reset;
	fake->suspend_to = 0;
	for (unsigned i = 0; i < FAKE_TRANSPORT_QUEUES; i++) {
		fake->queues[i].started = false;
		fake->queues[i].was_reset = false;
		fake->queues[i].resetting = 0;
		fake->queues[i].vector = VIRTIO_NO_VECTOR;
		if (fake->queues[i].ring.ops)
			fake_device_detach(&fake->queues[i].ring);
	}
}

/* The device's end of the kind of ring that the driver chose. */
static const struct fake_device_ops *device_end(const struct virtqueue_ops *driver_end)
{
	for (const struct fake_device_ops *const *ring = fake_device_rings; *ring; ring++)
		if ((*ring)->features == (driver_end->feature & VIRTIO_F_RING_PACKED))
			return *ring;
	fail_msg("fake/device.h knows no %s ring", driver_end->name);
	return NULL;
}

static bool features_stick(const struct fake_transport *fake)
{
	return !fake->refuses_features && (fake->insists_on & ~fake->accepted) == 0;
}

/* 3.4: a driver adds the bit that it wants; the device then drops the other. */
static void suspend_or_resume(struct fake_transport *fake)
{
	if (!(fake->accepted & VIRTIO_F_SUSPEND))
		fail_msg("SUSPEND does not exist without its feature (3.4)");
	if (!(fake->status & RUNNING))
		fail_msg("SUSPEND of a device that is not live (3.4)");
	fake->suspend_to = fake->status & VIRTIO_STATUS_DRIVER_OK ? VIRTIO_STATUS_SUSPEND : VIRTIO_STATUS_DRIVER_OK;
	fake->suspend_looks = fake->slow_suspend;
}

static void fake_set_status(struct virtio_device *dev, uint8_t status)
{
	struct fake_transport *fake = accessed(dev);

	if (fake->status_count < FAKE_TRANSPORT_TRACE)
		fake->status_trace[fake->status_count] = status;
	fake->status_count++;
	if (fake->gone)
		return;
	if (status == 0) {
		reset(fake);
		return;
	}
	if (fake->resets == 0)
		fail_msg("status 0x%x before the first reset (3.1.1)", status);
	if (fake->looks)
		fail_msg("status 0x%x before the reset was done (2.4)", status);
	if (fake->status & ~(unsigned)status)
		fail_msg("status 0x%x takes back bits of 0x%x (2.1.1)", status, fake->status);
	if (status & VIRTIO_STATUS_FEATURES_OK && !fake->ops.confirms_features)
		fail_msg("FEATURES_OK does not exist here (3.1.2)");
	if (status & VIRTIO_STATUS_DRIVER_OK && fake->status & VIRTIO_STATUS_FAILED)
		fail_msg("DRIVER_OK after FAILED (3.1.1)");
	if (status & VIRTIO_STATUS_DRIVER_OK && fake->accepted_words != fake->ops.feature_words)
		fail_msg("DRIVER_OK before the features were written (3.1.1)");
	if (status & VIRTIO_STATUS_SUSPEND) {
		suspend_or_resume(fake);
		return;
	}
	if (!(fake->status & VIRTIO_STATUS_FEATURES_OK) && !features_stick(fake))
		status &= (uint8_t)~VIRTIO_STATUS_FEATURES_OK;
	fake->status = status;
}

static uint32_t fake_features_offered(struct virtio_device *dev, unsigned word)
{
	struct fake_transport *fake = accessed(dev);

	assert_true(word < fake->ops.feature_words);
	return fake->gone ? nothing(fake) : (uint32_t)(fake->offered >> 32 * word);
}

static void fake_accept_features(struct virtio_device *dev, unsigned word, uint32_t features)
{
	struct fake_transport *fake = accessed(dev);

	if (fake->gone)
		return;
	if (features & ~(uint32_t)(fake->offered >> 32 * word))
		fail_msg("features 0x%x of word %u were not all offered (2.2.1)", features, word);
	if (!(fake->status & VIRTIO_STATUS_DRIVER))
		fail_msg("features before DRIVER (3.1.1)");
	if (fake->status & (VIRTIO_STATUS_FEATURES_OK | VIRTIO_STATUS_DRIVER_OK)) /* INIT-05 */
		fail_msg("features after they were settled (3.1.1)");
	if (fake->accepted_words >= fake->ops.feature_words)
		fail_msg("features written twice: bhyve changes the network header then");
	fake->accepted |= (uint64_t)features << 32 * word;
	fake->accepted_words++;
}

static uint16_t fake_queue_size(struct virtio_device *dev, uint16_t index)
{
	struct fake_transport *fake = accessed(dev);

	if (fake->gone)
		return (uint16_t)nothing(fake);
	return index < FAKE_TRANSPORT_QUEUES ? fake->queues[index].size : 0;
}

static int fake_start_queue(struct virtio_device *dev, struct virtio_queue *queue)
{
	struct fake_transport *fake = accessed(dev);

	assert_true(queue->index < FAKE_TRANSPORT_QUEUES);
	struct fake_transport_queue *mine = &fake->queues[queue->index];
	if (fake->gone)
		return 0;
	if (fake->ops.confirms_features && !(fake->status & VIRTIO_STATUS_FEATURES_OK))
		fail_msg("virtqueue %u before FEATURES_OK (3.1.1)", queue->index);
	if (fake->status & (mine->was_reset ? VIRTIO_STATUS_FAILED : VIRTIO_STATUS_DRIVER_OK | VIRTIO_STATUS_FAILED))
		fail_msg("virtqueue %u after DRIVER_OK or FAILED (3.1.1)", queue->index);
	if (mine->started)
		fail_msg("virtqueue %u started twice", queue->index);
	if (queue->ring.size > mine->size || (fake->ops.ring_size_fixed && queue->ring.size != mine->size))
		fail_msg("virtqueue %u with %u entries, the device has %u", queue->index, queue->ring.size, mine->size);
	if (fake->start_queue_error)
		return fake->start_queue_error;
	ring_uses += (fake->accepted & RING_FEATURES) == ring_features;
	mine->started = true;
	mine->started_size = queue->ring.size;
	mine->addresses = queue->ring.addresses;
	mine->queue = queue;
	mine->notifications = 0;
	fake_device_attach(&mine->ring, device_end(dev->ring), &mine->addresses, mine->started_size, fake->accepted);
	return 0;
}

static void notify(struct virtio_queue *queue, bool with_data)
{
	struct fake_transport *fake = accessed(queue->device);
	struct fake_transport_queue *mine = &fake->queues[queue->index];

	if (fake->gone)
		return;
	if (!(fake->status & VIRTIO_STATUS_DRIVER_OK))
		fail_msg("virtqueue %u notified before DRIVER_OK (3.1.1)", queue->index);
	if (!mine->started || mine->queue != queue)
		fail_msg("virtqueue %u notified, and it is not started", queue->index);
	if (with_data != ((fake->accepted & VIRTIO_F_NOTIFICATION_DATA) != 0)) /* ERR-10 */
		fail_msg("virtqueue %u notified %s data (2.9)", queue->index, with_data ? "with" : "without");
	mine->notifications++;
}

static void fake_notify(struct virtio_queue *queue)
{
	notify(queue, false);
}

static void fake_notify_with_data(struct virtio_queue *queue)
{
	struct fake_device_ring *ring = &fake_of(queue->device)->queues[queue->index].ring;
	uint32_t data = virtqueue_notification_data(&queue->ring);

	notify(queue, true);
	if (!ring->lied && !fake_of(queue->device)->gone && data != (uint32_t)fake_device_position(ring) << 16)
		fail_msg("a notification says 0x%x, the ring stands at 0x%x (2.9)", data, fake_device_position(ring));
}

static void fake_reset_queue(struct virtio_device *dev, uint16_t index)
{
	struct fake_transport *fake = accessed(dev);

	if (!(fake->accepted & VIRTIO_F_RING_RESET))
		fail_msg("the reset of a virtqueue does not exist without its feature (2.6.1)");
	assert_true(index < FAKE_TRANSPORT_QUEUES && fake->queues[index].started);
	fake->queues[index].resetting = fake->slow_queue_reset + 1;
}

static bool fake_queue_in_reset(struct virtio_device *dev, uint16_t index)
{
	struct fake_transport *fake = accessed(dev);
	struct fake_transport_queue *mine = &fake->queues[index];

	if (mine->resetting == 0)
		return false;
	if (--mine->resetting > 0) {
		if (fake->on_queue_reset)
			fake->on_queue_reset(fake);
		return true;
	}
	fake_device_detach(&mine->ring);
	mine->started = false;
	mine->was_reset = true;
	mine->vector = VIRTIO_NO_VECTOR;
	return false;
}

static uint32_t fake_config_generation(struct virtio_device *dev)
{
	struct fake_transport *fake = accessed(dev);

	if (fake->generation_unstable)
		fake->generation++;
	return fake->gone ? nothing(fake) : fake->ops.confirms_features ? fake->generation : 0;
}

static uint8_t fake_interrupt_cause(struct virtio_device *dev)
{
	struct fake_transport *fake = accessed(dev);
	uint8_t cause = fake->gone ? (uint8_t)nothing(fake) : fake->interrupt_cause;

	fake->interrupt_cause = 0;
	return cause;
}

/* The device writes down VECTOR, or that it refuses it. */
static int take_vector(struct fake_transport *fake, uint16_t vector, uint16_t *taken)
{
	fake->vector_writes++;
	if (!fake->device.msix || vector >= fake->device.vectors)
		fail_msg("vector %u of %u", vector, fake->device.vectors);
	*taken = vector < 32 && fake->refused_vectors >> vector & 1 ? VIRTIO_NO_VECTOR : vector;
	return *taken == vector ? 0 : VIRTIO_ERR_UNSUPPORTED;
}

static int fake_set_config(struct virtio_device *dev, uint16_t vector)
{
	return take_vector(accessed(dev), vector, &fake_of(dev)->config_vector);
}

static int fake_set_queue(struct virtio_device *dev, uint16_t index, uint16_t vector)
{
	struct fake_transport *fake = accessed(dev);

	if (fake->queues[index].started)
		fail_msg("virtqueue %u has been started already", index);
	return take_vector(fake, vector, &fake->queues[index].vector);
}

static void fake_leave(struct virtio_device *dev)
{
	dev->msix = false;
	dev->vectors = 0;
	fake_of(dev)->left_msix++;
}

static const struct virtio_vector_ops fake_vectors = {
	.begin = virtio_vectors_begin,
	.assign = virtio_vectors_assign,
	.set_config = fake_set_config,
	.set_queue = fake_set_queue,
	.leave = fake_leave,
};

static uint32_t read_config(void *context, uint64_t offset, unsigned width)
{
	struct fake_transport *fake = context;

	if (fake->on_access)
		fake->on_access(fake);
	if (fake->on_config_read)
		fake->on_config_read(fake, (uint32_t)offset);
	for (unsigned i = 0; i < width; i++)
		if (fake->config_forbidden[offset + i])
			fail_msg("configuration byte %llu does not exist without its feature (2.5.1)",
				(unsigned long long)offset + i);
	return fake->gone ? nothing(fake) : fake_region_load(&fake->config[offset], width);
}

static const struct virtio_transport_ops modern = {
	.name = "fake",
	.features = VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX | VIRTIO_F_VERSION_1 | VIRTIO_F_ACCESS_PLATFORM |
		    VIRTIO_F_RING_PACKED | VIRTIO_F_ORDER_PLATFORM | VIRTIO_F_NOTIFICATION_DATA | VIRTIO_F_RING_RESET |
		    VIRTIO_F_SUSPEND | VIRTIO_F_IN_ORDER,
	.required_features = VIRTIO_F_VERSION_1,
	.feature_words = 2,
	.confirms_features = true,
	.open = fake_open,
	.set_dma = fake_set_dma,
	.status = fake_status,
	.set_status = fake_set_status,
	.features_offered = fake_features_offered,
	.accept_features = fake_accept_features,
	.queue_size = fake_queue_size,
	.start_queue = fake_start_queue,
	.notify = fake_notify,
	.notify_with_data = fake_notify_with_data,
	.reset_queue = fake_reset_queue,
	.queue_in_reset = fake_queue_in_reset,
	.config_generation = fake_config_generation,
	.interrupt_cause = fake_interrupt_cause,
};

/* Make it one of the devices of this group of tests; the library's best ring for them comes first. */
static void use_rings(struct fake_transport *fake)
{
	const struct virtqueue_ops **ring = fake->rings;

	if (ring_features & VIRTIO_F_ACCESS_PLATFORM)
		fake_platform_bounce((fake->offered & VIRTIO_F_VERSION_1) != 0);
	if (!(fake->offered & VIRTIO_F_VERSION_1))
		return;
	fake->offered |= ring_features;
	for (unsigned i = 0; virtio_support_all.rings[i]; i++)
		if (!(virtio_support_all.rings[i]->feature & ~ring_features))
			*ring++ = virtio_support_all.rings[i];
}

void fake_transport_init(
	struct fake_transport *fake, const struct virtio_platform *platform, uint32_t type, uint64_t offered)
{
	*fake = (struct fake_transport){
		.ops = modern,
		.offered = offered,
		.config_vector = VIRTIO_NO_VECTOR,
		.rings = {&virtqueue_split_ops},
		.status = VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER, /* firmware has used it */
	};
	use_rings(fake);
	for (unsigned i = 0; i < 3; i++)
		fake->queues[i].size = FAKE_TRANSPORT_QUEUE_SIZE;
	fake->support = (struct virtio_support){
		.transports = fake->transports, .rings = fake->rings, .mapping = &virtio_mapping_by_hooks};
	fake->transports[0] = &fake->ops;
	/* NET-01: whoever writes to it fails the test. */
	fake->config_region = (struct fake_region){.read = read_config, .context = fake};
	fake->device = (struct virtio_device){
		.platform = platform,
		.support = &fake->support,
		.transport = &fake->ops,
		.vector_ops = &fake_vectors,
		.type = type,
		.name = "fake device",
	};
	fake_transport_set_config_length(fake, FAKE_TRANSPORT_CONFIG);
}

unsigned fake_transport_mappings(const struct fake_transport *fake)
{
	unsigned count = 0;

	for (unsigned i = 0; i < FAKE_TRANSPORT_QUEUES; i++)
		count += fake->queues[i].started && fake->accepted & VIRTIO_F_ACCESS_PLATFORM;
	return count;
}

void fake_transport_make_legacy(struct fake_transport *fake)
{
	fake->ops.name = "legacy fake";
	fake->ops.features = VIRTIO_F_ANY_LAYOUT | VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX;
	fake->ops.required_features = 0;
	fake->ops.feature_words = 1;
	fake->ops.confirms_features = false;
	fake->ops.ring_size_fixed = true;
	fake->ops.ring_alignment = 4096;
}

void fake_transport_set_config_length(struct fake_transport *fake, uint32_t length)
{
	assert_true(length <= FAKE_TRANSPORT_CONFIG);
	fake->config_region.length = length;
	fake->device.config = fake_region_window(&fake->config_region);
	if (length == 0)
		fake->device.config.ops = NULL;
}

void fake_transport_set_config(struct fake_transport *fake, uint32_t offset, const void *bytes, uint32_t length)
{
	assert_true(offset + length <= FAKE_TRANSPORT_CONFIG);
	memcpy(&fake->config[offset], bytes, length);
	fake->generation++;
}

void fake_transport_forbid_config(struct fake_transport *fake, uint32_t offset, uint32_t length)
{
	assert_true(offset + length <= FAKE_TRANSPORT_CONFIG);
	memset(&fake->config_forbidden[offset], true, length);
}
