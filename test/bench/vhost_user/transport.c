/* SPDX-License-Identifier: ISC */
/* The front end of vhost-user as a transport of the library. */
#include "transport.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <virtio/spec/features.h>
#include <virtio/spec/status.h>

#define STATUS_GONE 0xff                  /* what registers read as when nothing answers */
#define PACKED_START UINT32_C(0x80008000) /* both sides at entry 0, both wrap counters 1 */

/* What the front end passes on, or can do by itself. */
#define COMMON_FEATURES                                                                                                \
	(VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX | VIRTIO_F_VERSION_1 | VIRTIO_F_RING_PACKED | VIRTIO_F_IN_ORDER | \
		VIRTIO_F_ORDER_PLATFORM)

static struct vhost_user *user_of(struct virtio_device *dev)
{
	return (struct vhost_user *)dev;
}

static int tell_number(struct vhost_user *user, enum vhost_user_request request, uint64_t number, int file)
{
	return vhost_user_tell(&user->connection, request, &number, sizeof number, file);
}

static int tell_ring(struct vhost_user *user, enum vhost_user_request request, uint16_t index, uint32_t value)
{
	const struct vhost_user_ring_state state = {.index = index, .value = value};

	return vhost_user_tell(&user->connection, request, &state, sizeof state, -1);
}

static uint8_t get_status(struct virtio_device *dev)
{
	struct vhost_user *user = user_of(dev);

	return vhost_user_connected(&user->connection) ? user->status : STATUS_GONE;
}

/* Afterwards the device uses no ring. */
static void stop_rings(struct vhost_user *user)
{
	for (uint16_t i = 0; i < VHOST_USER_RINGS; i++) {
		struct vhost_user_ring_state state = {.index = i};

		if (user->rings[i].started)
			vhost_user_ask(
				&user->connection, VHOST_USER_GET_VRING_BASE, &state, sizeof state, sizeof state);
		user->rings[i].started = false;
	}
}

static void set_status(struct virtio_device *dev, uint8_t status)
{
	struct vhost_user *user = user_of(dev);
	uint8_t added = status & (uint8_t)~user->status;

	user->status = status;
	if (status == 0)
		stop_rings(user);
	if (added & VIRTIO_STATUS_FEATURES_OK)
		tell_number(user, VHOST_USER_SET_FEATURES, user->accepted | VHOST_USER_F_PROTOCOL_FEATURES, -1);
	for (uint16_t i = 0; added & VIRTIO_STATUS_DRIVER_OK && i < VHOST_USER_RINGS; i++)
		if (user->rings[i].started)
			tell_ring(user, VHOST_USER_SET_VRING_ENABLE, i, 1);
}

static uint32_t features_offered(struct virtio_device *dev, unsigned word)
{
	const struct vhost_user *user = user_of(dev);
	uint64_t passed_on = user->offered & ~(VHOST_USER_F_PROTOCOL_FEATURES | user->options.without);

	return (uint32_t)((passed_on | user->options.with) >> (32 * word));
}

static void accept_features(struct virtio_device *dev, unsigned word, uint32_t features)
{
	struct vhost_user *user = user_of(dev);
	uint64_t mask = UINT64_C(0xffffffff) << (32 * word);

	user->accepted = (user->accepted & ~mask) | ((uint64_t)features << (32 * word) & user->offered);
}

static uint16_t queue_size(struct virtio_device *dev, uint16_t index)
{
	return index < VHOST_USER_RINGS ? user_of(dev)->options.ring_size : 0;
}

/* The descriptors through which a ring's two sides tell each other. */
static int make_events(struct vhost_user *user, struct vhost_user_ring *ring)
{
	if (ring->kick >= 0)
		return 0;
	ring->kick = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	ring->call = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (ring->kick < 0 || ring->call < 0 || runtime_watch(user->runtime, ring->call) < 0)
		return VIRTIO_ERR_NO_MEMORY;
	return 0;
}

static int tell_addresses(struct vhost_user *user, const struct virtio_queue *queue)
{
	const struct vhost_user_ring_addresses addresses = {
		.index = queue->index,
		.descriptors = (uintptr_t)queue->ring.descriptors,
		.used = (uintptr_t)queue->ring.device,
		.available = (uintptr_t)queue->ring.driver,
	};

	return vhost_user_tell(&user->connection, VHOST_USER_SET_VRING_ADDR, &addresses, sizeof addresses, -1);
}

static int start_queue(struct virtio_device *dev, struct virtio_queue *queue)
{
	struct vhost_user *user = user_of(dev);
	struct vhost_user_ring *ring = &user->rings[queue->index];
	uint32_t start = virtio_device_has(dev, VIRTIO_F_RING_PACKED) ? PACKED_START : 0;
	int result = make_events(user, ring);

	if (result < 0)
		return result;
	queue->notify_value = (uint32_t)ring->kick;
	ring->started = true;
	if (tell_ring(user, VHOST_USER_SET_VRING_NUM, queue->index, queue->ring.size) < 0 ||
		tell_ring(user, VHOST_USER_SET_VRING_BASE, queue->index, start) < 0 ||
		tell_addresses(user, queue) < 0 ||
		tell_number(user, VHOST_USER_SET_VRING_CALL, queue->index, ring->call) < 0 ||
		tell_number(user, VHOST_USER_SET_VRING_KICK, queue->index, ring->kick) < 0)
		return VIRTIO_ERR_PROTOCOL;
	return 0;
}

/* The system call is as strong a fence as there is. */
static void notify(struct virtio_queue *queue)
{
	user_of(queue->device)->notifications++;
	eventfd_write((int)queue->notify_value, 1);
}

static uint32_t config_generation(struct virtio_device *dev)
{
	(void)dev;
	return 0;
}

static uint8_t interrupt_cause(struct virtio_device *dev)
{
	return runtime_take_interrupts(user_of(dev)->runtime) ? VIRTIO_INTERRUPT_QUEUE : 0;
}

static const struct virtio_transport_ops vhost_user_ops = {
	.name = "vhost-user",
	.features = COMMON_FEATURES,
	.required_features = VIRTIO_F_VERSION_1,
	.feature_words = 2,
	.confirms_features = true,
	.status = get_status,
	.set_status = set_status,
	.features_offered = features_offered,
	.accept_features = accept_features,
	.queue_size = queue_size,
	.start_queue = start_queue,
	.notify = notify,
	.config_generation = config_generation,
	.interrupt_cause = interrupt_cause,
};

/* Read WIDTH bytes of the configuration. Asked from its beginning on, since some back ends start there anyway. */
static uint32_t config_read(const struct virtio_region *region, uint64_t offset, uint32_t width)
{
	struct vhost_user *user = region->context;
	struct vhost_user_config part = {.size = (uint32_t)offset + width};
	uint32_t value = 0;

	if (user->options.config)
		memcpy(part.bytes, user->options.config, part.size);
	else if (vhost_user_ask(&user->connection, VHOST_USER_GET_CONFIG, &part, VHOST_USER_CONFIG_HEADER + part.size,
			 VHOST_USER_CONFIG_HEADER + part.size) < 0)
		return UINT32_MAX;
	memcpy(&value, part.bytes + offset, width);
	return value;
}

static void config_write(const struct virtio_region *region, uint64_t offset, uint32_t value, uint32_t width)
{
	struct vhost_user *user = region->context;
	struct vhost_user_config part = {.offset = (uint32_t)offset, .size = width};

	memcpy(part.bytes, &value, width);
	vhost_user_tell(&user->connection, VHOST_USER_SET_CONFIG, &part, VHOST_USER_CONFIG_HEADER + width, -1);
}

static uint8_t config_read8(const struct virtio_region *region, uint64_t offset)
{
	return (uint8_t)config_read(region, offset, 1);
}

static uint16_t config_read16(const struct virtio_region *region, uint64_t offset)
{
	return (uint16_t)config_read(region, offset, 2);
}

static uint32_t config_read32(const struct virtio_region *region, uint64_t offset)
{
	return config_read(region, offset, 4);
}

static void config_write8(const struct virtio_region *region, uint64_t offset, uint8_t value)
{
	config_write(region, offset, value, 1);
}

static void config_write16(const struct virtio_region *region, uint64_t offset, uint16_t value)
{
	config_write(region, offset, value, 2);
}

static void config_write32(const struct virtio_region *region, uint64_t offset, uint32_t value)
{
	config_write(region, offset, value, 4);
}

static const struct virtio_region_ops config_ops = {
	.read8 = config_read8,
	.read16 = config_read16,
	.read32 = config_read32,
	.write8 = config_write8,
	.write16 = config_write16,
	.write32 = config_write32,
};

/* Agree with the back end on how we talk. */
static int introduce(struct vhost_user *user)
{
	struct vhost_user_connection *connection = &user->connection;
	uint64_t protocol = 0;

	if (vhost_user_ask(connection, VHOST_USER_GET_FEATURES, &user->offered, 0, sizeof user->offered) < 0)
		return -1;
	if (!(user->offered & VHOST_USER_F_PROTOCOL_FEATURES)) {
		fprintf(stderr, "the back end has no protocol features\n");
		return -1;
	}
	if (vhost_user_ask(connection, VHOST_USER_GET_PROTOCOL_FEATURES, &protocol, 0, sizeof protocol) < 0)
		return -1;
	protocol &= VHOST_USER_PROTOCOL_F_REPLY_ACK | VHOST_USER_PROTOCOL_F_CONFIG;
	if (tell_number(user, VHOST_USER_SET_PROTOCOL_FEATURES, protocol, -1) < 0)
		return -1;
	connection->answers = protocol & VHOST_USER_PROTOCOL_F_REPLY_ACK;
	if (!(protocol & VHOST_USER_PROTOCOL_F_CONFIG) && !user->options.config) {
		fprintf(stderr, "the back end has no configuration\n");
		return -1;
	}
	return vhost_user_tell(connection, VHOST_USER_SET_OWNER, NULL, 0, -1);
}

static int share_memory(struct vhost_user *user)
{
	const struct vhost_user_memory memory = {
		.count = 1,
		.device_address = RUNTIME_DEVICE_ADDRESS,
		.size = user->runtime->size,
		.user_address = (uintptr_t)user->runtime->memory,
	};

	return vhost_user_tell(
		&user->connection, VHOST_USER_SET_MEM_TABLE, &memory, sizeof memory, user->runtime->file);
}

static void fill_in_device(struct vhost_user *user, uint32_t type)
{
	uint64_t length =
		user->options.config ? user->options.config_length : sizeof((struct vhost_user_config *)0)->bytes;

	user->device = (struct virtio_device){
		.platform = &user->runtime->platform,
		.support = &virtio_support_all,
		.transport = &vhost_user_ops,
		.type = type,
		.config = {.ops = &config_ops, .length = length, .context = user},
	};
	snprintf(user->device.name, sizeof user->device.name, "%s at vhost-user", virtio_type_name(type));
}

int vhost_user_open(struct vhost_user *user, struct runtime *runtime, const char *path, uint32_t type,
	const struct vhost_user_options *options)
{
	*user = (struct vhost_user){.runtime = runtime, .options = *options};
	for (unsigned i = 0; i < VHOST_USER_RINGS; i++)
		user->rings[i].kick = user->rings[i].call = -1;
	fill_in_device(user, type);
	if (vhost_user_connect(&user->connection, path) < 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -1;
	}
	if (introduce(user) == 0 && share_memory(user) == 0)
		return 0;
	vhost_user_close(user);
	return -1;
}

void vhost_user_close(struct vhost_user *user)
{
	vhost_user_disconnect(&user->connection);
	for (unsigned i = 0; i < VHOST_USER_RINGS; i++) {
		if (user->rings[i].kick < 0)
			continue;
		runtime_unwatch(user->runtime, user->rings[i].call);
		close(user->rings[i].kick);
		close(user->rings[i].call);
	}
}
