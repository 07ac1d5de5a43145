/* SPDX-License-Identifier: ISC */
/*
 * The start and the stubs of a MirageOS program, in words of our own: the calls that mirage-solo5 makes of Solo5's
 * interface and of its libc, in the same order.
 */
#include <caml/alloc.h>
#include <caml/bigarray.h>
#include <caml/callback.h>
#include <caml/memory.h>
#include <malloc.h>
#include <solo5_manifest.h>

#include <solo5.h>

/* mirage-solo5 asks it all the same. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

SOLO5_MANIFEST(3, {.name = "service", .type = SOLO5_MANIFEST_NET}, {.name = "inside", .type = SOLO5_MANIFEST_NET},
	{.name = "storage", .type = SOLO5_MANIFEST_BLOCK});

void _nolibc_init(uintptr_t heap_start, size_t heap_size);
size_t malloc_footprint(void);
size_t malloc_memory_usage(void);

value guest_now(value unit);
value guest_wall(value unit);
value guest_yield(value deadline);
value guest_command_line(value unit);
value guest_memory(value unit);
value guest_net_acquire(value name);
value guest_net_read(value handle, value buffer, value offset, value size);
value guest_net_write(value handle, value buffer, value offset, value size);
value guest_block_acquire(value name);
value guest_block_read(value handle, value place, value buffer, value offset, value size);
value guest_block_write(value handle, value place, value buffer, value offset, value size);

static const char *command_line;
static size_t heap_size;

value guest_now(value unit)
{
	(void)unit;
	return caml_copy_int64((int64_t)solo5_clock_monotonic());
}

value guest_wall(value unit)
{
	(void)unit;
	return caml_copy_int64((int64_t)solo5_clock_wall());
}

value guest_yield(value deadline)
{
	solo5_handle_set_t ready = 0;

	solo5_yield((solo5_time_t)Int64_val(deadline), &ready);
	return caml_copy_int64((int64_t)ready);
}

value guest_command_line(value unit)
{
	(void)unit;
	return caml_copy_string(command_line);
}

/* (bytes of the heap, in use by two ways to ask, kept of it, whether memory could be given back) */
value guest_memory(value unit)
{
	struct mallinfo known = mallinfo();
	value told = caml_alloc_tuple(5);

	(void)unit;
	Field(told, 0) = Val_long(heap_size);
	Field(told, 1) = Val_long(known.uordblks);
	Field(told, 2) = Val_long(malloc_memory_usage());
	Field(told, 3) = Val_long(malloc_footprint());
	Field(told, 4) = Val_bool(malloc_trim(0));
	return told;
}

static value acquired(solo5_result_t result, solo5_handle_t handle, value more)
{
	CAMLparam1(more);
	CAMLlocal1(told);

	told = caml_alloc_tuple(3);
	Store_field(told, 0, Val_int(result));
	Store_field(told, 1, caml_copy_int64((int64_t)handle));
	Store_field(told, 2, more);
	CAMLreturn(told);
}

/* (result, handle, MTU) */
value guest_net_acquire(value name)
{
	struct solo5_net_info info = {.mtu = 0};
	solo5_handle_t handle = 0;
	solo5_result_t result = solo5_net_acquire(String_val(name), &handle, &info);

	return acquired(result, handle, Val_long(info.mtu));
}

static uint8_t *place_in(value buffer, value offset)
{
	return (uint8_t *)Caml_ba_data_val(buffer) + Long_val(offset);
}

/* (result, bytes read) */
value guest_net_read(value handle, value buffer, value offset, value size)
{
	size_t length = 0;
	solo5_result_t result = solo5_net_read(
		(solo5_handle_t)Int64_val(handle), place_in(buffer, offset), (size_t)Long_val(size), &length);
	value told = caml_alloc_tuple(2);

	Field(told, 0) = Val_int(result);
	Field(told, 1) = Val_long(length);
	return told;
}

value guest_net_write(value handle, value buffer, value offset, value size)
{
	return Val_int(
		solo5_net_write((solo5_handle_t)Int64_val(handle), place_in(buffer, offset), (size_t)Long_val(size)));
}

/* (result, handle, bytes) */
value guest_block_acquire(value name)
{
	struct solo5_block_info info = {.capacity = 0};
	solo5_handle_t handle = 0;
	solo5_result_t result = solo5_block_acquire(String_val(name), &handle, &info);

	return acquired(result, handle, Val_long(info.capacity));
}

value guest_block_read(value handle, value place, value buffer, value offset, value size)
{
	return Val_int(solo5_block_read((solo5_handle_t)Int64_val(handle), (solo5_off_t)Int64_val(place),
		place_in(buffer, offset), (size_t)Long_val(size)));
}

value guest_block_write(value handle, value place, value buffer, value offset, value size)
{
	return Val_int(solo5_block_write((solo5_handle_t)Int64_val(handle), (solo5_off_t)Int64_val(place),
		place_in(buffer, offset), (size_t)Long_val(size)));
}

int solo5_app_main(const struct solo5_start_info *info)
{
	static char name[] = "mirage";
	char *arguments[] = {name, NULL};

	_nolibc_init(info->heap_start, info->heap_size);
	heap_size = info->heap_size;
	command_line = info->cmdline;
	caml_startup(arguments);
	return SOLO5_EXIT_SUCCESS;
}
