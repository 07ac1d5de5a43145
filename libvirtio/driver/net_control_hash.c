/* SPDX-License-Identifier: ISC */
/* Hashes of received frames, and spreading frames over queues by them (VIRTIO 5.1.6.4.3, 5.1.6.5.6, 5.1.6.5.7). */
#include "driver/net_control.h"

#define KEY_MAX 255 /* what a byte can tell */

/* A command as it is put together, field by field: they are not aligned. */
static uint8_t *put16(uint8_t *at, uint16_t value)
{
	struct le16 raw = le16_from(value);
	__builtin_memcpy(at, &raw, sizeof raw);
	return at + sizeof raw;
}

static uint8_t *put32(uint8_t *at, uint32_t value)
{
	struct le32 raw = le32_from(value);
	__builtin_memcpy(at, &raw, sizeof raw);
	return at + sizeof raw;
}

static void put_key(uint8_t *at, const uint8_t *key, uint8_t length)
{
	*at = length;
	if (length > 0)
		__builtin_memcpy(at + 1, key, length);
}

/* Whether the device has all of HASH_TYPES, and takes a key of LENGTH bytes. */
static int check_hash(struct virtio_net *net, uint32_t hash_types, uint8_t length)
{
	uint32_t supported;
	uint8_t longest;
	int result = virtio_device_config8(net->device, VIRTIO_NET_CONFIG_RSS_MAX_KEY_SIZE, &longest);
	if (result < 0 || (result = virtio_device_config32(net->device, VIRTIO_NET_CONFIG_HASH_TYPES, &supported)) < 0)
		return result;
	if (hash_types & ~(supported & VIRTIO_NET_HASH_TYPES))
		return VIRTIO_ERR_UNSUPPORTED;
	return length > longest ? VIRTIO_ERR_TOO_LARGE : 0;
}

int virtio_net_set_hash(struct virtio_net *net, uint32_t hash_types, const uint8_t *key, uint8_t key_length)
{
	int result = virtio_net_command_begin(
		net, VIRTIO_NET_F_HASH_REPORT, VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_HASH_CONFIG);
	if (result < 0 || (result = check_hash(net, hash_types, key_length)) < 0)
		return result;
	uint8_t *data = virtio_net_command_data(net, 4 + 4 * 2 + 1u + key_length);
	put_key(put32(data, hash_types) + (size_t)4 * 2, key, key_length);
	return virtio_net_command_submit(net, NULL);
}

/* Whether the table is one, and names only queues that there are. */
static int check_table(struct virtio_net *net, const struct virtio_net_rss *rss)
{
	uint16_t longest, length = rss->table_length;
	int result = virtio_device_config16(net->device, VIRTIO_NET_CONFIG_RSS_MAX_TABLE, &longest);
	if (result < 0)
		return result;
	if (length > longest || length > VIRTIO_NET_RSS_TABLE_MAX)
		return VIRTIO_ERR_TOO_LARGE;
	if (length == 0 || (length & (length - 1)) != 0 || rss->unclassified_pair >= net->pairs ||
		rss->transmit_pairs == 0 || rss->transmit_pairs > net->pairs)
		return VIRTIO_ERR_INVALID;
	for (uint16_t i = 0; i < length; i++)
		if (rss->table[i] >= net->pairs)
			return VIRTIO_ERR_INVALID;
	return 0;
}

VIRTIO_STATIC_ASSERT(
	NET_CONTROL_DATA + 4 + 2 + 2 + 2 * VIRTIO_NET_RSS_TABLE_MAX + 2 + 1 + KEY_MAX + 7 <= NET_CONTROL_MEMORY,
	"the longest table and key fit the command's memory");

static void rss_done(struct virtio_net *net, bool well)
{
	if (well)
		virtio_net_pairs_enable(net, (uint16_t)net->control->argument);
}

int virtio_net_set_rss(struct virtio_net *net, const struct virtio_net_rss *rss)
{
	int result = virtio_net_command_begin(net, VIRTIO_NET_F_RSS, VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_RSS_CONFIG);
	if (result < 0 || (result = check_table(net, rss)) < 0 ||
		(result = check_hash(net, rss->hash_types, rss->key_length)) < 0)
		return result;
	size_t length = 4 + 2 + 2 + 2u * rss->table_length + 2 + 1u + rss->key_length;
	uint8_t *at = virtio_net_command_data(net, length);
	at = put32(at, rss->hash_types);
	at = put16(at, (uint16_t)(rss->table_length - 1));
	at = put16(at, rss->unclassified_pair);
	for (uint16_t i = 0; i < rss->table_length; i++)
		at = put16(at, rss->table[i]);
	put_key(put16(at, rss->transmit_pairs), rss->key, rss->key_length);
	net->control->argument = rss->transmit_pairs;
	return virtio_net_command_submit(net, rss_done);
}
