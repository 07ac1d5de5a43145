/* SPDX-License-Identifier: ISC */
/* libvirtio/transport/pci_modern.c: the modern registers, each in its width, at its time. */
#include <virtio/device.h>
#include <virtio/spec/features.h>
#include <virtio/spec/ids.h>
#include <virtio/spec/pci.h>
#include <virtio/spec/status.h>

#include "fake/cmocka.h"
#include "fake/platform.h"
#include "fake/virtio_pci.h"
#include "transport/pci.h"

static struct fake_virtio_pci fake;
static struct virtio_device device;
static struct virtio_queue queue;

static int setup(void **state)
{
	(void)state;
	fake_platform_start();
	fake_virtio_pci_start_modern(&fake, VIRTIO_ID_NET, VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX | 1);
	return 0;
}

static void open_device(void)
{
	assert_int_equal(virtio_pci_open(&device, fake_platform(), &fake.found, &virtio_support_all), 0);
	assert_ptr_equal(device.transport, &virtio_pci_modern_ops);
}

static void begin(void)
{
	open_device();
	assert_int_equal(virtio_device_begin(&device, 1, 0, NULL), 0);
}

static int add(uint16_t index)
{
	return virtio_device_add_queue(&device, &queue, index, 64, 1);
}

static void detach(void)
{
	assert_int_equal(virtio_device_detach(&device), 0);
	assert_int_equal(fake_platform_live(), 0);
}

static void submit_one(void)
{
	struct virtio_segment segment = fake_platform_buffer(16);
	struct virtqueue_buffer buffer = {.segments = &segment, .token = &fake, .writable = 1};
	assert_int_equal(virtio_queue_add(&queue, &buffer, 1), 1);
	virtio_queue_submit(&queue);
}

/* INIT-14, PCI-04: the fake checks every access */
static void test_both_feature_words_are_read_and_written(void **state)
{
	(void)state;
	fake.offered |= VIRTIO_FEATURE(63);
	begin();
	assert_int_equal(device.offered, fake.offered);
	assert_int_equal(fake.accepted, VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX | 1);
	assert_int_equal(fake.accepted_writes, 2);
	assert_int_equal(fake.status, 0xb);
}

/* PCI-16, PCI-17 */
static void test_a_queue_gets_its_size_and_addresses_before_it_is_enabled(void **state)
{
	(void)state;
	begin();
	assert_int_equal(add(1), 0);
	assert_true(fake.queues[1].enabled);
	assert_false(fake.queues[0].enabled);
	assert_int_equal(fake.queues[1].size, 64);
	assert_true(fake.queues[1].addresses[0] == queue.ring.addresses.descriptors);
	assert_true(fake.queues[1].addresses[1] == queue.ring.addresses.driver);
	assert_true(fake.queues[1].addresses[2] == queue.ring.addresses.device);
	detach();
}

static void test_addresses_above_4_gib_arrive_whole(void **state)
{
	(void)state;
	fake_platform_next_address(0x123456789000);
	begin();
	assert_int_equal(add(0), 0);
	assert_true(fake.queues[0].addresses[0] >= 0x123456789000);
	assert_true(fake.queues[0].addresses[0] == queue.ring.addresses.descriptors);
	detach();
}

static void test_a_queue_that_the_device_lacks_is_not_set_up(void **state)
{
	(void)state;
	begin();
	assert_int_equal(add(2), VIRTIO_ERR_NO_DEVICE);
	assert_int_equal(add(0xffff), VIRTIO_ERR_NO_DEVICE);
	assert_true(fake_platform_logged("net at 00:03.0: virtqueue 2: the device does not have it"));
	detach();
}

/* HC-11 */
static void test_what_a_queue_is_like_is_asked_once(void **state)
{
	(void)state;
	begin();
	fake_region_forget(&fake.registers);
	assert_int_equal(add(1), 0);
	assert_int_equal(virtio_device_ready(&device), 0);
	submit_one();
	submit_one();
	assert_int_equal(fake_region_accesses(&fake.registers, false, VIRTIO_PCI_COMMON_QUEUE_SIZE), 1);
	assert_int_equal(fake_region_accesses(&fake.registers, false, VIRTIO_PCI_COMMON_QUEUE_NOTIFY_OFF), 1);
	detach();
}

/* NTF-01, NTF-02, NTF-06, ERR-12: the fake checks width, value and place */
static void test_notifications_go_where_the_device_wants_them(void **state)
{
	(void)state;
	static const uint32_t multipliers[] = {0, 2, 4, 6, 2046, 2048};
	for (unsigned i = 0; i < sizeof multipliers / sizeof multipliers[0]; i++) {
		fake.multiplier = multipliers[i];
		fake_region_store(&fake.function->config[FAKE_VIRTIO_PCI_CAP_NOTIFY + 16], 4, fake.multiplier);
		begin();
		assert_int_equal(add(1), 0);
		assert_int_equal(virtio_device_ready(&device), 0);
		fake.queues[1].notifications = 0;
		submit_one();
		assert_int_equal(fake.queues[1].notifications, 1);
		detach();
		fake.queues[1].size = 256;
	}
}

/* NTF-01, NTF-02, NTF-03, NTF-07, NTF-08, ERR-05: the fake checks width and place */
static void test_notifications_say_what_the_device_asks_for(void **state)
{
	static const uint64_t sets[] = {VIRTIO_F_NOTIFICATION_DATA, VIRTIO_F_NOTIF_CONFIG_DATA,
		VIRTIO_F_NOTIFICATION_DATA | VIRTIO_F_NOTIF_CONFIG_DATA,
		VIRTIO_F_NOTIFICATION_DATA | VIRTIO_F_RING_PACKED};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		uint32_t name = sets[i] & VIRTIO_F_NOTIF_CONFIG_DATA ? 0x9101 : 1;

		fake.offered = VIRTIO_F_VERSION_1 | sets[i];
		begin();
		assert_true((fake.accepted & sets[i]) == sets[i]);
		assert_int_equal(add(1), 0);
		assert_int_equal(virtio_device_ready(&device), 0);
		for (uint32_t n = 1; n <= 3; n++) {
			uint32_t where = sets[i] & VIRTIO_F_RING_PACKED ? 0x8000 | n : n;

			submit_one();
			assert_int_equal(fake.queues[1].notified,
				sets[i] & VIRTIO_F_NOTIFICATION_DATA ? name | where << 16 : name);
		}
		detach();
		fake.queues[1].size = 256;
	}
}

/* NTF-08 */
static void test_notifications_with_data_need_an_aligned_place(void **state)
{
	(void)state;
	fake.offered |= VIRTIO_F_NOTIFICATION_DATA;
	fake.multiplier = 2;
	fake_region_store(&fake.function->config[FAKE_VIRTIO_PCI_CAP_NOTIFY + 16], 4, fake.multiplier);
	begin();
	assert_int_equal(add(1), VIRTIO_ERR_PROTOCOL);
	assert_int_equal(add(0), 0);
	detach();
}

/* NTF-08: 16-bit notifications may begin there, those of 32 bits may not */
static void test_notifications_with_data_need_an_aligned_window(void **state)
{
	(void)state;
	uint8_t *capability = &fake.function->config[FAKE_VIRTIO_PCI_CAP_NOTIFY];
	fake.offered |= VIRTIO_F_NOTIFICATION_DATA;
	fake_region_store(&capability[VIRTIO_PCI_CAP_OFFSET], 4, FAKE_VIRTIO_PCI_NOTIFY + 2);
	fake_region_store(&capability[VIRTIO_PCI_CAP_LENGTH], 4, 64);
	begin();
	assert_int_equal(add(0), VIRTIO_ERR_PROTOCOL);
	detach();
}

/* RRST-02, RRST-05: the fake checks that the register exists, and that nothing is touched before 0 was read */
static void test_one_queue_is_reset_and_used_again(void **state)
{
	(void)state;
	fake.offered |= VIRTIO_F_RING_RESET;
	begin();
	assert_int_equal(add(1), 0);
	assert_int_equal(virtio_device_ready(&device), 0);
	submit_one();
	assert_int_equal(virtio_queue_reset(&queue), 0);
	assert_false(fake.queues[1].enabled);
	assert_int_equal(fake.queues[1].resetting, 0);
	assert_ptr_equal(virtqueue_take_back(&queue.ring), &fake);
	assert_int_equal(virtio_queue_restart(&queue), 0);
	assert_true(fake.queues[1].enabled);
	assert_int_equal(fake.queues[1].size, 64);
	submit_one();
	assert_int_equal(fake.queues[1].notifications, 1);
	detach();
}

/* RRST-05, NTF-02: a structure of 56 bytes has neither register, whatever is offered */
/* HC-06, PCI-31 */
static void test_registers_that_do_not_exist_are_not_asked_for(void **state)
{
	(void)state;
	fake.offered |= VIRTIO_F_RING_RESET | VIRTIO_F_NOTIF_CONFIG_DATA;
	fake_region_store(
		&fake.function->config[FAKE_VIRTIO_PCI_CAP_COMMON + VIRTIO_PCI_CAP_LENGTH], 4, VIRTIO_PCI_COMMON_SIZE);
	begin();
	assert_false(fake.accepted & (VIRTIO_F_RING_RESET | VIRTIO_F_NOTIF_CONFIG_DATA));
	assert_int_equal(add(1), 0);
	assert_int_equal(virtio_queue_reset(&queue), VIRTIO_ERR_UNSUPPORTED);
	detach();
}

/* HC-08 */
static void test_notifications_outside_their_window_are_refused(void **state)
{
	(void)state;
	static const struct {
		uint16_t off;
		uint32_t multiplier;
	} cases[] = {{0x400, 4}, {0xffff, 0xffffffff}, {0x8000, 0x20000}, {1, 0xfff}, {1, 0x1000}, {3, 1}};
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		fake.queues[0].notify_off = cases[i].off;
		fake_region_store(&fake.function->config[FAKE_VIRTIO_PCI_CAP_NOTIFY + 16], 4, cases[i].multiplier);
		begin();
		assert_int_equal(add(0), VIRTIO_ERR_PROTOCOL);
		assert_false(fake.queues[0].enabled);
		assert_true(fake_platform_logged("net at 00:03.0: virtqueue 0: its notifications"));
		detach();
	}
}

static void test_a_queue_that_survived_the_reset_is_refused(void **state)
{
	(void)state;
	begin();
	fake.queues[0].enabled = true;
	assert_int_equal(add(0), VIRTIO_ERR_PROTOCOL);
	assert_true(fake_platform_logged("net at 00:03.0: virtqueue 0: it is in use after the reset"));
	detach();
}

/* CFG-02 */
static void test_the_configuration_is_read_at_its_place(void **state)
{
	(void)state;
	uint64_t value;
	begin();
	for (uint8_t i = 0; i < FAKE_VIRTIO_PCI_CONFIG; i++)
		fake.config[i] = i;
	assert_int_equal(virtio_device_config64(&device, 8, &value), 0);
	assert_int_equal(value, 0x0f0e0d0c0b0a0908);
	assert_int_equal(virtio_device_config64(&device, FAKE_VIRTIO_PCI_CONFIG, &value), VIRTIO_ERR_UNSUPPORTED);
	assert_true(fake_region_accesses(&fake.registers, false, VIRTIO_PCI_COMMON_CONFIG_GENERATION) >= 2);
}

/* PCI-21 */
static void test_the_isr_status_is_read_once_an_interrupt(void **state)
{
	(void)state;
	begin();
	assert_int_equal(virtio_device_ready(&device), 0);
	fake.isr = 3;
	assert_int_equal(virtio_device_interrupt(&device), VIRTIO_INTERRUPT_QUEUE | VIRTIO_INTERRUPT_CONFIG);
	assert_int_equal(virtio_device_interrupt(&device), 0);
	assert_int_equal(fake_region_accesses(&fake.registers, false, FAKE_VIRTIO_PCI_ISR), 2);
}

/* PCI-25, PCI-27, HC-14 */
static void test_vectors_are_read_back(void **state)
{
	(void)state;
	fake_pci_add_msix(fake.function, true);
	begin();
	assert_true(device.msix);
	assert_int_equal(virtio_pci_vector_ops.set_config(&device, 3), 0);
	assert_int_equal(fake.config_vector, 3);
	assert_int_equal(add(0), 0); /* without a vector of its own */
	assert_int_equal(fake.queues[0].vector, VIRTIO_NO_VECTOR);
	fake.refuses_vectors = true;
	assert_int_equal(virtio_pci_vector_ops.set_config(&device, 4), VIRTIO_ERR_UNSUPPORTED);
	assert_true(fake_platform_logged("net at 00:03.0: refuses the interrupt vector 4"));
	fake.refuses_vectors = false;
	fake.keeps_vector = 1; /* a vector of the table, and not the one that was asked for */
	assert_int_equal(virtio_pci_vector_ops.set_config(&device, 2), VIRTIO_ERR_UNSUPPORTED);
	detach();
}

static void test_without_msix_no_vector_is_written(void **state)
{
	(void)state;
	fake_pci_add_msix(fake.function, false);
	begin();
	assert_int_equal(add(0), 0); /* the fake fails the test if it is */
	detach();
}

/* PCI-30 */
static void test_the_device_reaches_memory_between_attach_and_detach_only(void **state)
{
	(void)state;
	fake.function->config[4] = 4; /* firmware left bus mastering on */
	begin();
	assert_true(fake_pci_masters(fake.function));
	detach();
	assert_false(fake_pci_masters(fake.function));
	begin(); /* now it was off */
	assert_true(fake_pci_masters(fake.function));
	detach();
}

/* PCI-18, HC-16 */
static uint32_t stuck(void *context, uint64_t offset, unsigned width)
{
	(void)context, (void)offset, (void)width;
	return 0x0f;
}

static void test_a_stuck_device_loses_bus_mastering(void **state)
{
	(void)state;
	begin();
	fake.registers.read = stuck;
	assert_int_equal(virtio_device_reset(&device), VIRTIO_ERR_TIMEOUT);
	assert_false(fake_pci_masters(fake.function));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_both_feature_words_are_read_and_written),
		TEST(test_a_queue_gets_its_size_and_addresses_before_it_is_enabled),
		TEST(test_addresses_above_4_gib_arrive_whole),
		TEST(test_a_queue_that_the_device_lacks_is_not_set_up),
		TEST(test_what_a_queue_is_like_is_asked_once),
		TEST(test_notifications_go_where_the_device_wants_them),
		TEST(test_notifications_say_what_the_device_asks_for),
		TEST(test_notifications_with_data_need_an_aligned_place),
		TEST(test_notifications_with_data_need_an_aligned_window),
		TEST(test_one_queue_is_reset_and_used_again),
		TEST(test_registers_that_do_not_exist_are_not_asked_for),
		TEST(test_notifications_outside_their_window_are_refused),
		TEST(test_a_queue_that_survived_the_reset_is_refused),
		TEST(test_the_configuration_is_read_at_its_place),
		TEST(test_the_isr_status_is_read_once_an_interrupt),
		TEST(test_vectors_are_read_back),
		TEST(test_without_msix_no_vector_is_written),
		TEST(test_the_device_reaches_memory_between_attach_and_detach_only),
		TEST(test_a_stuck_device_loses_bus_mastering),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
