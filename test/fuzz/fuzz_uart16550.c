/* SPDX-License-Identifier: ISC */
/* The 16550 UART (libvirtio/driver/uart16550.c) with registers that say what the input says. */
#include <virtio/uart16550.h>

#include "base/region_widths.h"
#include "input.h"

#define MOST 64 /* bytes in a call */

/* Each call ends after some accesses, whatever it reads: bytes are two at most, and the rest are few. */
#define MOST_ACCESSES (2 * MOST + 16)

static unsigned accesses;

static void count(const struct virtio_region *region, uint64_t offset, unsigned width)
{
	fuzz_check(width == 1 && offset < region->length);
	fuzz_check(++accesses <= MOST_ACCESSES);
}

static uint32_t uart_read(const struct virtio_region *region, uint64_t offset, unsigned width)
{
	count(region, offset, width);
	return fuzz_byte(region->context);
}

static void uart_write(const struct virtio_region *region, uint64_t offset, unsigned width, uint32_t value)
{
	count(region, offset, width);
	(void)value;
}

REGION_WIDTHS(uart);

static void receive(struct virtio_uart16550 *uart, size_t length)
{
	uint8_t *bytes = malloc(length + 1); /* of nearly its own size: the sanitizers see an access behind it */
	int got = virtio_uart16550_read(uart, bytes, length);

	fuzz_check(got == VIRTIO_ERR_NO_DEVICE || (got >= 0 && (size_t)got <= length));
	free(bytes);
}

static void transmit(struct virtio_uart16550 *uart, size_t length)
{
	static const uint8_t bytes[MOST];
	int taken = virtio_uart16550_write(uart, bytes, length);

	fuzz_check(taken == VIRTIO_ERR_NO_DEVICE || (taken >= 0 && (size_t)taken <= length));
}

static void step(struct virtio_uart16550 *uart, struct fuzz_input *input)
{
	unsigned choice = fuzz_byte(input);
	uint32_t which = choice >> 4;

	accesses = 0;
	switch (choice % 4) {
	case 0:
		receive(uart, fuzz_below(input, MOST + 1));
		return;
	case 1:
		transmit(uart, fuzz_below(input, MOST + 1));
		return;
	case 2:
		fuzz_check((virtio_uart16550_enable_interrupts(uart, which) & ~which) == 0);
		return;
	default:
		fuzz_check(virtio_uart16550_interrupt(uart) <= VIRTIO_UART16550_TRANSMIT);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = {data, size};
	struct virtio_region registers = {.ops = &uart_ops, .context = &input, .length = fuzz_below(&input, 10)};
	struct virtio_uart16550 uart;

	accesses = 0;
	int result = virtio_uart16550_init(&uart, &registers);
	fuzz_check(result == 0 || result == VIRTIO_ERR_NO_DEVICE || result == VIRTIO_ERR_INVALID);
	fuzz_check(result == 0 || registers.length < VIRTIO_UART16550_REGISTERS || accesses > 0);
	while (result == 0 && !fuzz_ended(&input))
		step(&uart, &input);
	return 0;
}
