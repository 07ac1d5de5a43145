/* SPDX-License-Identifier: ISC */
/* libvirtio/helper/name_ask_blk.c: disks that tell their serial number, and those that do not. */
#include <string.h>
#include <virtio/name.h>

#include "fake/blk.h"
#include "fake/cmocka.h"
#include "fake/platform.h"

#define transport fake_blk.transport
#define disk fake_blk.disk

static void serve(void *context)
{
	(void)context;
	fake_disk_serve(&disk);
}

static int setup(void **state)
{
	(void)state;
	fake_platform_start();
	fake_blk_start(FAKE_BLK_FEATURES);
	fake_platform_on_wait(serve, NULL);
	return 0;
}

static int ask(struct virtio_name *own)
{
	*own = (struct virtio_name){.number = 99};
	return virtio_kind_blk.ask(&transport.device, own);
}

static void refused(int error)
{
	struct virtio_name own;

	assert_int_equal(ask(&own), error);
	assert_true(own.by == VIRTIO_NAME_NONE && own.number == 99);
}

/* As a device is found: reset, nothing left, and whoever attaches gets all of it. */
static void is_as_it_was(void)
{
	assert_int_equal(transport.status, 0);
	assert_int_equal(fake_platform_live(), 0);
	fake_platform_on_wait(serve, NULL);
	fake_blk_attach(NULL);
	assert_int_equal(fake_blk.blk.queues[0].queue.ring.size, FAKE_TRANSPORT_QUEUE_SIZE);
	fake_blk_detach();
}

static void tells(const char *bytes, const char *text)
{
	struct virtio_name own;
	char told[VIRTIO_NAME_TEXT];

	memcpy(disk.serial, bytes, sizeof disk.serial);
	assert_int_equal(ask(&own), 0);
	virtio_name_text(&own, told);
	assert_string_equal(told, text);
	is_as_it_was();
}

static void test_a_disk_tells_its_serial_number(void **state)
{
	(void)state;
	tells("DISK1\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "serial:DISK1");
	tells("abc\0efghijklmnopqrst", "serial:abc");
}

/* BLK-15: a NUL ends it only where it is shorter. */
static void test_twenty_bytes_need_no_nul(void **state)
{
	(void)state;
	tells("12345678901234567890", "serial:12345678901234567890");
}

static void test_a_hostile_serial_number_becomes_a_harmless_name(void **state)
{
	(void)state;
	tells("a\x1b[2J\x7f\xff %\n\0\0\0\0\0\0\0\0\0", "serial:a%1b[2J%7f%ff%20%25%0a");
}

static void test_an_empty_serial_number_is_no_name(void **state)
{
	(void)state;
	memset(disk.serial, 0, sizeof disk.serial);
	refused(VIRTIO_ERR_UNSUPPORTED);
	is_as_it_was();
}

static int claimed;

static void claim(void *context)
{
	(void)context;
	if (fake_disk_take(&disk))
		fake_disk_claim(&disk, 0, claimed, 21);
}

/* One that says OK and writes nothing, too: what was in the memory is no name. */
static void test_an_answer_that_is_none_is_no_name(void **state)
{
	(void)state;
	fake_platform_on_wait(claim, NULL);
	claimed = VIRTIO_BLK_S_OK;
	refused(VIRTIO_ERR_UNSUPPORTED);
	claimed = VIRTIO_BLK_S_UNSUPP;
	refused(VIRTIO_ERR_UNSUPPORTED);
	claimed = VIRTIO_BLK_S_IOERR;
	refused(VIRTIO_ERR_IO);
	claimed = 17;
	refused(VIRTIO_ERR_PROTOCOL);
	is_as_it_was();
}

static void test_a_disk_that_never_answers_ends_the_wait(void **state)
{
	(void)state;
	fake_platform_on_wait(NULL, NULL);
	uint64_t before = fake_platform_time();
	refused(VIRTIO_ERR_TIMEOUT);
	uint64_t waited = fake_platform_time() - before;
	assert_true(waited >= VIRTIO_NAME_TIMEOUT && waited < 2 * VIRTIO_NAME_TIMEOUT);
	is_as_it_was();
}

static struct fake_device_buffer kept;

/* Take the request, and never do anything again. */
static void hang(void *context)
{
	(void)context;
	if (!transport.never_resets)
		assert_true(fake_device_take(&transport.queues[0].ring, &kept));
	transport.never_resets = true;
}

/* HC-16: it may still answer. */
static void test_a_disk_that_is_stuck_keeps_its_memory(void **state)
{
	(void)state;
	fake_platform_on_wait(hang, NULL);
	uint64_t before = fake_platform_time();
	refused(VIRTIO_ERR_TIMEOUT);
	assert_true(fake_platform_time() - before < 2 * VIRTIO_NAME_TIMEOUT);
	for (unsigned i = 0; i < kept.count; i++)
		assert_true(fake_platform_is_dma(kept.elements[i].address, kept.elements[i].length));
	fake_platform_expect_leaks(fake_platform_live());
	fake_platform_forget_mapped();
}

static void test_memory_may_be_missing(void **state)
{
	(void)state;
	for (unsigned nth = 1; nth <= 4; nth++) {
		fake_platform_fail_allocation(nth);
		refused(VIRTIO_ERR_NO_MEMORY);
		assert_int_equal(fake_platform_live(), 0);
	}
	fake_platform_fail_allocation(0);
	is_as_it_was();
}

static void test_what_is_no_disk_or_has_gone_has_no_name(void **state)
{
	(void)state;
	uint64_t (*now)(void *) = fake_platform()->now;
	fake_platform()->now = NULL;
	refused(VIRTIO_ERR_UNSUPPORTED);
	fake_platform()->now = now;
	transport.gone = true;
	refused(VIRTIO_ERR_NO_DEVICE);
	assert_int_equal(fake_platform_live(), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_disk_tells_its_serial_number),
		TEST(test_twenty_bytes_need_no_nul),
		TEST(test_a_hostile_serial_number_becomes_a_harmless_name),
		TEST(test_an_empty_serial_number_is_no_name),
		TEST(test_an_answer_that_is_none_is_no_name),
		TEST(test_a_disk_that_never_answers_ends_the_wait),
		TEST(test_a_disk_that_is_stuck_keeps_its_memory),
		TEST(test_memory_may_be_missing),
		TEST(test_what_is_no_disk_or_has_gone_has_no_name),
	};
	return fake_transport_run_over_rings(tests);
}
