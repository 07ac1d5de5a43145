/* SPDX-License-Identifier: ISC */
#include <boot/info.h>
#include "../../../boot/serial.h"
int unikernel_main(const struct boot_info *info)
{
	boot_printf("hello %s [%s] [%s]\n", info->protocol, info->loader, info->command_line);
	for (size_t i = 0; i < info->memory_count; i++)
		boot_printf("%016lx %016lx %u\n", info->memory[i].base, info->memory[i].length, info->memory[i].type);
	for (size_t i = 0; i < info->module_count; i++)
		boot_printf("%lx %lx %s\n", info->modules[i].start, info->modules[i].end, info->modules[i].string);
	return 3;
}
