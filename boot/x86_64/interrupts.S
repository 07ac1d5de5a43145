/* SPDX-License-Identifier: ISC */
/*
 * One entry of 8 bytes per vector from 32 to 255. `push` of a byte extends its sign, so vector - 128 makes all of them
 * fit; the common part adds 128 again.
 */
	.section .text.boot_interrupts, "ax", @progbits
	.global boot_interrupt_entries
	.balign 16
boot_interrupt_entries:
	.set vector, 32
	.rept 224
	.balign 8
	pushq	$(vector - 128)
	jmp	interrupt_common
	.set vector, vector + 1
	.endr

	/* The registers that a C function may change, and %rbp: 16 words with the frame keep the stack aligned. */
interrupt_common:
	pushq	%rax
	pushq	%rcx
	pushq	%rdx
	pushq	%rsi
	pushq	%rdi
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%rbp
	cld
	movl	80(%rsp), %edi
	addl	$128, %edi
	call	boot_interrupt
	popq	%rbp
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rdi
	popq	%rsi
	popq	%rdx
	popq	%rcx
	popq	%rax
	addq	$8, %rsp
	iretq

	.section .note.GNU-stack, "", @progbits
