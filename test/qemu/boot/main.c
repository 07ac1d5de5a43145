/* SPDX-License-Identifier: ISC */
/*
 * A kernel that tells what the shim gave it, checks its memory, and then does the one thing that its command line asks
 * for, most of which must end in an exception. test/qemu/cases.py starts it and compares what it prints.
 */
#include <boot/exception.h>
#include <boot/info.h>
#include <boot/interrupt.h>
#include <boot/memory.h>
#include <boot/platform.h>

#include "image.h"
#include "serial.h"

#define FAR_DEVICE 0xe000000000

static int same(const char *left, const char *right)
{
	while (*left != '\0' && *left == *right) {
		left++;
		right++;
	}
	return *left == *right;
}

static void print_info(const struct boot_info *info)
{
	boot_printf("protocol [%s] loader [%s] arguments [%s]\n", info->protocol, info->loader, info->command_line);
	for (size_t i = 0; i < info->memory_count; i++)
		boot_printf(
			"memory %lx+%lx type %u\n", info->memory[i].base, info->memory[i].length, info->memory[i].type);
	for (size_t i = 0; i < info->module_count; i++) {
		const struct boot_module *module = &info->modules[i];

		boot_printf("module [%s] %lu bytes [", module->string, module->end - module->start);
		boot_serial_write((const char *)module->start, module->end - module->start);
		boot_printf("]\n");
	}
}

/* Take all pages in pieces of 2 MiB and one by one, fill each with its own address, check, and give them back. */
static int check_memory(void)
{
	size_t before = boot_pages_available();
	uint64_t *list = NULL;
	uint64_t count = 0;

	for (size_t pages = 512; pages > 0; pages /= 512) {
		uint64_t *piece;

		while ((piece = boot_pages_alloc(pages, pages * BOOT_PAGE_SIZE)) != NULL) {
			piece[0] = (uint64_t)list;
			piece[1] = pages;
			for (size_t i = 0; i < pages; i++)
				piece[i * 512 + 511] = (uint64_t)(piece + i * 512);
			list = piece;
			count += pages;
		}
	}
	while (list != NULL) {
		uint64_t *piece = list;

		for (size_t i = 0; i < piece[1]; i++) {
			if (piece[i * 512 + 511] != (uint64_t)(piece + i * 512))
				return -1;
		}
		list = (uint64_t *)piece[0];
		boot_pages_free(piece, piece[1]);
	}
	boot_printf("checked %lu MiB, %s\n", count / 256, before == boot_pages_available() ? "all given back" : "LEAK");
	return count == before && before == boot_pages_available() ? 0 : -1;
}

static int check_devices(void)
{
	void *far = boot_map_device(FAR_DEVICE + 0x123, 0x10000);
	void *again = boot_map_device(FAR_DEVICE + 0x123, 0x20000);
	void *ram = boot_map_device((uint64_t)boot_image_start, 8);

	boot_printf("far device %p, again %p, RAM %p\n", far, again, ram);
	if (far == NULL || again != far || ram != NULL)
		return -1;
	boot_printf("it reads %x\n", *(volatile uint8_t *)far);
	return 0;
}

static int check_hooks(void)
{
	const struct virtio_platform *p = boot_platform();
	uint64_t address;
	void *private = p->alloc(p->context, 40, 8);
	void *shared = p->dma_alloc(p->context, 10000, 4096, &address);
	uint64_t before = p->now(p->context);

	p->log(p->context, VIRTIO_LOG_INFO, "the hooks work");
	p->log(p->context, VIRTIO_LOG_DEBUG, "too much");
	if (private == NULL || shared == NULL || address != (uint64_t)shared)
		return -1;
	p->free(p->context, private, 40);
	p->dma_free(p->context, shared, 10000, address);
	while (p->now(p->context) < before + 10000000)
		p->wait(p->context, before + 10000000);
	return 0;
}

static int check_sse(void)
{
	uint64_t twice = 0;

	__asm__ volatile("movq %1, %%xmm0; paddq %%xmm0, %%xmm0; movq %%xmm0, %0" : "=r"(twice) : "r"((uint64_t)21));
	return twice == 42 ? 0 : -1;
}

static unsigned interrupts_taken;

/* As large a frame as a handler may have. */
static void scribble(void *context)
{
	volatile uint8_t room[8192];

	for (size_t i = 0; i < sizeof room; i++)
		room[i] = 0xee;
	interrupts_taken += *(unsigned *)context;
}

/* The 128 bytes below the stack pointer belong to whoever was interrupted, and so do all general registers. */
static int check_red_zone(void)
{
	static unsigned one = 1;
	uint64_t wrong = 0;

	boot_interrupt_set(60, scribble, &one);
	for (unsigned i = 0; i < 3; i++)
		__asm__ volatile("movq $-16, %%rcx\n"
				 "1: movq %%rcx, (%%rsp, %%rcx, 8)\n"
				 "incq %%rcx\n"
				 "jnz 1b\n"
				 "movl $0x8888, %%r8d\n"
				 "int $60\n"
				 "subq $0x8888, %%r8\n"
				 "orq %%r8, %0\n"
				 "movq $-16, %%rcx\n"
				 "2: movq (%%rsp, %%rcx, 8), %%r8\n"
				 "subq %%rcx, %%r8\n"
				 "orq %%r8, %0\n"
				 "incq %%rcx\n"
				 "jnz 2b"
				 : "+r"(wrong)
				 :
				 : "rcx", "r8", "cc", "memory");
	return wrong == 0 && interrupts_taken == 3 ? 0 : -1;
}

static uint64_t handled_at;

/* Goes on behind the two bytes of the instruction at fault, and changes a register. */
static bool step_over(struct boot_registers *registers, uint64_t address)
{
	if (registers->vector != BOOT_EXCEPTION_PAGE_FAULT)
		return false;
	handled_at = address;
	registers->rip += 2;
	registers->rax = 42;
	return true;
}

/* A page that is taken off the map faults, its neighbours do not, and the handler lets the code go on. */
static int check_exception_handler(void)
{
	uint8_t *pages = boot_pages_alloc(3, BOOT_PAGE_SIZE);
	uint64_t got;

	if (pages == NULL || boot_guard_page(pages + BOOT_PAGE_SIZE) < 0)
		return -1;
	pages[BOOT_PAGE_SIZE - 1] = 1;
	pages[2 * BOOT_PAGE_SIZE] = 1;
	boot_exception_set_handler(step_over);
	__asm__ volatile("movb (%1), %%al" : "=a"(got) : "c"(pages + BOOT_PAGE_SIZE + 5) : "memory");
	boot_exception_set_handler(NULL);
	return got == 42 && handled_at == (uint64_t)pages + BOOT_PAGE_SIZE + 5 ? 0 : -1;
}

/* Volatile, so that the compiler does not see what is wrong with the access. */
static volatile uint64_t *volatile somewhere;

__attribute__((noinline)) static uint64_t overflow(uint64_t depth)
{
	volatile uint64_t room[64];

	if (depth == UINT64_MAX)
		return 0;
	room[0] = depth;
	return overflow(depth + 1) + room[0];
}

static int provoke(const char *what)
{
	static volatile uint8_t code[16] = {0xc3}; /* ret */

	if (same(what, "null"))
		somewhere = NULL;
	else if (same(what, "text"))
		somewhere = (uint64_t *)boot_image_text_start;
	else if (same(what, "rodata"))
		somewhere = (uint64_t *)boot_image_rodata_start;
	else if (same(what, "execute"))
		((void (*)(void))(uintptr_t)code)();
	else if (same(what, "stack"))
		return (int)overflow(0);
	else if (same(what, "undefined"))
		__asm__ volatile("ud2");
	else if (same(what, "divide"))
		__asm__ volatile("divl %0" : : "r"(0) : "eax", "edx");
	else if (same(what, "interrupt"))
		__asm__ volatile("int $200");
	else
		return same(what, "") ? 0 : 5;
	*somewhere = 1;
	return 1;
}

int unikernel_main(const struct boot_info *info)
{
	print_info(info);
	boot_printf("pages %zu of %zu\n", boot_pages_available(), boot_pages_total());
	if (check_memory() < 0 || check_devices() < 0 || check_hooks() < 0)
		return 2;
	if (check_sse() < 0)
		return 3;
	if (check_red_zone() < 0)
		return 4;
	if (check_exception_handler() < 0)
		return 6;
	boot_printf("all is well\n");
	return provoke(info->command_line);
}
