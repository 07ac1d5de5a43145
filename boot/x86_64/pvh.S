/* SPDX-License-Identifier: ISC */
/*
 * The PVH door: a note that tells where to enter in 32-bit protected mode, with the address of the start information
 * in %ebx. The address has 64 bits, because QEMU reads as many from a 64-bit ELF file. Link it with `-u boot_pvh`.
 */
#define NOTE_PHYS32_ENTRY 18

	.section .note.Xen, "a", @note
	.balign 4
	.global boot_pvh
boot_pvh:
	.long	4, 8, NOTE_PHYS32_ENTRY	/* lengths of name and value, type */
	.asciz	"Xen"
	.quad	boot_pvh_entry

	.section .text.boot_pvh, "ax", @progbits
	.code32
boot_pvh_entry:
	movl	$boot_pvh_parse, %edi
	movl	%ebx, %esi
	jmp	boot_long_mode

	.section .note.GNU-stack, "", @progbits
