/* SPDX-License-Identifier: ISC */
/* Thread-local storage, the stack's canary, and registers across a sleep. */
#include "guest.h"

#define MILLISECOND UINT64_C(1000000)

extern uintptr_t __stack_chk_guard;

static _Thread_local uint64_t initialised = 0x1234567;
static _Thread_local uint8_t small = 7;
static _Thread_local uint64_t zeroed[3];

static uint8_t storage[2][256] __attribute__((aligned(16)));

static void switch_to(uint8_t *thread)
{
	CHECK(solo5_set_tls_base(solo5_tls_tp_offset((uintptr_t)thread)) == SOLO5_R_OK);
}

/* Made with the thread pointer's pointer to itself, which the compiler may read early: so not in the loop below. */
__attribute__((noinline)) static const uint8_t *where_small_is(void)
{
	const uint8_t *address = &small;

	__asm__ volatile("" : "+r"(address));
	return address;
}

static void check_storage(void)
{
	CHECK(solo5_tls_size() <= sizeof storage[0]);
	for (unsigned i = 0; i < 2; i++) {
		for (unsigned at = 0; at < sizeof storage[i]; at++)
			storage[i][at] = 0xee;
		CHECK(solo5_tls_init((uintptr_t)storage[i]) == SOLO5_R_OK);
		switch_to(storage[i]);
		CHECK(initialised == 0x1234567 && small == 7);
		CHECK(zeroed[0] == 0 && zeroed[1] == 0 && zeroed[2] == 0);
		CHECK(where_small_is() >= storage[i] && where_small_is() < storage[i] + solo5_tls_size());
		initialised = i;
		zeroed[2] = 100 + i;
	}
	switch_to(storage[0]);
	CHECK(initialised == 0 && zeroed[2] == 100 && small == 7);
	switch_to(storage[1]);
	CHECK(initialised == 1 && zeroed[2] == 101);
	CHECK(storage[0][solo5_tls_size()] == 0xee);
}

static void check_storage_misuse(void)
{
	CHECK(solo5_tls_init(0) == SOLO5_R_EINVAL);
	CHECK(solo5_tls_init((uintptr_t)storage + 1) == SOLO5_R_EINVAL);
	CHECK(solo5_set_tls_base(UINT64_C(1) << 47) == SOLO5_R_EINVAL);
	CHECK(solo5_set_tls_base(UINT64_C(1) << 63) == SOLO5_R_EINVAL);
	CHECK(initialised == 1);
}

/* SSE registers, its rounding mode and a number on the x87's stack are after a sleep what they were before. */
static void check_floating_point(void)
{
	static const double before[2] = {3.25, -1e300};
	double after[2] = {0, 0}, seven = 0;
	uint32_t upwards = 0x5f80, control = 0, normal = 0x1f80;
	uint64_t deadline = solo5_clock_monotonic() + 3 * MILLISECOND;

	__asm__ volatile("movupd %[before], %%xmm15\n"
			 "fldl %[number]\n"
			 "ldmxcsr %[upwards]\n"
			 "xorl %%esi, %%esi\n"
			 "movq %[deadline], %%rdi\n"
			 "call solo5_yield\n"
			 "stmxcsr %[control]\n"
			 "ldmxcsr %[normal]\n"
			 "fstpl %[seven]\n"
			 "movupd %%xmm15, %[after]\n"
			 : [after] "=m"(after), [control] "=m"(control), [seven] "=m"(seven)
			 : [before] "m"(before), [number] "m"(before[0]), [upwards] "m"(upwards), [normal] "m"(normal),
			 [deadline] "r"(deadline)
			 : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "xmm15", "cc", "memory");
	CHECK((control & ~0x3fu) == upwards);
	CHECK(after[0] == before[0] && after[1] == before[1] && seven == before[0]);
	CHECK(solo5_clock_monotonic() >= deadline);
}

void check_threads(void)
{
	CHECK(__stack_chk_guard != 0 && (__stack_chk_guard & 0xff) == 0);
	check_storage();
	check_storage_misuse();
	check_floating_point();
}

/* The clocks go on, and a sleep ends at its deadline. */
void check_time(void)
{
	uint64_t start = solo5_clock_monotonic(), wall = solo5_clock_wall();
	solo5_handle_set_t ready = 77;

	CHECK(wall > UINT64_C(1577836800) * 1000000000); /* 2020 */
	solo5_yield(start + 10 * MILLISECOND, &ready);
	CHECK(ready == 0 && solo5_clock_monotonic() >= start + 10 * MILLISECOND);
	CHECK(solo5_clock_wall() >= wall);
	solo5_yield(0, NULL);
}
