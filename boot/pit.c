/* SPDX-License-Identifier: ISC */
/* The PIT: starting channel 0, and measuring against it. Without a PIT the count reads all ones, and so never moves. */
#include "pit.h"

#include "clock_measure.h"
#include "machine.h"

#define CHANNEL_0 0x40
#define CONTROL 0x43
#define LATCH_CHANNEL_0 0x00
#define LOW_THEN_HIGH 0x30

/* Not 0, which means 65536 to some and 65535 to bhyve. */
#define LARGEST_COUNT 0xffff

void boot_pit_start(enum boot_pit_mode mode, uint16_t count)
{
	boot_out8(CONTROL, (uint8_t)(LOW_THEN_HIGH | mode << 1));
	boot_out8(CHANNEL_0, (uint8_t)count);
	boot_out8(CHANNEL_0, (uint8_t)(count >> 8));
}

/* The moment of the reading is that of the latch command; the two bytes may take their time. */
static void pit_sample(const struct boot_clock_timer *timer, struct boot_clock_sample *sample)
{
	uint64_t before = boot_tsc();
	uint32_t left;

	boot_out8(CONTROL, LATCH_CHANNEL_0);
	sample->width = boot_tsc() - before;
	sample->tsc = before + sample->width / 2;
	left = boot_in8(timer->port);
	left |= (uint32_t)boot_in8(timer->port) << 8;
	sample->count =
		left == 0 ? 0 : LARGEST_COUNT - left; /* it counts down, and may show 0 before it starts again */
}

static bool pit_calibrate(struct boot_clock_estimate *estimate, uint32_t wanted_ppm)
{
	static const struct boot_clock_timer timer = {BOOT_PIT_HZ, LARGEST_COUNT, CHANNEL_0, pit_sample};

	boot_pit_start(BOOT_PIT_PERIODIC, LARGEST_COUNT);
	return boot_clock_measure(&timer, estimate, wanted_ppm);
}

const struct boot_clock_source boot_clock_pit = {"PIT", true, pit_calibrate};
