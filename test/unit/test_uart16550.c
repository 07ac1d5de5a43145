/* SPDX-License-Identifier: ISC */
/* The UART driver against a UART of the test's own, which can be absent, stuck, damaged, or leave in the middle. */
#include <string.h>
#include <virtio/uart16550.h>

#include "fake/cmocka.h"

/* A 16550 behind a region. */
static struct {
	bool gone;           /* nothing answers */
	bool no_scratch;     /* an older UART: register 7 is not there */
	bool no_loop;        /* nor is the loop-back */
	bool no_fifo;        /* a 16450 */
	bool stuck;          /* the transmitter never empties */
	bool stuck_scratch;  /* register 7 is there, and always 0x5a */
	bool endless_errors; /* the line's interrupt stays however often its status is read */
	uint8_t line_errors; /* shown with each received byte */
	int gone_after;      /* goes away after so many accesses; 0 for never */

	uint8_t input[64]; /* what was received ... */
	size_t input_length, input_at;
	bool endless;     /* ... or zeros without end */
	char output[256]; /* what was sent */
	size_t output_length;
	size_t in_fifo; /* bytes in the transmitter */

	uint8_t scratch, line_control, modem_control, interrupt_enable, fifo_control;
	uint16_t divisor;
	bool transmit_pending, line_pending, modem_pending;
	size_t accesses;
} line;

static bool receives(void)
{
	return line.endless || line.input_at < line.input_length;
}

static bool answers(void)
{
	line.accesses++;
	if (line.gone_after != 0 && line.accesses > (size_t)line.gone_after)
		line.gone = true;
	return !line.gone;
}

static uint8_t identity(void)
{
	uint8_t fifos = !line.no_fifo && (line.fifo_control & 1) ? 0xc0 : 0;

	if (line.line_pending || line.endless_errors)
		return fifos | 6;
	if (receives() && (line.interrupt_enable & 1))
		return fifos | 4;
	if (line.transmit_pending && (line.interrupt_enable & 2)) {
		line.transmit_pending = false;
		return fifos | 2;
	}
	if (line.modem_pending)
		return fifos;
	return fifos | 1;
}

/* Each look at the status empties the transmitter, unless it is stuck. */
static uint8_t status(void)
{
	uint8_t value = receives() ? 1 | line.line_errors : 0;

	if (!line.stuck) {
		value |= 0x60;
		line.in_fifo = 0;
	}
	line.line_pending = false;
	return value;
}

static uint8_t line_read8(const struct virtio_region *region, uint64_t offset)
{
	(void)region;
	if (!answers())
		return 0xff;
	switch (offset) {
	case 0:
		assert_false(line.line_control & 0x80);
		assert_true(receives());
		return line.endless ? 0 : line.input[line.input_at++];
	case 2:
		return identity();
	case 5:
		return status();
	case 6:
		line.modem_pending = false;
		if (line.no_loop || !(line.modem_control & 0x10))
			return 0;
		return (uint8_t)((line.modem_control << 6 & 0xff) | 0x10);
	case 7:
		return line.no_scratch ? 0xff : line.stuck_scratch ? 0x5a : line.scratch;
	default:
		fail_msg("read of register %u", (unsigned int)offset);
		return 0;
	}
}

static void send(uint8_t byte)
{
	assert_true(++line.in_fifo <= (line.no_fifo ? 1 : 16));
	assert_true(line.output_length < sizeof line.output);
	line.output[line.output_length++] = (char)byte;
}

static void line_write8(const struct virtio_region *region, uint64_t offset, uint8_t value)
{
	bool divisor = line.line_control & 0x80;

	(void)region;
	if (!answers())
		return;
	if (offset == 0 && divisor)
		line.divisor = (uint16_t)((line.divisor & 0xff00) | value);
	else if (offset == 1 && divisor)
		line.divisor = (uint16_t)((line.divisor & 0xff) | value << 8);
	else if (offset == 0)
		send(value);
	else if (offset == 1)
		line.interrupt_enable = value;
	else if (offset == 2)
		line.fifo_control = value;
	else if (offset == 3)
		line.line_control = value;
	else if (offset == 4)
		line.modem_control = value;
	else if (offset == 7)
		line.scratch = value;
	else
		fail_msg("write of register %u", (unsigned int)offset);
}

/* Bytes only: any other width would be a call through NULL. */
static const struct virtio_region_ops line_ops = {.read8 = line_read8, .write8 = line_write8};
static const struct virtio_region registers = {.ops = &line_ops, .length = VIRTIO_UART16550_REGISTERS};
static struct virtio_uart16550 uart;

static int fresh_line(void **state)
{
	(void)state;
	memset(&line, 0, sizeof line);
	line.divisor = 0x0c0c;
	return 0;
}

static int working_uart(void **state)
{
	fresh_line(state);
	return virtio_uart16550_init(&uart, &registers);
}

static void receive(const char *text)
{
	line.input_length = strlen(text);
	line.input_at = 0;
	memcpy(line.input, text, line.input_length);
}

static void test_init_sets_115200_8n1_with_fifos_and_interrupts_off(void **state)
{
	(void)state;
	line.interrupt_enable = 0xf;
	assert_int_equal(virtio_uart16550_init(&uart, &registers), 0);
	assert_int_equal(line.divisor, 1);
	assert_int_equal(line.line_control, 0x03);
	assert_int_equal(line.fifo_control, 0xc1);
	assert_int_equal(line.modem_control, 0x0b);
	assert_int_equal(line.interrupt_enable, 0);
}

static void test_init_copes_with_an_open_divisor(void **state)
{
	(void)state;
	line.line_control = 0x83;
	assert_int_equal(virtio_uart16550_init(&uart, &registers), 0);
	assert_int_equal(line.divisor, 1);
	assert_int_equal(line.interrupt_enable, 0);
}

static void test_init_finds_no_uart_where_nothing_answers(void **state)
{
	(void)state;
	line.gone = true;
	assert_int_equal(virtio_uart16550_init(&uart, &registers), VIRTIO_ERR_NO_DEVICE);
}

static void test_init_refuses_a_missing_or_short_window(void **state)
{
	struct virtio_region none = {0}, too_short = registers;

	(void)state;
	too_short.length = 7;
	assert_int_equal(virtio_uart16550_init(&uart, &none), VIRTIO_ERR_INVALID);
	assert_int_equal(virtio_uart16550_init(&uart, &too_short), VIRTIO_ERR_INVALID);
	assert_int_equal(line.accesses, 0);
}

static void test_a_uart_without_scratch_register_is_known_by_its_loop_back(void **state)
{
	(void)state;
	line.no_scratch = true;
	assert_int_equal(virtio_uart16550_init(&uart, &registers), 0);
	assert_int_equal(line.modem_control, 0x0b);
	line.no_loop = true;
	assert_int_equal(virtio_uart16550_init(&uart, &registers), VIRTIO_ERR_NO_DEVICE);
}

static void test_init_keeps_what_was_typed_already(void **state)
{
	char text[8];

	receive("abc");
	working_uart(state);
	receive("abc");
	assert_int_equal(virtio_uart16550_init(&uart, &registers), 0);
	assert_int_equal(virtio_uart16550_read(&uart, text, sizeof text), 3);
}

static void test_write_fills_the_fifo_again_and_again(void **state)
{
	char text[100];

	(void)state;
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)i;
	assert_int_equal(virtio_uart16550_write(&uart, text, sizeof text), sizeof text);
	assert_int_equal(line.output_length, sizeof text);
	assert_memory_equal(line.output, text, sizeof text);
}

static void test_write_looks_before_each_byte_without_fifo(void **state)
{
	fresh_line(state);
	line.no_fifo = true;
	assert_int_equal(virtio_uart16550_init(&uart, &registers), 0);
	assert_int_equal(virtio_uart16550_write(&uart, "hello", 5), 5);
	assert_memory_equal(line.output, "hello", 5);
}

static void test_write_takes_nothing_while_the_line_is_stuck(void **state)
{
	(void)state;
	line.stuck = true;
	assert_int_equal(virtio_uart16550_write(&uart, "hello", 5), 0);
	assert_int_equal(line.output_length, 0);
	line.stuck = false;
	assert_int_equal(virtio_uart16550_write(&uart, "hello", 5), 5);
}

static void test_nothing_to_write_or_read_touches_no_register(void **state)
{
	size_t before = line.accesses;

	(void)state;
	assert_int_equal(virtio_uart16550_write(&uart, NULL, 0), 0);
	assert_int_equal(virtio_uart16550_read(&uart, NULL, 0), 0);
	assert_int_equal(line.accesses, before);
}

static void test_read_gives_what_is_there_and_no_more_than_fits(void **state)
{
	char text[8];

	(void)state;
	assert_int_equal(virtio_uart16550_read(&uart, text, sizeof text), 0);
	receive("hello, world");
	assert_int_equal(virtio_uart16550_read(&uart, text, 8), 8);
	assert_memory_equal(text, "hello, w", 8);
	assert_int_equal(virtio_uart16550_read(&uart, text, 8), 4);
	assert_memory_equal(text, "orld", 4);
	assert_int_equal(uart.errors, 0);
}

static void test_damaged_bytes_are_dropped_and_counted(void **state)
{
	char text[8];

	(void)state;
	receive("abc");
	line.line_errors = 0x10;
	assert_int_equal(virtio_uart16550_read(&uart, text, sizeof text), 0);
	assert_int_equal(uart.errors, 3);
}

static void test_a_byte_after_an_overrun_is_kept_and_the_loss_counted(void **state)
{
	char text[8];

	(void)state;
	receive("a");
	line.line_errors = 0x02;
	assert_int_equal(virtio_uart16550_read(&uart, text, sizeof text), 1);
	assert_int_equal(uart.errors, 1);
}

static void test_endless_breaks_do_not_keep_the_reader(void **state)
{
	char text[16];

	(void)state;
	line.endless = true;
	line.line_errors = 0x10;
	assert_int_equal(virtio_uart16550_read(&uart, text, sizeof text), 0);
	assert_int_equal(uart.errors, 16);
}

static void test_a_uart_that_leaves_is_reported(void **state)
{
	char text[64];

	(void)state;
	line.gone_after = (int)line.accesses + 20;
	memset(text, 'x', sizeof text);
	assert_int_equal(virtio_uart16550_write(&uart, text, sizeof text), VIRTIO_ERR_NO_DEVICE);
	assert_int_equal(virtio_uart16550_read(&uart, text, sizeof text), VIRTIO_ERR_NO_DEVICE);
	assert_int_equal(virtio_uart16550_enable_interrupts(&uart, VIRTIO_UART16550_RECEIVE), 0);
	assert_int_equal(virtio_uart16550_interrupt(&uart), 0);
}

static void test_enabling_interrupts_tells_what_waits_already(void **state)
{
	(void)state;
	line.stuck = true;
	assert_int_equal(virtio_uart16550_enable_interrupts(&uart, VIRTIO_UART16550_RECEIVE), 0);
	assert_int_equal(line.interrupt_enable, 1);
	receive("a");
	assert_int_equal(
		virtio_uart16550_enable_interrupts(&uart, VIRTIO_UART16550_RECEIVE | VIRTIO_UART16550_TRANSMIT),
		VIRTIO_UART16550_RECEIVE);
	assert_int_equal(line.interrupt_enable, 3);
	line.stuck = false;
	assert_int_equal(
		virtio_uart16550_enable_interrupts(&uart, VIRTIO_UART16550_TRANSMIT), VIRTIO_UART16550_TRANSMIT);
	assert_int_equal(virtio_uart16550_enable_interrupts(&uart, 0), 0);
	assert_int_equal(line.interrupt_enable, 0);
}

static void test_the_handler_is_told_one_reason_after_the_other(void **state)
{
	char text[8];

	(void)state;
	virtio_uart16550_enable_interrupts(&uart, VIRTIO_UART16550_RECEIVE | VIRTIO_UART16550_TRANSMIT);
	receive("a");
	line.transmit_pending = true;
	line.line_pending = true;
	line.modem_pending = true;
	assert_int_equal(virtio_uart16550_interrupt(&uart), VIRTIO_UART16550_RECEIVE);
	assert_int_equal(virtio_uart16550_read(&uart, text, sizeof text), 1);
	assert_int_equal(virtio_uart16550_interrupt(&uart), VIRTIO_UART16550_TRANSMIT);
	assert_int_equal(virtio_uart16550_interrupt(&uart), 0);
	assert_false(line.line_pending || line.modem_pending);
}

#define ON_LINE(name) cmocka_unit_test_setup(name, fresh_line)
#define ON_UART(name) cmocka_unit_test_setup(name, working_uart)

static void test_a_scratch_register_that_is_stuck_is_none(void **state)
{
	(void)state;
	line.stuck_scratch = true;
	line.no_loop = true;
	assert_int_equal(virtio_uart16550_init(&uart, &registers), VIRTIO_ERR_NO_DEVICE);
	line.no_loop = false;
	assert_int_equal(virtio_uart16550_init(&uart, &registers), 0);
}

static void test_a_cause_that_stays_does_not_keep_the_handler(void **state)
{
	(void)state;
	assert_int_equal(virtio_uart16550_init(&uart, &registers), 0);
	line.endless_errors = true;
	assert_int_equal(virtio_uart16550_interrupt(&uart), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_LINE(test_init_sets_115200_8n1_with_fifos_and_interrupts_off),
		ON_LINE(test_init_copes_with_an_open_divisor),
		ON_LINE(test_init_finds_no_uart_where_nothing_answers),
		ON_LINE(test_init_refuses_a_missing_or_short_window),
		ON_LINE(test_a_uart_without_scratch_register_is_known_by_its_loop_back),
		ON_LINE(test_init_keeps_what_was_typed_already),
		ON_UART(test_write_fills_the_fifo_again_and_again),
		ON_UART(test_write_looks_before_each_byte_without_fifo),
		ON_UART(test_write_takes_nothing_while_the_line_is_stuck),
		ON_UART(test_nothing_to_write_or_read_touches_no_register),
		ON_UART(test_read_gives_what_is_there_and_no_more_than_fits),
		ON_UART(test_damaged_bytes_are_dropped_and_counted),
		ON_UART(test_a_byte_after_an_overrun_is_kept_and_the_loss_counted),
		ON_UART(test_endless_breaks_do_not_keep_the_reader),
		ON_UART(test_a_uart_that_leaves_is_reported),
		ON_UART(test_enabling_interrupts_tells_what_waits_already),
		ON_UART(test_the_handler_is_told_one_reason_after_the_other),
		ON_LINE(test_a_scratch_register_that_is_stuck_is_none),
		ON_LINE(test_a_cause_that_stays_does_not_keep_the_handler),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
