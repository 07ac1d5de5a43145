/* SPDX-License-Identifier: ISC */
/* libvirtio/base/log.c and device/log.c: one line to the hook, when there is one. */
#include <string.h>

#include "device/log.h"
#include "fake/cmocka.h"
#include "fake/platform.h"

static int level_seen;
static char line_seen[400];
static void *context_seen;

static void hook(void *context, int level, const char *message)
{
	context_seen = context;
	level_seen = level;
	strncpy(line_seen, message, sizeof line_seen - 1);
}

static struct virtio_platform platform = {.size = sizeof platform, .context = &platform, .log = hook};

static void test_a_line_arrives_with_its_level_and_context(void **state)
{
	(void)state;
	virtio_log(&platform, VIRTIO_LOG_WARNING, "%s has %u", "it", 3u);
	assert_string_equal(line_seen, "it has 3");
	assert_int_equal(level_seen, VIRTIO_LOG_WARNING);
	assert_ptr_equal(context_seen, &platform);
}

static void test_a_long_line_is_cut_off_not_overrun(void **state)
{
	(void)state;
	char text[300];
	memset(text, 'a', sizeof text);
	text[299] = '\0';
	virtio_log(&platform, VIRTIO_LOG_ERROR, "%s", text);
	assert_int_equal(strlen(line_seen), 159);
}

static void test_without_a_hook_nothing_happens(void **state)
{
	(void)state;
	struct virtio_platform silent = platform;
	line_seen[0] = '\0';
	silent.log = NULL;
	virtio_log(&silent, VIRTIO_LOG_ERROR, "lost");
	silent = platform;
	silent.size = offsetof(struct virtio_platform, log); /* an older runtime, whose struct ends before the hook */
	virtio_log(&silent, VIRTIO_LOG_ERROR, "lost");
	assert_string_equal(line_seen, "");
}

static void test_a_line_about_a_device_begins_with_its_name(void **state)
{
	(void)state;
	struct virtio_device device = {.platform = &platform, .name = "net at 00:03.0"};
	virtio_device_log(&device, VIRTIO_LOG_INFO, "%u %s", 2u, "frames");
	assert_string_equal(line_seen, "net at 00:03.0: 2 frames");
	assert_int_equal(level_seen, VIRTIO_LOG_INFO);
	assert_int_equal(virtio_queue_complain(&device, 7, VIRTIO_ERR_PROTOCOL, "it is broken"), VIRTIO_ERR_PROTOCOL);
	assert_string_equal(line_seen, "net at 00:03.0: virtqueue 7: it is broken");
	assert_int_equal(level_seen, VIRTIO_LOG_ERROR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_line_arrives_with_its_level_and_context),
		cmocka_unit_test(test_a_long_line_is_cut_off_not_overrun),
		cmocka_unit_test(test_without_a_hook_nothing_happens),
		cmocka_unit_test(test_a_line_about_a_device_begins_with_its_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
