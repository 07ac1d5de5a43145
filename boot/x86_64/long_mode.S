/* SPDX-License-Identifier: ISC */
/*
 * Where every door leads: from 32-bit protected mode to 64-bit C.
 *
 * In: %edi the door's parser (boot/door.h), %esi the address of what the loader left, %edx the loader's magic number;
 * flat segments, paging off. The page tables here map the first 4 GiB, which is all that a 32-bit loader can point at,
 * at their own addresses and once more 4 GiB above, where no pointer to them is null. boot_start() replaces them.
 */
#include "stacks.h"

#define CR0_PE_MP_NE 0x23		/* protected mode; waits for the FPU trap; FPU errors are exceptions */
#define CR0_EM_TS_NW_CD 0x6000000c	/* no FPU, task switched, caches off: clear these */
#define CR0_WP_PG 0x80010000		/* read-only pages bind us too; paging */
#define CR4_PAE_FXSR_XMMEXCPT 0x620	/* long page tables; SSE; SSE errors are exceptions */
#define CR4_OSXSAVE 0x40000
#define MSR_EFER 0xc0000080
#define EFER_LME 0x100
#define EFER_NXE 0x800
#define CPUID_NX 20			/* leaf 0x80000001, %edx */
#define CPUID_LONG_MODE 29
#define CPUID_XSAVE 26			/* leaf 1, %ecx */
#define XCR0_X87_SSE_AVX_AVX512 0xe7
#define PAGE_PRESENT_WRITE 0x3
#define PAGE_LARGE 0x80
#define COM1 0x3f8
#define DEBUG_EXIT_PORT 0x501
#define DEBUG_EXIT_FAILURE 127

	.section .text.boot_long_mode, "ax", @progbits
	.code32
	.global boot_long_mode
boot_long_mode:
	cli
	cld
	movl	$boot_stack_top, %esp
	movl	%edx, %ebp			/* cpuid changes %edx */

	/* A processor without 64-bit mode, or one that does not even have the leaf that would tell. */
	movl	$0x80000000, %eax
	cpuid
	cmpl	$0x80000001, %eax
	jb	no_long_mode
	movl	$0x80000001, %eax
	cpuid
	btl	$CPUID_LONG_MODE, %edx
	jnc	no_long_mode
	movl	%edx, %ebx

	/* 2048 entries of 2 MiB in four directories that lie in a row, then the levels above them, with all twice. */
	xorl	%ecx, %ecx
1:	movl	%ecx, %eax
	shll	$21, %eax
	orl	$(PAGE_PRESENT_WRITE | PAGE_LARGE), %eax
	movl	%eax, early_directories(,%ecx,8)
	movl	$0, early_directories+4(,%ecx,8)
	incl	%ecx
	cmpl	$2048, %ecx
	jne	1b
	xorl	%ecx, %ecx
	movl	$(early_directories + PAGE_PRESENT_WRITE), %eax
1:	movl	%eax, early_pointers(,%ecx,8)
	movl	%eax, early_pointers+4*8(,%ecx,8)
	addl	$0x1000, %eax
	incl	%ecx
	cmpl	$4, %ecx
	jne	1b
	movl	$(early_pointers + PAGE_PRESENT_WRITE), early_root

	movl	$CR4_PAE_FXSR_XMMEXCPT, %eax
	movl	%eax, %cr4
	movl	$early_root, %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	rdmsr
	orl	$EFER_LME, %eax
	btl	$CPUID_NX, %ebx
	jnc	2f
	orl	$EFER_NXE, %eax
2:	wrmsr
	movl	%cr0, %eax
	andl	$~CR0_EM_TS_NW_CD, %eax
	orl	$(CR0_PE_MP_NE | CR0_WP_PG), %eax
	movl	%eax, %cr0
	lgdt	gdt_pointer
	ljmp	$0x08, $in_long_mode

	/* There is no C for this processor: say so on the serial line and end with a failure. */
no_long_mode:
	movl	$no_long_mode_text, %esi
3:	movb	(%esi), %al
	incl	%esi
	testb	%al, %al
	jz	4f
	movw	$COM1, %dx
	outb	%al, %dx
	jmp	3b
4:	movb	$DEBUG_EXIT_FAILURE, %al
	movw	$DEBUG_EXIT_PORT, %dx
	outb	%al, %dx
5:	hlt
	jmp	5b

	.code64
in_long_mode:
	movl	$0x10, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	xorl	%eax, %eax
	movl	%eax, %fs
	movl	%eax, %gs

	/* FPU and SSE in their power-on state: all exceptions masked, round to nearest. */
	fninit
	ldmxcsr	mxcsr_default

	/* AVX and AVX-512 state, as far as the processor has them. */
	movl	$1, %eax
	cpuid
	btl	$CPUID_XSAVE, %ecx
	jnc	6f
	movq	%cr4, %rax
	orl	$CR4_OSXSAVE, %eax
	movq	%rax, %cr4
	movl	$0xd, %eax
	xorl	%ecx, %ecx
	cpuid
	andl	$XCR0_X87_SSE_AVX_AVX512, %eax
	xorl	%edx, %edx
	xorl	%ecx, %ecx
	xsetbv

	/* boot_start(parser, what the loader left, magic); the zero frame ends backtraces. */
6:	movl	$boot_stack_top, %esp
	movl	%edi, %edi
	movl	%esi, %esi
	movl	%ebp, %edx
	xorl	%ebp, %ebp
	call	boot_start			/* does not return */

	.section .rodata.boot_long_mode, "a", @progbits
	.balign 8
gdt_pointer:
	.word	5 * 8 - 1
	.long	boot_gdt
	.balign 4
mxcsr_default:
	.long	0x1f80
no_long_mode_text:
	.asciz	"boot: this processor has no 64-bit mode\r\n"

	/* Null, 64-bit code, data, and room for the task state (descriptors.c). The accessed bits are set already. */
	.section .data.boot_gdt, "aw", @progbits
	.balign 8
	.global boot_gdt
boot_gdt:
	.quad	0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0, 0

	.section .bss.boot_early_tables, "aw", @nobits
	.balign 4096
early_root:
	.skip	4096
early_pointers:
	.skip	4096
early_directories:
	.skip	4 * 4096

	/* What started this image: the note that boot.ld wants to be there, doors with a note of their own or not. */
	.section .note.boot, "a", @note
	.balign 4
	.long	10, 4, 1		/* lengths of name and value, type */
	.asciz	"libvirtio"
	.balign 4
	.long	1			/* version of the boot shim's interface */

	.section .note.GNU-stack, "", @progbits
