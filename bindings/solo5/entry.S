/* SPDX-License-Identifier: ISC */
/* What Solo5's tools look at: where it starts, and the note that tells the target, virtio (3), and its version (1). */
	.section .text.solo5_start, "ax", @progbits
	.global _start
_start:
	jmp	boot_long_mode

	.section .note.solo5.abi, "a", @note
	.balign 4
	.long	2f - 1f
	.long	4f - 3f
	.long	0x31494241
1:	.asciz	"Solo5"
2:	.balign 4
3:	.long	3
	.long	1
	.long	0
	.long	0
4:
	.section .note.GNU-stack, "", @progbits
