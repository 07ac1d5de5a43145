/* SPDX-License-Identifier: ISC */
/*
 * A fake transport, and with it an opened device for tests of the device layer and of drivers:
 *
 *     struct fake_transport fake;
 *     fake_transport_init(&fake, fake_platform(), VIRTIO_ID_NET, VIRTIO_F_VERSION_1 | VIRTIO_NET_F_MAC);
 *     fake_transport_set_config(&fake, VIRTIO_NET_CONFIG_MAC, mac, 6);
 *     fake.queues[0].size = 64;
 *     assert_int_equal(virtio_net_attach(&net, &fake.device, NULL), 0);
 *     fake_device_take(&fake.queues[0].ring, &buffer);          the device's end of virtqueue 0 (fake/device.h)
 *
 * It plays the device's registers, and fails the test whenever a driver breaks the order of VIRTIO 3.1.1: status
 * bits taken back, features accepted that were not offered, or after FEATURES_OK, queues started too early or too
 * late, notifications before DRIVER_OK, configuration read where there is none. What fails on demand stands in the
 * second group of fields; what happened can be read from the third.
 */
#ifndef TEST_UNIT_FAKE_TRANSPORT_H
#define TEST_UNIT_FAKE_TRANSPORT_H

#include <virtio/device.h>
#include <virtio/spec/features.h>
#include <virtio/spec/ids.h>
#include <virtio/spec/status.h>

#include "fake/device.h"
#include "fake/region.h"

#define FAKE_TRANSPORT_QUEUES 20
#define FAKE_TRANSPORT_QUEUE_SIZE 256 /* entries of a virtqueue at first */
#define FAKE_TRANSPORT_CONFIG 256     /* bytes of configuration at first */
#define FAKE_TRANSPORT_TRACE 64

/* One virtqueue of the fake device. */
struct fake_transport_queue {
	uint16_t size;          /* the largest that it says; the test may change it; 0: there is no such queue */
	uint16_t vector;        /* as the driver chose it; VIRTIO_NO_VECTOR after a reset */
	bool started;           /* the driver enabled it */
	bool was_reset;         /* alone, since the device was (2.6.1) */
	unsigned resetting;     /* private: looks until its reset is done */
	uint16_t started_size;  /* entries that the driver chose */
	unsigned notifications; /* that the driver sent since the queue was started; the test may clear it */
	struct virtqueue_addresses addresses; /* as the driver told */
	struct virtio_queue *queue;           /* the driver's end */
	struct fake_device_ring ring;         /* the device's end, from the start of the queue to the next reset */
};

/* The fake. */
struct fake_transport {
	struct virtio_device device;     /* hand this to a driver's attach */
	struct virtio_transport_ops ops; /* its layout, which a test may change before attaching */

	/* The device: what it has. */
	uint64_t offered;                             /* features */
	uint8_t config[FAKE_TRANSPORT_CONFIG];        /* configuration; better use fake_transport_set_config */
	bool config_forbidden[FAKE_TRANSPORT_CONFIG]; /* reading such a byte fails the test */
	struct fake_transport_queue queues[FAKE_TRANSPORT_QUEUES]; /* at first 0, 1 and 2 exist */
	const struct virtqueue_ops *rings[5]; /* what the runtime supports; the split ring at first */

	/* What goes wrong on demand. */
	bool gone;                 /* all registers read as all ones */
	bool gone_dark;            /* as zeroes: with `gone` */
	bool never_resets;         /* the status never becomes 0 */
	unsigned slow_reset;       /* so many looks at the status before it is 0 */
	unsigned slow_queue_reset; /* so many looks before the reset of a queue is done */
	unsigned slow_suspend;     /* so many looks at the status before it is suspended, or resumed */
	bool refuses_features;     /* FEATURES_OK does not stick */
	uint64_t insists_on;       /* nor does it unless these are accepted */
	bool generation_unstable;  /* the configuration's generation changes at each look */
	bool needs_reset;          /* NEEDS_RESET is shown */
	uint32_t refused_vectors;  /* those of 0 to 31 that it refuses, one bit each */
	int start_queue_error;     /* what start_queue answers, 0: success */
	void (*on_queue_reset)(struct fake_transport *fake); /* called while a queue's reset goes on, at each look */
	void (*on_config_read)(struct fake_transport *fake, uint32_t offset); /* called before each read of a field */
	void (*on_access)(struct fake_transport *fake); /* called before each access to a register or a field */

	/* What happened. */
	uint8_t status;                             /* as the driver set it */
	uint64_t accepted;                          /* features as the driver wrote them */
	unsigned accepted_words;                    /* how many words of them since the last reset */
	unsigned resets;                            /* status 0 was written so often */
	bool dma;                                   /* the device may reach memory */
	unsigned status_count;                      /* status writes so far */
	uint8_t status_trace[FAKE_TRANSPORT_TRACE]; /* the first of them */
	uint8_t interrupt_cause;                    /* what the driver will be told; reading clears it */
	uint16_t config_vector;                     /* as the driver chose it */
	unsigned vector_writes;                     /* how often it chose one */
	unsigned left_msix;                         /* how often it switched MSI-X off */

	/* Private. */
	struct fake_region config_region;
	const struct virtio_transport_ops *transports[2];
	struct virtio_support support;
	unsigned looks;
	unsigned suspend_looks;
	uint8_t suspend_to; /* the bit that will be left, 0: no change is under way */
	uint32_t generation;
};

/*
 * Run a group of tests over each kind of ring: modern devices offer split ones only; then packed ones, too; then they
 * want all memory mapped, and find it in bounce buffers, and notifications to say where the ring stands. For the end of
 * main; the other functions are the group's setup, and what counts as one more failure: no queue had such a ring
 * (cmocka does not count a teardown that fails).
 */
#define fake_transport_run_over_rings(tests)                                                 \
	(fake_transport_run_over("split rings", tests, fake_transport_over_split) +          \
		fake_transport_run_over("packed rings", tests, fake_transport_over_packed) + \
		fake_transport_run_over("mapped memory", tests, fake_transport_over_mapping))

/* The same over those that are used in order, for a driver that asks for IN_ORDER. */
#define fake_transport_run_in_order(tests)                                                            \
	(fake_transport_run_over("split rings in order", tests, fake_transport_over_split_in_order) + \
		fake_transport_run_over("packed rings in order", tests, fake_transport_over_packed_in_order))

/* One group of them. */
#define fake_transport_run_over(what, tests, setup) \
	(cmocka_run_group_tests_name("over " what, tests, setup, NULL) + fake_transport_missed())
int fake_transport_over_split(void **state);
int fake_transport_over_packed(void **state);
int fake_transport_over_mapping(void **state);
int fake_transport_over_split_in_order(void **state);
int fake_transport_over_packed_in_order(void **state);
int fake_transport_missed(void);

/* How many allocations the mapping of FAKE's queues takes; 0: the driver does without. */
unsigned fake_transport_mappings(const struct fake_transport *fake);

/*
 * Make FAKE a device of TYPE that offers the features OFFERED over a modern transport, with an opened fake->device. It
 * has FAKE_TRANSPORT_CONFIG bytes of configuration, all 0.
 */
void fake_transport_init(
	struct fake_transport *fake, const struct virtio_platform *platform, uint32_t type, uint64_t offered);

/* Turn it into a legacy device: 32 features, no FEATURES_OK, rings in one block of pages, their size fixed. */
void fake_transport_make_legacy(struct fake_transport *fake);

/* Shorten the configuration to LENGTH bytes; 0: there is none. */
void fake_transport_set_config_length(struct fake_transport *fake, uint32_t length);

/* Change LENGTH bytes of the configuration at OFFSET, and its generation. */
void fake_transport_set_config(struct fake_transport *fake, uint32_t offset, const void *bytes, uint32_t length);

/* Reading these bytes of the configuration fails the test: a feature that says that they exist is not offered. */
void fake_transport_forbid_config(struct fake_transport *fake, uint32_t offset, uint32_t length);

#endif
