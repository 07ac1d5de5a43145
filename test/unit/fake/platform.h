/* SPDX-License-Identifier: ISC */
/*
 * A fake runtime: the hooks of struct virtio_platform, as strict as can be. There is one, started before a
 * test and finished after it, usually as the test's fixtures:
 *
 *     cmocka_unit_test_setup_teardown(test_something, fake_platform_setup, fake_platform_teardown)
 *
 * Memory comes filled with rubbish and with red zones on both sides; device addresses have nothing to do with
 * pointers; a free with wrong arguments, a damaged red zone and a leak fail the test. The clock moves by
 * itself, so that a loop with a deadline ends.
 */
#ifndef TEST_UNIT_FAKE_PLATFORM_H
#define TEST_UNIT_FAKE_PLATFORM_H

#include <virtio/platform.h>
#include <virtio/virtqueue.h>

/* What new memory is filled with. */
#define FAKE_PLATFORM_RUBBISH 0xbd

/* How far the clock moves by itself at each look, unless fake_platform_set_step says otherwise: nanoseconds. */
#define FAKE_PLATFORM_STEP 1000

/* Start anew: no memory, clock at 1 s, empty log. Returns the hooks, which a test may change (now = NULL, ...) until
 * the end. */
struct virtio_platform *fake_platform_start(void);

/* The hooks of the fake that was started. */
struct virtio_platform *fake_platform(void);

/* End: fails the test when a red zone was damaged or memory was leaked, the test's own buffers aside. */
void fake_platform_finish(void);

/* fake_platform_start and fake_platform_finish as cmocka fixtures; STATE is left alone. */
int fake_platform_setup(void **state);
int fake_platform_teardown(void **state);

/* Let the Nth allocation from now on fail (1: the next), whichever hook it goes through; 0: none. */
void fake_platform_fail_allocation(unsigned nth);

/* Allocations through the hooks that were not freed yet. */
unsigned fake_platform_live(void);

/* COUNT allocations will be left at the end: a stuck device has them. */
void fake_platform_expect_leaks(unsigned count);

/* Put the next DMA memory at ADDRESS or above: to test what cannot reach far addresses. */
void fake_platform_next_address(uint64_t address);

/*
 * What is allocated now need not be freed: a stuck device has it for ever. It goes at the end, and its red zones are
 * checked then.
 */
void fake_platform_forget_live(void);

/*
 * A buffer of SIZE bytes in DMA memory, filled with rubbish, that the test need not free: it goes at the end, and
 * its red zones are checked then. fake_platform_fail_allocation does not count it.
 */
struct virtio_segment fake_platform_buffer(uint32_t size);

/*
 * From now on there are dma_map and dma_unmap hooks, which copy: a device that goes through them finds what the library
 * mapped in bounce buffers of their own, and nothing in the buffers of the test. At the end nothing may be left mapped.
 * ON false: no more of it.
 */
void fake_platform_bounce(bool on);

/* Ranges that are mapped now; and how often dma_map was called. */
unsigned fake_platform_mapped(void);
unsigned fake_platform_map_calls(void);

/* What is mapped need not be unmapped: a stuck device has it for ever. */
void fake_platform_forget_mapped(void);

/* Let dma_map refuse whatever would make more than COUNT ranges mapped at a time. */
void fake_platform_map_at_most(unsigned count);

/*
 * What a device finds at LENGTH bytes from DEVICE_ADDRESS. Fails the test unless all of it lies in one piece of DMA
 * memory that has not been freed.
 */
void *fake_platform_pointer(uint64_t device_address, uint64_t length);

/* Whether that is so, for devices that answer instead of dying. */
bool fake_platform_is_dma(uint64_t device_address, uint64_t length);

/* What the clock shows, without moving it. */
uint64_t fake_platform_time(void);

/* Move the clock by NANOSECONDS. */
void fake_platform_advance(uint64_t nanoseconds);

/* From now on the clock moves by NANOSECONDS at each look. 0 stops it: then only wait and fake_platform_advance move
 * it. */
void fake_platform_set_step(uint64_t nanoseconds);

/*
 * The machine stands still at the LOOKS-th look at the clock from now on (1: the next): ACT is called meanwhile with
 * CONTEXT, and the clock has moved by NANOSECONDS afterwards.
 */
void fake_platform_stand_still(unsigned looks, uint64_t nanoseconds, void (*act)(void *context), void *context);

/* Have ACT called with CONTEXT whenever the library waits: the place for a fake device to do something meanwhile. The
 * clock then moves to the deadline only if ACT is NULL. */
void fake_platform_on_wait(void (*act)(void *context), void *context);

/* Let map_device find MEMORY at PHYSICAL_ADDRESS, for LENGTH bytes; anywhere else it answers NULL. At most 16 windows.
 */
void fake_platform_window(uint64_t physical_address, void *memory, uint64_t length);

/* Whether a line with TEXT in it was logged since the start. */
bool fake_platform_logged(const char *text);

/* How many lines were logged since the start. */
unsigned fake_platform_log_count(void);

/* The last line that was logged, "" if none. */
const char *fake_platform_log_last(void);

#endif
