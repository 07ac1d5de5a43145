/* SPDX-License-Identifier: ISC */
/*
 * The multiboot 2 door (Multiboot2 Specification 2.0, 3.1 and 3.2). The address tag makes GRUB load a 64-bit ELF file
 * without looking into it, and enter it in 32-bit protected mode, under UEFI too: there GRUB ends the boot services
 * first, because no tag here asks to keep them. Link it with `-u boot_multiboot2`.
 */
#define MAGIC 0xe85250d6
#define PROTECTED_MODE_I386 0
#define LENGTH (boot_multiboot2_end - boot_multiboot2)
#define OPTIONAL 1
#define TAG_END 0
#define TAG_INFORMATION 1
#define TAG_ADDRESSES 2
#define TAG_ENTRY 3
#define TAG_MODULE_ALIGNMENT 6

	.section .boot.multiboot2, "a", @progbits
	.balign 8
	.global boot_multiboot2
boot_multiboot2:
	.long	MAGIC
	.long	PROTECTED_MODE_I386
	.long	LENGTH
	.long	-(MAGIC + PROTECTED_MODE_I386 + LENGTH)

	/* Command line, loader's name, modules, memory sizes and map, ACPI root pointers, UEFI's memory map. */
	.balign 8
1:	.short	TAG_INFORMATION, OPTIONAL
	.long	2f - 1b
	.long	1, 2, 3, 4, 6, 14, 15, 17
2:
	.balign 8
	.short	TAG_ADDRESSES, 0
	.long	24
	.long	boot_multiboot2
	.long	boot_image_start
	.long	boot_image_load_end
	.long	boot_image_end

	.balign 8
	.short	TAG_ENTRY, 0
	.long	12
	.long	boot_multiboot2_entry

	.balign 8
	.short	TAG_MODULE_ALIGNMENT, 0
	.long	8

	.balign 8
	.short	TAG_END, 0
	.long	8
boot_multiboot2_end:

	.section .text.boot_multiboot2, "ax", @progbits
	.code32
boot_multiboot2_entry:
	movl	$boot_multiboot2_parse, %edi
	movl	%ebx, %esi
	movl	%eax, %edx
	jmp	boot_long_mode

	.section .note.GNU-stack, "", @progbits
