/* SPDX-License-Identifier: ISC */
/* From the first 64-bit instruction to unikernel_main(). */
#include <boot/clock.h>
#include <boot/info.h>
#include <boot/power.h>

#include "acpi.h"
#include "door.h"
#include "failure.h"
#include "memory.h"
#include "power.h"
#include "serial.h"
#include "x86_64/descriptors.h"
#include "x86_64/exceptions.h"

/* long_mode.S maps the first 4 GiB here too. Under UEFI, GRUB puts things even at address 0. */
#define LOADER_MEMORY 0x100000000
#define LOADER_MEMORY_LENGTH 0x100000000

/* Called by long_mode.S, with what the door handed to it. */
_Noreturn void boot_start(boot_door_parser *parse, uint64_t address, uint32_t magic);

/* boot.ld: constructors of the runtime, if it has any. */
extern void (*const boot_init_array_start[])(void);
extern void (*const boot_init_array_end[])(void);

static void start_call_constructors(void)
{
	for (void (*const *constructor)(void) = boot_init_array_start; constructor < boot_init_array_end; constructor++)
		(*constructor)();
}

static void start_tell_clock(const struct boot_clock_info *clock)
{
	boot_printf("boot: time stamp counter at %llu.%03llu MHz by %s, %s%s\n",
		(unsigned long long)(clock->khz / 1000), (unsigned long long)(clock->khz % 1000), clock->source,
		clock->checked == NULL ? "unchecked" : "checked by ", clock->checked == NULL ? "" : clock->checked);
}

_Noreturn void boot_start(boot_door_parser *parse, uint64_t address, uint32_t magic)
{
	static const struct boot_loader_memory memory = {
		.data = (const uint8_t *)LOADER_MEMORY,
		.length = LOADER_MEMORY_LENGTH,
	};
	static struct boot_info_store store;

	boot_serial_init();
	boot_descriptors_init();
	boot_exceptions_init();
	if (parse(&store, &memory, address, magic) < 0)
		boot_panic("cannot start");
	boot_acpi_init(&memory, store.info.acpi_root);
	boot_memory_init(&store, &memory);
	boot_power_start();
	boot_clock_start();
	start_tell_clock(boot_clock_describe());
	start_call_constructors();
	boot_exit(unikernel_main(&store.info));
}
