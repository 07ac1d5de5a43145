/* SPDX-License-Identifier: ISC */
/*
 * The multiboot 1 door (Multiboot Specification 0.6.96, 3.1 and 3.2). The address fields make QEMU and grub-bhyve
 * take a 64-bit ELF file. Link it with `-u boot_multiboot1`.
 */
#define MAGIC 0x1badb002
#define PAGE_ALIGN 0x1		/* modules on page boundaries */
#define MEMORY_INFO 0x2		/* a memory map, please */
#define ADDRESSES 0x10000	/* load by the addresses below, not by ELF headers */
#define FLAGS (PAGE_ALIGN | MEMORY_INFO | ADDRESSES)

	.section .boot.multiboot1, "a", @progbits
	.balign 4
	.global boot_multiboot1
boot_multiboot1:
	.long	MAGIC
	.long	FLAGS
	.long	-(MAGIC + FLAGS)
	.long	boot_multiboot1
	.long	boot_image_start
	.long	boot_image_load_end
	.long	boot_image_end
	.long	boot_multiboot1_entry

	.section .text.boot_multiboot1, "ax", @progbits
	.code32
boot_multiboot1_entry:
	movl	$boot_multiboot1_parse, %edi
	movl	%ebx, %esi
	movl	%eax, %edx
	jmp	boot_long_mode

	.section .note.GNU-stack, "", @progbits
