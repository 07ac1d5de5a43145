/* SPDX-License-Identifier: ISC */
/* Both multiboot structures as a hostile loader could leave them. The first byte says which: 1, or any other for 2. */
#include "loader.h"

#include "multiboot1.h"
#include "multiboot2.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 0 && data[0] == 1)
		fuzz_door(boot_multiboot1_parse, 0x2badb002, data + 1, size - 1);
	else if (size > 0)
		fuzz_door(boot_multiboot2_parse, 0x36d76289, data + 1, size - 1);
	return 0;
}
