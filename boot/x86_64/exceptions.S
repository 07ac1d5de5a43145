/* SPDX-License-Identifier: ISC */
/*
 * One short entry per exception, 16 bytes each. The processor pushes an error code for some of them; the others push
 * a 0, so that the frame looks the same (struct boot_registers).
 */
#define WITH_ERROR_CODE 0x60227d00 /* vectors 8, 10 to 14, 17, 21, 29, 30, one bit each */

	.section .text.boot_exceptions, "ax", @progbits
	.global boot_exception_entries
	.balign 16
boot_exception_entries:
	.set vector, 0
	.rept 32
	.balign 16
	.if ((WITH_ERROR_CODE >> vector) & 1) == 0
	pushq	$0
	.endif
	pushq	$vector
	jmp	exception_common
	.set vector, vector + 1
	.endr

exception_common:
	pushq	%rax
	pushq	%rbx
	pushq	%rcx
	pushq	%rdx
	pushq	%rsi
	pushq	%rdi
	pushq	%rbp
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	cld
	movq	%rsp, %rdi
	call	boot_exception		/* returns when a handler of the runtime's has dealt with it */
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rbp
	popq	%rdi
	popq	%rsi
	popq	%rdx
	popq	%rcx
	popq	%rbx
	popq	%rax
	addq	$16, %rsp
	iretq

	.section .note.GNU-stack, "", @progbits
