/* SPDX-License-Identifier: ISC */
/*
 * Every driver with a device that lies on each of its virtqueues. Whatever it does, no call takes longer than it may,
 * memory around buffers stays as it was, nobody sees more bytes than the device wrote, and a reset brings the device
 * back. One table of drivers (fake/users.h), one test for each act.
 */
#include <stdio.h>
#include <string.h>

#include "fake/cmocka.h"
#include "fake/platform.h"
#include "fake/users.h"

#define ROUNDS 20 /* a runtime looks so often before it must have noticed */
#define MOST 32   /* buffers of one virtqueue */

/* One case: a user, and the virtqueue that the device lies on. */
struct scene {
	const struct fake_user *user;
	struct fake_device_ring *ring;
	unsigned queue;
	unsigned variant; /* of the lie, from 0 on */
};

static char doing[100]; /* which case is under way, for when it fails */
static struct fake_device_buffer buffers[MOST];
static uint32_t seed;

static uint32_t any(void)
{
	seed = seed * 1664525 + 1013904223;
	return seed >> 8;
}

static int setup(void **state)
{
	seed = 7;
	doing[0] = '\0';
	return fake_platform_setup(state);
}

static int teardown(void **state)
{
	if (doing[0])
		print_error("it was about %s\n", doing);
	return fake_platform_teardown(state);
}

/* Fill the first LENGTH bytes that the device may write with VALUE. */
static void fill(const struct fake_device_buffer *buffer, uint32_t length, uint8_t value)
{
	for (uint32_t i = 0; i < length && i < buffer->writable_bytes; i++)
		fake_device_write(buffer, i, &value, 1);
}

/* Take all that is available, so that the device has at least one. How many; 0: there is never any here. */
static unsigned take_all(const struct scene *scene)
{
	unsigned count = 0;

	/* Some queues have work only after others were served. */
	for (unsigned i = 0; i < 3 && fake_device_available(scene->ring) == 0; i++) {
		for (unsigned queue = 0; queue < scene->user->queues; queue++)
			if (queue != scene->queue)
				fake_user_serve(queue, 72);
		assert_int_equal(scene->user->work(), 0);
	}
	while (count < MOST && fake_device_take(scene->ring, &buffers[count]))
		count++;
	return count;
}

/* The runtime goes on for a while. The first error that it gets. */
static int go_on(const struct scene *scene)
{
	int result = 0;

	for (unsigned i = 0; i < ROUNDS && result == 0; i++)
		result = scene->user->work();
	return result;
}

/* The way back: detach, attach, and all is well. */
static void recover(const struct scene *scene)
{
	assert_int_equal(scene->user->detach(), 0);
	fake_user_open(scene->user);
	for (unsigned i = 0; i < 3; i++) {
		for (unsigned queue = 0; queue < scene->user->queues; queue++)
			fake_user_serve(queue, 72);
		assert_int_equal(scene->user->work(), 0);
	}
	fake_user_close(scene->user);
}

/* Do LIE in each of its VARIANTS to each virtqueue of each driver, and recover. */
static void to_everybody(void (*lie)(const struct scene *scene), unsigned variants)
{
	unsigned cases = 0;

	for (const struct fake_user *const *users = fake_users; *users; users++)
		for (unsigned i = 0; i < (*users)->queues * variants; i++, cases++) {
			struct scene scene = {.user = *users, .queue = i / variants, .variant = i % variants};

			snprintf(doing, sizeof doing, "virtqueue %u of %s, variant %u", scene.queue, scene.user->name,
				scene.variant);
			fake_user_open(scene.user);
			scene.ring = fake_user_ring(scene.queue);
			fake_user_most = 0;
			lie(&scene);
			recover(&scene);
		}
	assert_true(cases >= 7 * variants);
	doing[0] = '\0';
}

static void id_out_of_range(const struct scene *scene)
{
	static const uint32_t ids[] = {16, 17, 0x8000, 0xffff};

	assert_true(take_all(scene) > 0);
	fake_device_lie_used(scene->ring, ids[scene->variant], 8);
	assert_int_equal(go_on(scene), VIRTIO_ERR_PROTOCOL);
}

/* HR-01, HP-01 */
static void test_an_id_out_of_range_is_told(void **state)
{
	(void)state;
	to_everybody(id_out_of_range, 4);
}

static void id_of_no_buffer(const struct scene *scene)
{
	unsigned count = take_all(scene);
	bool taken[16] = {false};
	unsigned id = 0;

	for (unsigned i = 0; i < count; i++)
		taken[buffers[i].id] = true;
	while (id < 16 && taken[id])
		id++;
	if (id == 16) /* a full ring: see the next act */
		return;
	fake_device_lie_used(scene->ring, id, 8);
	assert_int_equal(go_on(scene), VIRTIO_ERR_PROTOCOL);
}

/* HR-02, HP-01 */
static void test_an_id_of_no_buffer_is_told(void **state)
{
	(void)state;
	to_everybody(id_of_no_buffer, 1);
}

/* What came back may be the device's again by the time of the second, so that it is no lie any more. */
static void returned_twice(const struct scene *scene)
{
	assert_true(take_all(scene) > 0);
	fake_device_put(scene->ring, &buffers[0], 8);
	fake_device_lie_used(scene->ring, buffers[0].id, 8);
	if (scene->variant)
		fake_device_lie_used(scene->ring, buffers[0].id, 8);
	(void)!go_on(scene);
}

/* HR-02, HP-01: the users fail the test when something comes back that they did not send. */
static void test_a_buffer_returned_twice_does_no_harm(void **state)
{
	(void)state;
	to_everybody(returned_twice, 2);
}

static void more_than_it_had(const struct scene *scene)
{
	unsigned count = take_all(scene);

	assert_true(count > 0);
	for (unsigned i = 0; i < count; i++)
		fake_device_put(scene->ring, &buffers[i], 8);
	for (unsigned i = 0; i <= scene->variant; i++)
		fake_device_lie_used(scene->ring, buffers[i % count].id, 8);
	(void)!go_on(scene);
}

/* HR-04, HR-05, HP-02, HP-06: up to twice as many as the ring has places. */
static void test_more_used_buffers_than_there_were_do_no_harm(void **state)
{
	(void)state;
	to_everybody(more_than_it_had, 32);
}

static void index_jumps(const struct scene *scene)
{
	static const int steps[] = {17, 0x4000, 0x8000, -1, -17};

	assert_true(take_all(scene) > 0);
	if (scene->ring->ops == &fake_device_split) {
		fake_device_lie_index(scene->ring, steps[scene->variant]);
		assert_int_equal(go_on(scene), VIRTIO_ERR_PROTOCOL);
		return;
	}
	/* A packed ring has no index to lie about, but the place of the next used slot. */
	fake_device_lie_slots(scene->ring, steps[scene->variant] % 16);
	fake_device_lie_used(scene->ring, buffers[0].id, 8);
	(void)!go_on(scene);
}

/* HR-04 */
static void test_a_used_index_that_jumps_is_told(void **state)
{
	(void)state;
	to_everybody(index_jumps, 5);
}

static void length_lies(const struct scene *scene)
{
	const uint32_t room = take_all(scene) ? buffers[0].writable_bytes : 0;
	const uint32_t said[] = {0, 1, room - 1, room, room + 1, room + 72, UINT32_MAX};

	fill(&buffers[0], room, 0x77);
	fake_device_return(scene->ring, &buffers[0], said[scene->variant]);
	assert_int_equal(scene->user->work(), 0);
	/* A request for a sector has its length in the request. */
	if (scene->user->type != VIRTIO_ID_BLOCK)
		assert_true(fake_user_most <= (said[scene->variant] < room ? said[scene->variant] : room));
}

/* HR-03, HP-03, RING-14, HB-03 */
static void test_nobody_gets_more_bytes_than_the_device_wrote(void **state)
{
	(void)state;
	to_everybody(length_lies, 7);
}

static void descriptors_change(const struct scene *scene)
{
	static const uint8_t values[] = {0, 1, 0x55, 0xff};
	unsigned count = take_all(scene);

	fake_device_scribble(scene->ring, values[scene->variant]);
	for (unsigned i = count; i-- > 0;)
		fake_device_put(scene->ring, &buffers[i], buffers[i].writable_bytes);
	fake_device_publish(scene->ring);
	assert_int_equal(scene->user->work(), 0);
}

/* HR-06, HR-07, HP-04, HI-01 */
static void test_overwritten_descriptors_do_not_matter(void **state)
{
	(void)state;
	to_everybody(descriptors_change, 4);
}

/* Everything that the device can reach of its buffers, also what it should only read. */
static void contents_change(const struct scene *scene)
{
	for (unsigned round = 0; round < 8; round++) {
		unsigned count = take_all(scene);

		for (unsigned i = 0; i < count; i++) {
			struct fake_device_buffer *buffer = &buffers[i];

			for (unsigned n = 0; n < buffer->count; n++)
				for (uint32_t at = 0; at < buffer->elements[n].length; at++)
					if (any() % (1 + scene->variant) == 0)
						buffer->elements[n].data[at] = (uint8_t)any();
			fake_device_put(scene->ring, buffer, any() % (buffer->writable_bytes + 2));
		}
		fake_device_publish(scene->ring);
		if (go_on(scene) < 0)
			return;
	}
}

/* HN-05, HN-06, HN-07, HN-08, HB-01, HO-01, HO-02, HT-01, HT-02, HV-01, HV-05 */
static void test_rubbish_in_buffers_does_no_harm(void **state)
{
	(void)state;
	to_everybody(contents_change, 8);
}

static void anything(const struct scene *scene)
{
	for (unsigned i = 0; i < 10; i++) {
		uint32_t number = any();

		if (number % 4 == 0) {
			fake_device_lie_used(scene->ring, number >> 4 & 31, any());
		} else if (number % 4 == 1 && scene->ring->ops == &fake_device_split) {
			fake_device_lie_index(scene->ring, (int)(number >> 4 & 15) - 4);
		} else {
			if (fake_device_take(scene->ring, &buffers[0]))
				fake_device_return(scene->ring, &buffers[0], any());
		}
		(void)!scene->user->work();
	}
}

/* HR-01, HR-02, HR-03, HR-04, HP-01, HP-02, HP-03 */
static void test_random_lies_do_no_harm(void **state)
{
	(void)state;
	to_everybody(anything, 40);
}

/* ---- the device as a whole ---- */

/* Do WHAT to each driver, once it is at work, and recover. */
static void to_each_device(void (*what)(const struct scene *scene))
{
	for (const struct fake_user *const *users = fake_users; *users; users++) {
		const struct scene scene = {.user = *users, .ring = fake_user_ring(0)};

		snprintf(doing, sizeof doing, "%s", scene.user->name);
		fake_user_open(scene.user);
		what(&scene);
		recover(&scene);
	}
	doing[0] = '\0';
}

static void asks_for_a_reset(const struct scene *scene)
{
	fake_user_transport.needs_reset = true;
	assert_int_equal(scene->user->work(), 0); /* the data path does not look */
	assert_int_equal(virtio_device_check(&fake_user_transport.device), VIRTIO_ERR_PROTOCOL);
	if (scene->user->poll_config)
		assert_int_equal(scene->user->poll_config(), VIRTIO_ERR_PROTOCOL);
}

/* RST-02 */
static void test_a_device_that_asks_for_a_reset_gets_one(void **state)
{
	(void)state;
	to_each_device(asks_for_a_reset);
}

static void goes_away(const struct scene *scene)
{
	fake_user_transport.gone = true;
	(void)!go_on(scene);
	if (scene->user->poll_config)
		assert_int_equal(scene->user->poll_config(), VIRTIO_ERR_NO_DEVICE);
	assert_int_equal(scene->user->detach(), 0);
	fake_user_forget_rings();
	assert_int_equal(fake_platform_live(), 0);
	assert_int_equal(scene->user->attach(), VIRTIO_ERR_NO_DEVICE);
	assert_int_equal(fake_platform_live(), 0);
}

/* HC-12 */
static void test_a_device_that_goes_away_is_noticed_and_frees_all(void **state)
{
	(void)state;
	to_each_device(goes_away);
}

static void status_is_stuck(const struct scene *scene)
{
	uint64_t start = fake_platform_time();

	fake_user_transport.never_resets = true;
	assert_int_equal(scene->user->detach(), VIRTIO_ERR_TIMEOUT);
	assert_true(fake_platform_time() - start < 3 * VIRTIO_RESET_TIMEOUT);
	assert_false(fake_user_transport.dma);
	assert_true(fake_platform_live() > 0);
	assert_int_equal(scene->user->attach(), VIRTIO_ERR_TIMEOUT);
	fake_platform_forget_mapped();
	fake_platform_forget_live(); /* the device may write there for ever */
}

/* HC-12, HC-16: and memory that it may write is not freed */
static void test_a_reset_that_never_ends_is_given_up(void **state)
{
	(void)state;
	to_each_device(status_is_stuck);
}

static void configuration_flaps(const struct scene *scene)
{
	int result;

	fake_user_transport.generation_unstable = true;
	if (scene->user->poll_config) {
		result = scene->user->poll_config();
		assert_true(result >= 0 || result == VIRTIO_ERR_PROTOCOL);
	}
	assert_int_equal(go_on(scene), 0);
	assert_int_equal(scene->user->detach(), 0);
	result = scene->user->attach();
	assert_true(result == 0 || result == VIRTIO_ERR_PROTOCOL);
	if (result < 0)
		assert_int_equal(fake_platform_live(), 0);
}

/* HC-13 */
static void test_a_configuration_that_never_stands_still_keeps_nobody(void **state)
{
	(void)state;
	to_each_device(configuration_flaps);
}

static void never_answers(const struct scene *scene)
{
	const uint64_t patience = UINT64_C(5000000);
	uint64_t start = fake_platform_time();

	if (!scene->user->wait)
		return;
	assert_int_equal(scene->user->wait(start + patience), VIRTIO_ERR_TIMEOUT);
	assert_in_range(fake_platform_time() - start, patience, 2 * patience);
}

/* HR-09, HB-09, HG-03, HN-12, HO-07 */
static void test_no_call_waits_beyond_its_deadline(void **state)
{
	(void)state;
	to_each_device(never_answers);
}

/* Calls that wait for a device that does something else end, too. */
static void lie_while_waiting(void *context)
{
	const struct scene *scene = context;

	for (unsigned queue = 0; queue < scene->user->queues; queue++)
		fake_device_break(fake_user_ring(queue));
}

static void breaks_while_waited_for(const struct scene *scene)
{
	struct scene copy = *scene;
	uint64_t start = fake_platform_time();
	int result;

	if (!scene->user->wait)
		return;
	fake_platform_on_wait(lie_while_waiting, &copy);
	result = scene->user->wait(start + UINT64_C(5000000));
	fake_platform_on_wait(NULL, NULL);
	assert_int_equal(result, VIRTIO_ERR_PROTOCOL);
}

static void test_a_ring_that_breaks_ends_the_wait(void **state)
{
	(void)state;
	to_each_device(breaks_while_waited_for);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_an_id_out_of_range_is_told),
		TEST(test_an_id_of_no_buffer_is_told),
		TEST(test_a_buffer_returned_twice_does_no_harm),
		TEST(test_more_used_buffers_than_there_were_do_no_harm),
		TEST(test_a_used_index_that_jumps_is_told),
		TEST(test_nobody_gets_more_bytes_than_the_device_wrote),
		TEST(test_overwritten_descriptors_do_not_matter),
		TEST(test_rubbish_in_buffers_does_no_harm),
		TEST(test_random_lies_do_no_harm),
		TEST(test_a_device_that_asks_for_a_reset_gets_one),
		TEST(test_a_device_that_goes_away_is_noticed_and_frees_all),
		TEST(test_a_reset_that_never_ends_is_given_up),
		TEST(test_a_configuration_that_never_stands_still_keeps_nobody),
		TEST(test_no_call_waits_beyond_its_deadline),
		TEST(test_a_ring_that_breaks_ends_the_wait),
	};

	return fake_transport_run_over_rings(tests);
}
