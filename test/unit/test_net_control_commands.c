/* SPDX-License-Identifier: ISC */
/* libvirtio/driver/net_control_address.c, _offloads.c, _hash.c, _coalescing.c: what each command says (5.1.6.5). */
#include <string.h>

#include "fake/cmocka.h"
#include "fake/net_control.h"
#include "fake/platform.h"

#define net fake_net.net
#define got fake_net_control

#define MODERN (VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX)
#define CONTROL                                                                                                    \
	(VIRTIO_NET_F_CTRL_VQ | VIRTIO_NET_F_CTRL_RX | VIRTIO_NET_F_CTRL_VLAN | VIRTIO_NET_F_CTRL_RX_EXTRA |       \
		VIRTIO_NET_F_CTRL_MAC_ADDR | VIRTIO_NET_F_GUEST_ANNOUNCE | VIRTIO_NET_F_CTRL_GUEST_OFFLOADS |      \
		VIRTIO_NET_F_RSS | VIRTIO_NET_F_HASH_REPORT | VIRTIO_NET_F_NOTF_COAL | VIRTIO_NET_F_VQ_NOTF_COAL | \
		VIRTIO_NET_F_GUEST_CSUM | VIRTIO_NET_F_GUEST_TSO4 | VIRTIO_NET_F_MQ)

static const uint8_t ours[6] = {0x02, 0x11, 0x22, 0x33, 0x44, 0x55};

static int setup(void **state)
{
	static const struct virtio_net_options options = {
		.wanted = CONTROL, .control = &virtio_net_control, .offload = &virtio_net_offload, .pairs = 4};
	static const uint8_t limits[9] = {40, 128, 0, 0x3f, 0, 0, 0x80}; /* key, table, hash types and unknown ones */

	(void)state;
	fake_platform_start();
	fake_net_control_start(MODERN | CONTROL, 4);
	fake_transport_set_config(&fake_net.transport, VIRTIO_NET_CONFIG_RSS_MAX_KEY_SIZE, limits, sizeof limits);
	fake_net_attach(&options);
	assert_true((net.features & CONTROL) == CONTROL);
	got.count = 0;
	return 0;
}

static int teardown(void **state)
{
	fake_net_detach();
	return fake_platform_teardown(state);
}

/* The command that was just started, RESULT, ends well, and said so many bytes. */
static void ends_well(int result, uint8_t command_class, uint8_t command, uint32_t length)
{
	assert_int_equal(result, 0);
	assert_int_equal(virtio_net_command_wait(&net, fake_platform_time() + 1000000), 0);
	assert_int_equal(got.command_class, command_class);
	assert_int_equal(got.command, command);
	assert_int_equal(got.length, length);
}

static uint32_t said(uint32_t at, unsigned bytes)
{
	uint32_t value = 0;

	while (bytes-- > 0)
		value = value << 8 | got.data[at + bytes];
	return value;
}

/* NET-32, NET-33 */
static void test_the_address_changes_when_the_device_took_it(void **state)
{
	static const uint8_t group[6] = {1, 0, 0, 0, 0, 1}, none[6];

	(void)state;
	got.ack = 1;
	assert_int_equal(virtio_net_set_mac(&net, ours), 0);
	assert_int_equal(virtio_net_command_wait(&net, fake_platform_time() + 1000000), VIRTIO_ERR_IO);
	assert_memory_not_equal(net.mac, ours, 6);
	got.ack = VIRTIO_NET_OK;
	ends_well(virtio_net_set_mac(&net, ours), VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_ADDR_SET, 6);
	assert_memory_equal(got.data, ours, 6);
	assert_memory_equal(net.mac, ours, 6);
	assert_int_equal(virtio_net_set_mac(&net, group), VIRTIO_ERR_INVALID);
	assert_int_equal(virtio_net_set_mac(&net, none), VIRTIO_ERR_INVALID);
}

/* NET-31 */
static void test_each_way_to_receive_is_switched(void **state)
{
	(void)state;
	for (uint8_t mode = 0; mode < 6; mode++)
		for (unsigned on = 0; on < 2; on++) {
			ends_well(virtio_net_set_receive_mode(&net, mode, on), VIRTIO_NET_CTRL_RX, mode, 1);
			assert_int_equal(got.data[0], on);
		}
	assert_int_equal(virtio_net_set_receive_mode(&net, 6, true), VIRTIO_ERR_INVALID);
}

/* NET-34: both tables, also empty ones, each in a piece of its own. */
static void test_filters_are_two_tables(void **state)
{
	static uint8_t addresses[VIRTIO_NET_MAC_FILTER_MAX * 6];

	(void)state;
	for (unsigned i = 0; i < sizeof addresses; i++)
		addresses[i] = (uint8_t)(i * 5);
	for (unsigned n = 0; n <= VIRTIO_NET_MAC_FILTER_MAX; n += n < 3 ? 1 : 509) {
		const unsigned m = n == VIRTIO_NET_MAC_FILTER_MAX ? 0 : 2 - n % 3;

		ends_well(virtio_net_set_mac_filter(&net, addresses, n, addresses + 6, m), VIRTIO_NET_CTRL_MAC,
			VIRTIO_NET_CTRL_MAC_TABLE_SET, 8 + 6 * (n + m));
		assert_int_equal(said(0, 4), n);
		assert_memory_equal(got.data + 4, addresses, 6 * n);
		assert_int_equal(said(4 + 6 * n, 4), m);
		assert_memory_equal(got.data + 8 + 6 * n, addresses + 6, 6 * m);
	}
	assert_int_equal(virtio_net_set_mac_filter(&net, addresses, 512, addresses, 1), VIRTIO_ERR_TOO_LARGE);
	assert_int_equal(virtio_net_set_mac_filter(&net, NULL, 0, addresses, 513), VIRTIO_ERR_TOO_LARGE);
	assert_int_equal(virtio_net_set_mac_filter(&net, addresses, UINT32_MAX, NULL, 2), VIRTIO_ERR_TOO_LARGE);
}

/* NET-35 */
static void test_vlans_have_12_bits(void **state)
{
	(void)state;
	ends_well(virtio_net_set_vlan(&net, 4095, false), VIRTIO_NET_CTRL_VLAN, VIRTIO_NET_CTRL_VLAN_DEL, 2);
	assert_int_equal(said(0, 2), 4095);
	assert_int_equal(virtio_net_set_vlan(&net, 4096, true), VIRTIO_ERR_INVALID);
}

/* NET-36 */
static void test_announcing_is_asked_for_and_acknowledged(void **state)
{
	(void)state;
	fake_net_config16(VIRTIO_NET_CONFIG_STATUS, VIRTIO_NET_S_LINK_UP | VIRTIO_NET_S_ANNOUNCE);
	assert_int_equal(virtio_net_poll_config(&net), VIRTIO_NET_CHANGED_ANNOUNCE);
	assert_true(net.announce);
	assert_int_equal(virtio_net_poll_config(&net), 0); /* told once */
	ends_well(virtio_net_acknowledge_announce(&net), VIRTIO_NET_CTRL_ANNOUNCE, VIRTIO_NET_CTRL_ANNOUNCE_ACK, 0);
	assert_false(net.announce);
	fake_net_config16(VIRTIO_NET_CONFIG_STATUS, VIRTIO_NET_S_LINK_UP);
	assert_int_equal(virtio_net_poll_config(&net), 0);
	fake_net_config16(VIRTIO_NET_CONFIG_STATUS, VIRTIO_NET_S_LINK_UP | VIRTIO_NET_S_ANNOUNCE);
	assert_int_equal(virtio_net_poll_config(&net), VIRTIO_NET_CHANGED_ANNOUNCE);
}

/* NET-42, ERR-07 */
static void test_only_offloads_that_were_agreed_on_are_switched(void **state)
{
	(void)state;
	ends_well(virtio_net_set_receive_offloads(&net, VIRTIO_NET_F_GUEST_CSUM), VIRTIO_NET_CTRL_GUEST_OFFLOADS,
		VIRTIO_NET_CTRL_GUEST_OFFLOADS_SET, 8);
	assert_int_equal(said(0, 4), 2);
	assert_int_equal(said(4, 4), 0);
	ends_well(virtio_net_set_receive_offloads(&net, 0), VIRTIO_NET_CTRL_GUEST_OFFLOADS,
		VIRTIO_NET_CTRL_GUEST_OFFLOADS_SET, 8);
	assert_int_equal(virtio_net_set_receive_offloads(&net, VIRTIO_NET_F_GUEST_TSO6), VIRTIO_ERR_INVALID);
	assert_int_equal(virtio_net_set_receive_offloads(&net, VIRTIO_NET_F_CTRL_VQ), VIRTIO_ERR_INVALID);
	/* The command's numbers for tunnels, which are those of no feature. */
	assert_int_equal(virtio_net_set_receive_offloads(&net, VIRTIO_FEATURE(46)), VIRTIO_ERR_INVALID);
	assert_int_equal(virtio_net_set_receive_offloads(&net, VIRTIO_FEATURE(47)), VIRTIO_ERR_INVALID);
}

/* NET-43 */
static void test_frames_are_spread_as_the_table_says(void **state)
{
	static uint16_t table[256];
	uint8_t key[40];
	struct virtio_net_rss rss = {.hash_types = VIRTIO_NET_HASH_TYPE_TCPV4 | VIRTIO_NET_HASH_TYPE_IPV6,
		.table = table,
		.table_length = 128,
		.unclassified_pair = 3,
		.transmit_pairs = 2,
		.key = key,
		.key_length = sizeof key};

	(void)state;
	for (unsigned i = 0; i < 256; i++)
		table[i] = i % 4;
	memset(key, 0x5a, sizeof key);
	ends_well(virtio_net_set_rss(&net, &rss), VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_RSS_CONFIG,
		4 + 2 + 2 + 256 + 2 + 1 + 40);
	assert_int_equal(said(0, 4), 2 | 8);
	assert_int_equal(said(4, 2), 127);
	assert_int_equal(said(6, 2), 3);
	assert_memory_equal(got.data + 8, table, 256);
	assert_int_equal(said(264, 2), 2);
	assert_int_equal(said(266, 1), 40);
	assert_memory_equal(got.data + 267, key, 40);
	assert_int_equal(net.active_pairs, 2);
}

/* NET-43, HN-13: one field after the other is made wrong. */
static void test_a_spread_that_makes_no_sense_is_refused(void **state)
{
	static uint16_t table[2048];
	static const uint8_t key[255];
	const struct virtio_net_rss good = {
		.table = table, .table_length = 128, .transmit_pairs = 4, .key = key, .key_length = 40};
	struct virtio_net_rss bad[9];
	static const int errors[9] = {VIRTIO_ERR_UNSUPPORTED, VIRTIO_ERR_UNSUPPORTED, VIRTIO_ERR_TOO_LARGE,
		VIRTIO_ERR_INVALID, VIRTIO_ERR_INVALID, VIRTIO_ERR_TOO_LARGE, VIRTIO_ERR_INVALID, VIRTIO_ERR_INVALID,
		VIRTIO_ERR_INVALID};

	(void)state;
	table[127] = 0;
	for (unsigned i = 0; i < 9; i++)
		bad[i] = good;
	bad[0].hash_types = VIRTIO_NET_HASH_TYPE_IP_EX; /* not the device's */
	bad[1].hash_types = 0x80000000;                 /* the device's, but nobody knows it */
	bad[2].key_length = 41;
	bad[3].table_length = 0;
	bad[4].table_length = 96;
	bad[5].table_length = 256;
	bad[6].unclassified_pair = 4;
	bad[7].transmit_pairs = 0;
	bad[8].transmit_pairs = 5;
	for (unsigned i = 0; i < 9; i++)
		assert_int_equal(virtio_net_set_rss(&net, &bad[i]), errors[i]);
	table[127] = 4;
	assert_int_equal(virtio_net_set_rss(&net, &good), VIRTIO_ERR_INVALID);
	fake_net_config16(VIRTIO_NET_CONFIG_RSS_MAX_TABLE, 0xffff); /* more than we take */
	bad[5].table_length = 2048;
	assert_int_equal(virtio_net_set_rss(&net, &bad[5]), VIRTIO_ERR_TOO_LARGE);
	assert_int_equal(got.count, 0);
}

/* NET-44 */
static void test_hashes_are_asked_for(void **state)
{
	static const uint8_t key[4] = {1, 2, 3, 4};

	(void)state;
	memset(got.data, 0xff, sizeof got.data);
	ends_well(virtio_net_set_hash(&net, VIRTIO_NET_HASH_TYPE_UDPV6, key, 4), VIRTIO_NET_CTRL_MQ,
		VIRTIO_NET_CTRL_MQ_HASH_CONFIG, 4 + 8 + 1 + 4);
	assert_int_equal(said(0, 4), VIRTIO_NET_HASH_TYPE_UDPV6);
	assert_int_equal(said(4, 4) | said(8, 4), 0);
	assert_int_equal(said(12, 1), 4);
	assert_memory_equal(got.data + 13, key, 4);
	ends_well(virtio_net_set_hash(&net, 0, NULL, 0), VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_HASH_CONFIG, 13);
	assert_int_equal(virtio_net_set_hash(&net, 1u << 8, key, 4), VIRTIO_ERR_UNSUPPORTED);
	assert_int_equal(virtio_net_set_hash(&net, 1, key, 41), VIRTIO_ERR_TOO_LARGE);
}

/* NET-45 */
static void test_interrupts_are_delayed_for_all_queues_and_for_one(void **state)
{
	const struct virtio_net_coalescing when = {.packets = 0x10203, .microseconds = 0x405};
	struct virtio_net_coalescing then = {.packets = 99, .microseconds = 99};

	(void)state;
	ends_well(virtio_net_set_coalescing(&net, true, &when), 6, VIRTIO_NET_CTRL_NOTF_COAL_TX_SET, 8);
	ends_well(virtio_net_set_coalescing(&net, false, &when), 6, VIRTIO_NET_CTRL_NOTF_COAL_RX_SET, 8);
	assert_int_equal(said(0, 4), 0x10203);
	assert_int_equal(said(4, 4), 0x405);
	ends_well(virtio_net_set_queue_coalescing(&net, 3, true, &when), 6, VIRTIO_NET_CTRL_NOTF_COAL_VQ_SET, 12);
	assert_int_equal(said(0, 4), 7);
	assert_int_equal(said(4, 4), 0x10203);
	memcpy(got.answer, (uint8_t[8]){4, 3, 2, 1, 8, 7, 6, 5}, 8);
	ends_well(virtio_net_get_queue_coalescing(&net, 2, false, &then), 6, VIRTIO_NET_CTRL_NOTF_COAL_VQ_GET, 4);
	assert_int_equal(said(0, 4), 4);
	assert_int_equal(then.packets, 0x01020304);
	assert_int_equal(then.microseconds, 0x05060708);
	got.ack = 1;
	memset(got.answer, 0xff, 8);
	assert_int_equal(virtio_net_get_queue_coalescing(&net, 2, false, &then), 0);
	assert_int_equal(virtio_net_command_wait(&net, fake_platform_time() + 1000000), VIRTIO_ERR_IO);
	assert_int_equal(then.packets, 0x01020304);
	assert_int_equal(virtio_net_set_queue_coalescing(&net, 4, true, &when), VIRTIO_ERR_INVALID);
	assert_int_equal(virtio_net_get_queue_coalescing(&net, 0xffff, true, &then), VIRTIO_ERR_INVALID);
}

static void test_a_refused_announcement_is_still_to_be_made(void **state)
{
	(void)state;
	fake_net_config16(VIRTIO_NET_CONFIG_STATUS, VIRTIO_NET_S_LINK_UP | VIRTIO_NET_S_ANNOUNCE);
	assert_int_equal(virtio_net_poll_config(&net), VIRTIO_NET_CHANGED_ANNOUNCE);
	got.ack = 1;
	assert_int_equal(virtio_net_acknowledge_announce(&net), 0);
	assert_int_equal(virtio_net_command_wait(&net, fake_platform_time() + 1000000), VIRTIO_ERR_IO);
	assert_true(net.announce);
}

static void test_a_refused_spread_leaves_the_pairs_as_they_were(void **state)
{
	static const uint16_t table[1];
	const struct virtio_net_rss rss = {.table = table, .table_length = 1, .transmit_pairs = 2};

	(void)state;
	got.ack = 1;
	assert_int_equal(virtio_net_set_rss(&net, &rss), 0);
	assert_int_equal(virtio_net_command_wait(&net, fake_platform_time() + 1000000), VIRTIO_ERR_IO);
	assert_int_equal(net.active_pairs, 4);
}

/* HC-13 */
static void test_hashes_whose_limits_are_not_to_be_read_are_refused(void **state)
{
	static const uint32_t ends[] = {
		VIRTIO_NET_CONFIG_RSS_MAX_KEY_SIZE, VIRTIO_NET_CONFIG_RSS_MAX_TABLE, VIRTIO_NET_CONFIG_HASH_TYPES};
	static const uint16_t table[1];
	const struct virtio_net_rss rss = {.table = table, .table_length = 1, .transmit_pairs = 2};

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		fake_transport_set_config_length(&fake_net.transport, ends[i]);
		assert_int_equal(virtio_net_set_rss(&net, &rss), VIRTIO_ERR_UNSUPPORTED);
		assert_int_equal(virtio_net_set_hash(&net, 0, NULL, 0), VIRTIO_ERR_UNSUPPORTED);
	}
	assert_int_equal(got.count, 0);
}

/* Then it sleeps until the deadline, and no longer. */
static void test_a_deadline_may_be_nearer_than_a_nap(void **state)
{
	(void)state;
	fake_platform_set_step(0);
	fake_platform_on_wait(NULL, NULL);
	uint64_t before = fake_platform_time();
	assert_int_equal(virtio_net_set_vlan(&net, 1, true), 0);
	assert_int_equal(virtio_net_command_wait(&net, before + 10), VIRTIO_ERR_TIMEOUT);
	assert_true(fake_platform_time() == before + 10);
}

static void test_a_runtime_older_than_waiting_looks_again_and_again(void **state)
{
	(void)state;
	size_t size = fake_platform()->size;
	assert_int_equal(virtio_net_set_vlan(&net, 1, true), 0);
	fake_platform()->size = offsetof(struct virtio_platform, wait);
	assert_int_equal(virtio_net_command_wait(&net, fake_platform_time() + 100000), VIRTIO_ERR_TIMEOUT);
	fake_platform()->size = size;
	fake_platform()->wait = NULL;
	assert_int_equal(virtio_net_command_wait(&net, fake_platform_time() + 100000), VIRTIO_ERR_TIMEOUT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_the_address_changes_when_the_device_took_it),
		TEST(test_each_way_to_receive_is_switched),
		TEST(test_filters_are_two_tables),
		TEST(test_vlans_have_12_bits),
		TEST(test_announcing_is_asked_for_and_acknowledged),
		TEST(test_only_offloads_that_were_agreed_on_are_switched),
		TEST(test_frames_are_spread_as_the_table_says),
		TEST(test_a_spread_that_makes_no_sense_is_refused),
		TEST(test_hashes_are_asked_for),
		TEST(test_interrupts_are_delayed_for_all_queues_and_for_one),
		TEST(test_a_refused_announcement_is_still_to_be_made),
		TEST(test_a_refused_spread_leaves_the_pairs_as_they_were),
		TEST(test_hashes_whose_limits_are_not_to_be_read_are_refused),
		TEST(test_a_deadline_may_be_nearer_than_a_nap),
		TEST(test_a_runtime_older_than_waiting_looks_again_and_again),
	};
	return fake_transport_run_over_rings(tests);
}
