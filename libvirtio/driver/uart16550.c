/* SPDX-License-Identifier: ISC */
/* The 16550 UART, register for register as in National Semiconductor's PC16550D data sheet, section 8. */
#include <limits.h>
#include <virtio/uart16550.h>

/* Registers, as offsets. */
enum {
	DATA = 0,               /* read: received, write: to send; with the divisor open: its low byte */
	INTERRUPT_ENABLE = 1,   /* with the divisor open: its high byte */
	INTERRUPT_IDENTITY = 2, /* read */
	FIFO_CONTROL = 2,       /* write */
	LINE_CONTROL = 3,
	MODEM_CONTROL = 4,
	LINE_STATUS = 5,
	MODEM_STATUS = 6,
	SCRATCH = 7, /* holds what was written, and does nothing */
};

#define ENABLE_RECEIVE 0x01 /* interrupt enable */
#define ENABLE_TRANSMIT 0x02

#define IDENTITY_MASK 0x0f /* interrupt identity: which interrupt, and bit 0 set for none */
#define IDENTITY_MODEM 0x00
#define IDENTITY_TRANSMIT 0x02
#define IDENTITY_RECEIVE 0x04
#define IDENTITY_LINE 0x06
#define IDENTITY_TIMEOUT 0x0c
#define IDENTITY_FIFOS 0xc0 /* both bits: FIFOs that work are on */

#define FIFO_ENABLE 0xc1 /* with the receive interrupt at 14 bytes or a pause: QEMU hands over no more at once */
#define FIFO_SIZE 16

#define LINE_8N1 0x03 /* line control */
#define LINE_DIVISOR 0x80
#define DIVISOR_115200 1

#define MODEM_READY 0x0b /* modem control: terminal ready, request to send, interrupt line connected */
#define MODEM_LOOP_TEST 0x1a
#define MODEM_LOOP_ANSWER 0x90 /* what the test shows in the upper half of the modem status */

#define STATUS_RECEIVED 0x01 /* line status */
#define STATUS_OVERRUN 0x02
#define STATUS_DAMAGED 0x1c /* parity, framing, break */
#define STATUS_ROOM 0x20    /* the transmitter's FIFO is empty */
#define STATUS_GONE 0xff    /* no UART shows all of the bits: nothing answers here */

static uint8_t get(const struct virtio_uart16550 *uart, uint64_t offset)
{
	return virtio_region_read8(&uart->registers, offset);
}

static void put(const struct virtio_uart16550 *uart, uint64_t offset, uint8_t value)
{
	virtio_region_write8(&uart->registers, offset, value);
}

static bool scratch_holds(const struct virtio_uart16550 *uart, uint8_t value)
{
	put(uart, SCRATCH, value);
	return get(uart, SCRATCH) == value;
}

/* In loop-back the modem's outputs are its inputs. For UARTs without a scratch register. */
static bool loop_answers(const struct virtio_uart16550 *uart)
{
	uint8_t status;

	put(uart, MODEM_CONTROL, MODEM_LOOP_TEST);
	status = get(uart, MODEM_STATUS);
	put(uart, MODEM_CONTROL, MODEM_READY);
	return (status & 0xf0) == MODEM_LOOP_ANSWER;
}

static bool is_there(const struct virtio_uart16550 *uart)
{
	if (get(uart, LINE_STATUS) == STATUS_GONE)
		return false;
	return (scratch_holds(uart, 0x5a) && scratch_holds(uart, 0xa5)) || loop_answers(uart);
}

static void set_line(const struct virtio_uart16550 *uart)
{
	put(uart, LINE_CONTROL, LINE_DIVISOR | LINE_8N1);
	put(uart, DATA, DIVISOR_115200);
	put(uart, INTERRUPT_ENABLE, 0);
	put(uart, LINE_CONTROL, LINE_8N1);
}

int virtio_uart16550_init(struct virtio_uart16550 *uart, const struct virtio_region *registers)
{
	if (registers->ops == NULL || registers->length < VIRTIO_UART16550_REGISTERS)
		return VIRTIO_ERR_INVALID;
	*uart = (struct virtio_uart16550){.registers = *registers, .transmit_size = 1};
	/* The divisor may be open: register 1 would be its high byte. */
	put(uart, LINE_CONTROL, LINE_8N1);
	if (!is_there(uart))
		return VIRTIO_ERR_NO_DEVICE;
	put(uart, INTERRUPT_ENABLE, 0);
	set_line(uart);
	/* Without the clear bits: what the firmware printed or somebody typed already is not lost. */
	put(uart, FIFO_CONTROL, FIFO_ENABLE);
	if ((get(uart, INTERRUPT_IDENTITY) & IDENTITY_FIFOS) == IDENTITY_FIFOS)
		uart->transmit_size = FIFO_SIZE;
	put(uart, MODEM_CONTROL, MODEM_READY);
	return 0;
}

/* The line status. Reading it clears the errors in it, so they are counted here. */
static uint8_t line_status(struct virtio_uart16550 *uart)
{
	uint8_t status = get(uart, LINE_STATUS);

	if (status != STATUS_GONE && (status & STATUS_OVERRUN))
		uart->errors++;
	return status;
}

int virtio_uart16550_write(struct virtio_uart16550 *uart, const void *data, size_t length)
{
	const uint8_t *bytes = data;
	size_t taken = 0;

	if (length > INT_MAX)
		length = INT_MAX;
	while (taken < length) {
		uint8_t status = line_status(uart);

		if (status == STATUS_GONE)
			return VIRTIO_ERR_NO_DEVICE;
		if (!(status & STATUS_ROOM))
			break;
		for (uint32_t i = 0; i < uart->transmit_size && taken < length; i++)
			put(uart, DATA, bytes[taken++]);
	}
	return (int)taken;
}

int virtio_uart16550_read(struct virtio_uart16550 *uart, void *data, size_t length)
{
	uint8_t *bytes = data;
	size_t stored = 0;

	if (length > INT_MAX)
		length = INT_MAX;
	/* Damaged bytes count too: a line that has nothing else does not keep us here. */
	for (size_t seen = 0; seen < length; seen++) {
		uint8_t status = line_status(uart), byte;

		if (status == STATUS_GONE)
			return VIRTIO_ERR_NO_DEVICE;
		if (!(status & STATUS_RECEIVED))
			break;
		byte = get(uart, DATA);
		if (status & STATUS_DAMAGED)
			uart->errors++;
		else
			bytes[stored++] = byte;
	}
	return (int)stored;
}

uint32_t virtio_uart16550_enable_interrupts(struct virtio_uart16550 *uart, uint32_t which)
{
	uint8_t enable = 0, status;
	uint32_t waiting = 0;

	if (which & VIRTIO_UART16550_RECEIVE)
		enable |= ENABLE_RECEIVE;
	if (which & VIRTIO_UART16550_TRANSMIT)
		enable |= ENABLE_TRANSMIT;
	put(uart, INTERRUPT_ENABLE, enable);
	status = line_status(uart);
	if (status == STATUS_GONE)
		return 0;
	if (status & STATUS_RECEIVED)
		waiting |= VIRTIO_UART16550_RECEIVE;
	if (status & STATUS_ROOM)
		waiting |= VIRTIO_UART16550_TRANSMIT;
	return waiting & which;
}

uint32_t virtio_uart16550_interrupt(struct virtio_uart16550 *uart)
{
	/* The two causes that we never turn on are quietened if they show, each at most once. */
	for (int i = 0; i < 3; i++) {
		switch (get(uart, INTERRUPT_IDENTITY) & IDENTITY_MASK) {
		case IDENTITY_RECEIVE:
		case IDENTITY_TIMEOUT:
			return VIRTIO_UART16550_RECEIVE;
		case IDENTITY_TRANSMIT: /* reading it was the acknowledgement */
			return VIRTIO_UART16550_TRANSMIT;
		case IDENTITY_LINE:
			line_status(uart);
			break;
		case IDENTITY_MODEM:
			get(uart, MODEM_STATUS);
			break;
		default:
			return 0;
		}
	}
	return 0;
}
