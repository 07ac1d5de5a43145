/* SPDX-License-Identifier: ISC */
/*
 * A Solo5 program that uses every call of the interface, rightly and wrongly. Without a word on its command line it
 * checks all; a word has it do one thing, most of which end the machine.
 */
#include <solo5_manifest.h>

#include "guest.h"

SOLO5_MANIFEST(4, {.name = "service", .type = SOLO5_MANIFEST_NET}, {.name = "storage", .type = SOLO5_MANIFEST_BLOCK},
	{.name = "inside", .type = SOLO5_MANIFEST_NET}, {.name = "second", .type = SOLO5_MANIFEST_BLOCK});

void say(const char *text)
{
	size_t length = 0;

	while (text[length] != '\0')
		length++;
	solo5_console_write(text, length);
}

void say_number(uint64_t number, unsigned base)
{
	char digits[20];
	unsigned first = sizeof digits;

	do
		digits[--first] = "0123456789abcdef"[number % base];
	while ((number /= base) > 0);
	solo5_console_write(digits + first, sizeof digits - first);
}

_Noreturn void fail(const char *text)
{
	say("FAILED: ");
	say(text);
	solo5_exit(SOLO5_EXIT_FAILURE);
}

bool equal(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

/* The stack is at the end of the heap, and all of the heap is there. */
static void check_start_info(const struct solo5_start_info *info)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0), end = info->heap_start + info->heap_size;
	volatile uint8_t *first = (uint8_t *)info->heap_start;

	CHECK(here < end && here > end - 4096);
	CHECK(info->heap_size > (size_t)64 << 20);
	*first = 1;
	first[info->heap_size / 2] = 2;
	CHECK(*first == 1 && first[info->heap_size / 2] == 2);
	say("the heap has ");
	say_number(info->heap_size >> 20, 10);
	say(" MiB\n");
}

/* What the binding has found out of the devices is in the manifest. */
static void check_manifest(void)
{
	const volatile struct solo5_manifest_entry *entries = __solo5_mft1_note.entries;

	for (unsigned i = 1; i < __solo5_mft1_note.head.count; i++)
		CHECK(entries[i].attached);
	CHECK(entries[1].u.net.mtu >= 1500 && (entries[3].u.net.mac[0] & 1) == 0);
	CHECK(entries[2].u.block.capacity > 0 && entries[4].u.block.block_size > 0);
}

/* Which device is which, as the test outside has plugged and named them. */
static void tell_devices(void)
{
	struct solo5_net_info net;
	struct solo5_block_info block;
	solo5_handle_t handle;

	CHECK(solo5_net_acquire("service", &handle, &net) == SOLO5_R_OK);
	say("service ends in ");
	say_number(net.mac_address[5], 16);
	say(", MTU ");
	say_number(net.mtu, 10);
	CHECK(solo5_block_acquire("storage", &handle, &block) == SOLO5_R_OK);
	say("; storage has ");
	say_number(block.capacity, 10);
	say(" bytes in blocks of ");
	say_number(block.block_size, 10);
	say("\n");
}

int solo5_app_main(const struct solo5_start_info *info)
{
	say("cmdline [");
	say(info->cmdline);
	say("]\n");
	if (equal(info->cmdline, "devices")) {
		tell_devices();
		return SOLO5_EXIT_SUCCESS;
	}
	if (equal(info->cmdline, "return"))
		return 9;
	if (equal(info->cmdline, "read-only")) {
		check_read_only();
		return SOLO5_EXIT_SUCCESS;
	}
	if (equal(info->cmdline, "stuck")) {
		check_stuck();
		return SOLO5_EXIT_SUCCESS;
	}
	if (equal(info->cmdline, "write") || equal(info->cmdline, "write-abort"))
		write_a_block();
	if (equal(info->cmdline, "write"))
		return SOLO5_EXIT_SUCCESS;
	do_damage(info);
	check_start_info(info);
	check_manifest();
	check_time();
	check_threads();
	check_net();
	check_block();
	say("all is well\n");
	return SOLO5_EXIT_SUCCESS;
}
