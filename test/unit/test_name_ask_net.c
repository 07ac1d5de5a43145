/* SPDX-License-Identifier: ISC */
/* libvirtio/helper/name_ask_net.c: network devices that tell their address, and those that do not. */
#include <string.h>
#include <virtio/name.h>
#include <virtio/spec/net.h>

#include "fake/cmocka.h"
#include "fake/net.h"
#include "fake/platform.h"

#define transport fake_net.transport
#define MODERN (VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX)

static const uint8_t mac[6] = {0x52, 0x54, 0x00, 0x01, 0x02, 0xff};

static int ask(struct virtio_name *own)
{
	*own = (struct virtio_name){.number = 99};
	return virtio_kind_net.ask(&transport.device, own);
}

static void refused(int error)
{
	struct virtio_name own;

	assert_int_equal(ask(&own), error);
	assert_true(own.by == VIRTIO_NAME_NONE && own.number == 99);
	assert_int_equal(fake_platform_live(), 0);
}

static void tells(uint64_t features)
{
	struct virtio_name own;
	char text[VIRTIO_NAME_TEXT];

	fake_net_start(features);
	fake_transport_set_config(&transport, VIRTIO_NET_CONFIG_MAC, mac, sizeof mac);
	assert_int_equal(ask(&own), 0);
	virtio_name_text(&own, text);
	assert_string_equal(text, "mac:52:54:00:01:02:ff");
	for (unsigned i = 0; i < transport.status_count && i < FAKE_TRANSPORT_TRACE; i++)
		assert_false(transport.status_trace[i] & VIRTIO_STATUS_DRIVER_OK);
	assert_int_equal(transport.status, 0);
	assert_false(transport.dma);
	fake_net_attach(NULL);
	fake_net_detach();
}

static void test_a_card_tells_its_address_before_it_goes_live(void **state)
{
	(void)state;
	tells(MODERN);
	tells(0); /* a legacy one */
}

/* Its configuration has something else there, or nothing (NET-01). */
static void test_a_card_without_an_address_is_not_asked_for_it(void **state)
{
	(void)state;
	fake_net_start(MODERN);
	transport.offered &= ~VIRTIO_NET_F_MAC;
	fake_transport_forbid_config(&transport, VIRTIO_NET_CONFIG_MAC, 6);
	refused(VIRTIO_ERR_UNSUPPORTED);
	assert_int_equal(transport.status, 0);
}

static void test_a_card_that_hides_its_configuration_has_no_name(void **state)
{
	(void)state;
	fake_net_start(MODERN);
	fake_transport_set_config_length(&transport, 5);
	refused(VIRTIO_ERR_UNSUPPORTED);
	fake_net_start(MODERN);
	transport.generation_unstable = true;
	refused(VIRTIO_ERR_PROTOCOL);
	fake_net_start(MODERN);
	transport.refuses_features = true;
	refused(VIRTIO_ERR_UNSUPPORTED);
	assert_int_equal(transport.status, 0);
}

static void test_a_card_that_is_stuck_or_gone_has_no_name(void **state)
{
	(void)state;
	fake_net_start(MODERN);
	transport.gone = true;
	refused(VIRTIO_ERR_NO_DEVICE);
	fake_net_start(MODERN);
	transport.never_resets = true;
	uint64_t before = fake_platform_time();
	refused(VIRTIO_ERR_TIMEOUT);
	assert_true(fake_platform_time() - before < 2 * VIRTIO_RESET_TIMEOUT);
	fake_net_start(MODERN);
	fake_platform()->now = NULL;
	refused(VIRTIO_ERR_UNSUPPORTED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_platform_setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_card_tells_its_address_before_it_goes_live),
		TEST(test_a_card_without_an_address_is_not_asked_for_it),
		TEST(test_a_card_that_hides_its_configuration_has_no_name),
		TEST(test_a_card_that_is_stuck_or_gone_has_no_name),
	};
	return fake_transport_run_over_rings(tests);
}
