/* SPDX-License-Identifier: ISC */
/* What an exception prints before the machine ends: everything that helps to find the line at fault. */
#include "exceptions.h"

#include <boot/power.h>

#include "../failure.h"
#include "../image.h"
#include "../serial.h"
#include "control_registers.h"
#include "descriptors.h"
#include "stacks.h"

#define EXCEPTION_COUNT 32
#define EXCEPTION_ENTRY_SIZE 16
#define BACKTRACE_DEPTH 12

enum {
	VECTOR_NMI = 2,
	VECTOR_DOUBLE_FAULT = 8,
	VECTOR_NOT_PRESENT = 11,
	VECTOR_PROTECTION = 13,
	VECTOR_PAGE_FAULT = 14,
	VECTOR_MACHINE_CHECK = 18,
};

/* Bits of a page fault's error code. */
#define FAULT_PRESENT 1u
#define FAULT_WRITE 2u
#define FAULT_FETCH 16u

/* Bit of other error codes: it was a gate that was wrong. */
#define GATE_ERROR 2u

struct exception_stack {
	const char *name;
	const uint8_t *guard;
	const uint8_t *top;
};

/* exceptions.S */
extern const uint8_t boot_exception_entries[];
void boot_exception(struct boot_registers *registers);

static const char exception_names[EXCEPTION_COUNT][28] = {
	"divide error",
	"debug",
	"non-maskable interrupt",
	"breakpoint",
	"overflow",
	"bound range exceeded",
	"invalid opcode",
	"device not available",
	"double fault",
	"coprocessor overrun",
	"invalid task state",
	"segment not present",
	"stack segment fault",
	"general protection fault",
	"page fault",
	"reserved",
	"floating-point error",
	"alignment check",
	"machine check",
	"SIMD floating-point error",
	"virtualization exception",
	"control protection fault",
	"reserved",
	"reserved",
	"reserved",
	"reserved",
	"reserved",
	"reserved",
	"hypervisor injection",
	"VMM communication",
	"security exception",
	"reserved",
};

static const struct exception_stack exception_stacks[] = {
	{"stack", boot_stack_guard, boot_stack_top},
	{"interrupt stack", boot_interrupt_stack_guard, boot_interrupt_stack_top},
	{"exception stack", boot_exception_stack_guard, boot_exception_stack_top},
	{"double-fault stack", boot_fatal_stack_guard, boot_fatal_stack_top},
};

static bool (*exception_handler)(struct boot_registers *registers, uint64_t address);

#define STACK_COUNT (sizeof exception_stacks / sizeof exception_stacks[0])

/* The stack around ADDRESS, its guard page included, or NULL. */
static const struct exception_stack *exception_find_stack(uint64_t address)
{
	for (size_t i = 0; i < STACK_COUNT; i++) {
		const struct exception_stack *stack = &exception_stacks[i];

		if (address >= (uint64_t)stack->guard && address < (uint64_t)stack->top)
			return stack;
	}
	return NULL;
}

static void exception_print_fault(const struct boot_registers *r)
{
	uint64_t address = boot_read_cr2();
	const struct exception_stack *stack = exception_find_stack(address);
	const char *what = r->error & FAULT_FETCH ? "execution" : r->error & FAULT_WRITE ? "write" : "read";

	if (stack != NULL && address < (uint64_t)stack->guard + BOOT_PAGE_SIZE)
		boot_printf("the %s overflowed into its guard page at 0x%lx\n", stack->name, address);
	else if (address < BOOT_PAGE_SIZE)
		boot_printf("%s at 0x%lx: a null pointer\n", what, address);
	else
		boot_printf("%s at 0x%lx, which %s\n", what, address,
			r->error & FAULT_PRESENT ? "is mapped, but not for that" : "is not mapped");
}

static void exception_print_registers(const struct boot_registers *r)
{
	boot_printf(
		"rip %016lx  rsp %016lx  rflags %08lx  cs %02lx  ss %02lx\n", r->rip, r->rsp, r->rflags, r->cs, r->ss);
	boot_printf("rax %016lx  rbx %016lx  rcx %016lx  rdx %016lx\n", r->rax, r->rbx, r->rcx, r->rdx);
	boot_printf("rsi %016lx  rdi %016lx  rbp %016lx  cr2 %016lx\n", r->rsi, r->rdi, r->rbp, boot_read_cr2());
	boot_printf("r8  %016lx  r9  %016lx  r10 %016lx  r11 %016lx\n", r->r8, r->r9, r->r10, r->r11);
	boot_printf("r12 %016lx  r13 %016lx  r14 %016lx  r15 %016lx  cr3 %lx\n", r->r12, r->r13, r->r14, r->r15,
		boot_read_cr3());
}

/*
 * Follow the frame pointers, as long as they point up within one of our stacks and lead back into the image. Code
 * without frame pointers ends the list early, and a stack of the runtime's own is not looked at: printing must not
 * fault.
 */
static void exception_print_backtrace(const struct boot_registers *r)
{
	const struct exception_stack *stack = exception_find_stack(r->rbp);
	uint64_t frame = r->rbp;

	boot_printf("backtrace: %lx", r->rip);
	for (int depth = 0; depth < BACKTRACE_DEPTH && stack != NULL && frame % 8 == 0; depth++) {
		const uint64_t *words = (const uint64_t *)frame;

		if (frame < (uint64_t)stack->guard + BOOT_PAGE_SIZE || frame > (uint64_t)stack->top - 16)
			break;
		if (words[1] < (uint64_t)boot_image_text_start || words[1] >= (uint64_t)boot_image_text_end)
			break;
		boot_printf(" %lx", words[1]);
		if (words[0] <= frame)
			break;
		frame = words[0];
	}
	boot_printf("\n");
}

/* A fault while printing stops at once: what is out by then must do. */
_Noreturn static void exception_report(const struct boot_registers *registers)
{
	static bool printing;
	unsigned int vector = registers->vector % EXCEPTION_COUNT;

	if (printing)
		boot_panic("another exception (vector %u) while printing the first, at %lx", vector, registers->rip);
	printing = true;
	boot_printf("\nboot: exception %u: %s, error code 0x%lx\n", vector, exception_names[vector], registers->error);
	if (vector == VECTOR_PAGE_FAULT)
		exception_print_fault(registers);
	if ((vector == VECTOR_NOT_PRESENT || vector == VECTOR_PROTECTION) && (registers->error & GATE_ERROR))
		boot_printf("an interrupt was raised and has no handler\n"); /* hypervisors differ on how to count it */
	exception_print_registers(registers);
	exception_print_backtrace(registers);
	boot_fatal_exit();
}

/* Called by exceptions.S; what it leaves in *REGISTERS is where the processor goes on. */
void boot_exception(struct boot_registers *registers)
{
	if (exception_handler == NULL || !exception_handler(registers, boot_read_cr2()))
		exception_report(registers);
}

void boot_exception_set_handler(bool (*handler)(struct boot_registers *registers, uint64_t address))
{
	exception_handler = handler;
}

void boot_exceptions_init(void)
{
	for (unsigned int vector = 0; vector < EXCEPTION_COUNT; vector++) {
		bool fatal = vector == VECTOR_NMI || vector == VECTOR_DOUBLE_FAULT || vector == VECTOR_MACHINE_CHECK;

		boot_gate_set(vector, boot_exception_entries + (size_t)vector * EXCEPTION_ENTRY_SIZE,
			fatal ? BOOT_STACK_FATAL : BOOT_STACK_EXCEPTION);
	}
}
