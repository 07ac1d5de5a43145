/* SPDX-License-Identifier: ISC */
/* PVH's start information as a hostile monitor could leave it. */
#include "loader.h"

#include "pvh.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_door(boot_pvh_parse, 0, data, size);
	return 0;
}
