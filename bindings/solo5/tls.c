/* SPDX-License-Identifier: ISC */
/*
 * Thread-local storage of the x86-64 ABI's variant II: the variables lie before the thread pointer, which points to
 * itself. The link script keeps .tbss right behind .tdata, and both multiples of 16 long.
 */
#include "../common/machine.h"
#include "binding.h"

/* The link script: the image of .tdata, and the lengths of both sections as addresses. */
extern const uint8_t _stdata[], _ltdata[], _ltbss[];

static size_t tls_variables(void)
{
	return (uintptr_t)_ltdata + (uintptr_t)_ltbss;
}

size_t solo5_tls_size(void)
{
	return tls_variables() + sizeof(uintptr_t);
}

uintptr_t solo5_tls_tp_offset(uintptr_t tls)
{
	return tls + tls_variables();
}

solo5_result_t solo5_tls_init(uintptr_t tls)
{
	uintptr_t pointer = solo5_tls_tp_offset(tls);

	if (tls == 0 || tls % sizeof pointer != 0)
		return SOLO5_R_EINVAL;
	__builtin_memcpy((void *)tls, _stdata, (uintptr_t)_ltdata);
	__builtin_memset((void *)(tls + (uintptr_t)_ltdata), 0, (uintptr_t)_ltbss);
	*(uintptr_t *)pointer = pointer;
	return SOLO5_R_OK;
}

solo5_result_t solo5_set_tls_base(uintptr_t base)
{
	/* The processor refuses what is no sign-extended address of 48 bits. */
	if ((uint64_t)((int64_t)(base << 16) >> 16) != base)
		return SOLO5_R_EINVAL;
	machine_set_fs(base);
	return SOLO5_R_OK;
}
