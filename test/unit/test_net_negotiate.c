/* SPDX-License-Identifier: ISC */
/* libvirtio/driver/net_negotiate.c: what is wanted, what is required, and what comes of it (VIRTIO 5.1.3). */
#include "fake/cmocka.h"
#include "fake/net.h"
#include "fake/platform.h"

#define net fake_net.net

#define MODERN (VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX)
#define TYPE_FEATURES (UINT64_C(0xffffff) | UINT64_C(0x3fff) << 50)
#define ALWAYS (VIRTIO_NET_F_MAC | VIRTIO_NET_F_STATUS | VIRTIO_NET_F_MTU)

static int attach(uint64_t wanted, uint64_t required)
{
	const struct virtio_net_options options = {
		.wanted = wanted, .required = required, .offload = &virtio_net_offload};

	return virtio_net_attach(&net, &fake_net.transport.device, &options);
}

/* What a device that offers OFFERED and a runtime that wants WANTED agree on, besides the usual. */
static uint64_t agreed(uint64_t offered, uint64_t wanted)
{
	uint64_t features;

	fake_net_start(MODERN | offered);
	assert_int_equal(attach(wanted, 0), 0);
	features = fake_net.transport.accepted;
	assert_true(features == net.features);
	fake_net_detach();
	return features & TYPE_FEATURES & ~ALWAYS;
}

static void test_what_is_wanted_and_offered_is_agreed_on(void **state)
{
	const uint64_t some = VIRTIO_NET_F_CSUM | VIRTIO_NET_F_HOST_TSO4 | VIRTIO_NET_F_MRG_RXBUF;

	(void)state;
	assert_true(agreed(some, some) == some);
	assert_true(agreed(some, 0) == 0);
	assert_true(agreed(0, some) == 0);
	assert_true(agreed(some, VIRTIO_NET_F_MRG_RXBUF) == VIRTIO_NET_F_MRG_RXBUF);
}

/* INIT-08, NET-10, NET-11: whatever is offered, none comes without what it needs. */
static void test_features_come_with_what_they_need_or_not_at_all(void **state)
{
	static const struct {
		uint64_t feature, needs;
	} cases[] = {
		{VIRTIO_NET_F_GUEST_TSO4, VIRTIO_NET_F_GUEST_CSUM},
		{VIRTIO_NET_F_GUEST_TSO6, VIRTIO_NET_F_GUEST_CSUM},
		{VIRTIO_NET_F_GUEST_USO4, VIRTIO_NET_F_GUEST_CSUM},
		{VIRTIO_NET_F_GUEST_USO6, VIRTIO_NET_F_GUEST_CSUM},
		{VIRTIO_NET_F_GUEST_ECN, VIRTIO_NET_F_GUEST_TSO4 | VIRTIO_NET_F_GUEST_CSUM},
		{VIRTIO_NET_F_HOST_TSO4, VIRTIO_NET_F_CSUM},
		{VIRTIO_NET_F_HOST_TSO6, VIRTIO_NET_F_CSUM},
		{VIRTIO_NET_F_HOST_USO, VIRTIO_NET_F_CSUM},
		{VIRTIO_NET_F_HOST_ECN, VIRTIO_NET_F_HOST_TSO6 | VIRTIO_NET_F_CSUM},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_true(agreed(cases[i].feature, cases[i].feature) == 0);
		assert_true(agreed(cases[i].feature | cases[i].needs, cases[i].feature) ==
			    (cases[i].feature | cases[i].needs));
	}
	/* Nobody named the code for that queue. */
	assert_true(agreed(VIRTIO_NET_F_HASH_REPORT | VIRTIO_NET_F_CTRL_VQ, VIRTIO_NET_F_HASH_REPORT) == 0);
}

/* NET-20: our users tell exact lengths. */
static void test_exact_header_lengths_are_promised_with_cutting(void **state)
{
	const uint64_t tso = VIRTIO_NET_F_HOST_TSO4 | VIRTIO_NET_F_CSUM;

	(void)state;
	assert_true(agreed(tso | VIRTIO_NET_F_GUEST_HDRLEN, tso) == (tso | VIRTIO_NET_F_GUEST_HDRLEN));
	assert_true(agreed(VIRTIO_NET_F_CSUM | VIRTIO_NET_F_GUEST_HDRLEN, tso) == VIRTIO_NET_F_CSUM);
}

/* Random offers and wishes: the fake device fails the test where more is accepted than was offered. */
static void test_no_set_of_offers_and_wishes_breaks_a_rule(void **state)
{
	uint64_t random = 88172645463325252;

	(void)state;
	for (unsigned i = 0; i < 300; i++) {
		uint64_t offered, wanted, features;

		random ^= random << 13, random ^= random >> 7, random ^= random << 17;
		offered = random & TYPE_FEATURES;
		random ^= random << 13, random ^= random >> 7, random ^= random << 17;
		wanted = random & TYPE_FEATURES;
		features = agreed(offered, wanted);
		assert_false(features & VIRTIO_NET_F_CTRL_VQ);
		assert_true(!(features & VIRTIO_NET_F_HOST_TSO4) || features & VIRTIO_NET_F_CSUM);
		assert_true(!(features & VIRTIO_NET_F_GUEST_TSO6) || features & VIRTIO_NET_F_GUEST_CSUM);
	}
}

static void test_what_is_required_and_not_there_is_refused(void **state)
{
	(void)state;
	fake_net_start(MODERN | VIRTIO_NET_F_CSUM);
	assert_int_equal(attach(0, VIRTIO_NET_F_CSUM), 0);
	fake_net_detach();
	assert_int_equal(attach(0, VIRTIO_NET_F_HOST_TSO4), VIRTIO_ERR_UNSUPPORTED);
	assert_true(fake_platform_logged("lacks feature bit 11"));
	fake_net_start(MODERN | VIRTIO_NET_F_HOST_TSO4);
	assert_int_equal(attach(0, VIRTIO_NET_F_HOST_TSO4), VIRTIO_ERR_UNSUPPORTED); /* for want of CSUM */
	assert_int_equal(fake_platform_live(), 0);
}

static void test_what_is_required_without_its_code_is_refused(void **state)
{
	const struct virtio_net_options options = {.required = VIRTIO_NET_F_CSUM};

	(void)state;
	fake_net_start(MODERN | VIRTIO_NET_F_CSUM);
	assert_int_equal(virtio_net_attach(&net, &fake_net.transport.device, &options), VIRTIO_ERR_UNSUPPORTED);
	assert_true(fake_platform_logged("not named in options.offload"));
	assert_int_equal(attach(0, VIRTIO_NET_F_CTRL_VQ), VIRTIO_ERR_UNSUPPORTED);
	assert_int_equal(fake_platform_live(), 0);
}

/* NET-09, ERR-04 */
static void test_speed_and_duplex_are_told(void **state)
{
	static const struct {
		uint32_t said, speed;
		uint8_t mode, duplex;
	} cases[] = {
		{1000, 1000, 0, VIRTIO_NET_HALF_DUPLEX},
		{100000, 100000, 1, VIRTIO_NET_FULL_DUPLEX},
		{0x7fffffff, 0x7fffffff, 2, VIRTIO_NET_DUPLEX_UNKNOWN},
		{0x80000000, VIRTIO_NET_SPEED_UNKNOWN, 0xff, VIRTIO_NET_DUPLEX_UNKNOWN},
		{0xffffffff, VIRTIO_NET_SPEED_UNKNOWN, 1, VIRTIO_NET_FULL_DUPLEX},
	};

	(void)state;
	fake_net_start(MODERN | VIRTIO_NET_F_SPEED_DUPLEX);
	assert_int_equal(attach(VIRTIO_NET_F_SPEED_DUPLEX, 0), 0);
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		fake_net_config16(VIRTIO_NET_CONFIG_SPEED, (uint16_t)cases[i].said);
		fake_net_config16(VIRTIO_NET_CONFIG_SPEED + 2, (uint16_t)(cases[i].said >> 16));
		fake_transport_set_config(&fake_net.transport, VIRTIO_NET_CONFIG_DUPLEX, &cases[i].mode, 1);
		assert_int_equal(virtio_net_poll_config(&net), VIRTIO_NET_CHANGED_SPEED);
		assert_true(net.speed == cases[i].speed && net.duplex == cases[i].duplex);
	}
	assert_int_equal(virtio_net_poll_config(&net), 0);
	fake_net_detach();
}

/* CFG-03 */
static void test_without_speed_the_fields_are_not_read(void **state)
{
	(void)state;
	fake_net_start(MODERN | VIRTIO_NET_F_SPEED_DUPLEX); /* offered, and not wanted */
	fake_transport_forbid_config(&fake_net.transport, VIRTIO_NET_CONFIG_SPEED, 5);
	fake_net_attach(NULL);
	assert_true(net.speed == VIRTIO_NET_SPEED_UNKNOWN);
	assert_int_equal(net.duplex, VIRTIO_NET_DUPLEX_UNKNOWN);
	fake_net_detach();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_platform_setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_what_is_wanted_and_offered_is_agreed_on),
		TEST(test_features_come_with_what_they_need_or_not_at_all),
		TEST(test_exact_header_lengths_are_promised_with_cutting),
		TEST(test_no_set_of_offers_and_wishes_breaks_a_rule),
		TEST(test_what_is_required_and_not_there_is_refused),
		TEST(test_what_is_required_without_its_code_is_refused),
		TEST(test_speed_and_duplex_are_told),
		TEST(test_without_speed_the_fields_are_not_read),
	};
	return fake_transport_run_over_rings(tests);
}
