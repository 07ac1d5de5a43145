/* SPDX-License-Identifier: ISC */
/*
 * Answers on every port that is there. What a port is told, a line each:
 *
 *     take N      and N bytes, which must be the pattern: answers "took N"
 *     give N      answers N bytes of the pattern
 *     emergency   answers EMERGENCY, through the register for that
 *     quit        ends the test, after a last "bye"
 *
 * anything else comes back behind "port P: ". Byte I of the pattern is (I * 7 + I / 256) modulo 256.
 */
#include <boot/platform.h>
#include <virtio/helper.h>

#include "guest.h"
#include "serial.h"

#define PORTS 4
#define LINE 100

/* What is said on a port. */
struct talk {
	struct virtio_console_port *port;
	char line[LINE];   /* so far */
	unsigned length;   /* of it */
	uint32_t to_take;  /* bytes of the pattern that are to come */
	uint32_t taken;    /* that came */
	bool opened;       /* we have told that it is open */
	bool quit;         /* the other side has said so */
	const char *error; /* NULL: none */
};

static uint8_t pattern(uint32_t at)
{
	return (uint8_t)(at * 7 + at / 256);
}

static void say(struct talk *talk, const void *data, size_t length)
{
	int result = virtio_console_write_all(talk->port, data, length, NULL, patience());

	if (result < 0)
		talk->error = virtio_error_name(result);
}

static void say_text(struct talk *talk, const char *text)
{
	size_t length = 0;

	while (text[length])
		length++;
	say(talk, text, length);
}

static uint32_t number(const char *digits)
{
	uint32_t value = 0;

	for (; *digits >= '0' && *digits <= '9'; digits++)
		value = value * 10 + (uint32_t)(*digits - '0');
	return value;
}

static void say_number(struct talk *talk, const char *before, uint32_t value)
{
	char digits[12];
	unsigned at = sizeof digits - 1;

	digits[at] = '\0';
	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	say_text(talk, before);
	say_text(talk, digits + at);
}

static void give(struct talk *talk, uint32_t count)
{
	uint8_t part[1000];

	for (uint32_t at = 0; at < count && !talk->error;) {
		uint32_t length = 0;
		for (; length < sizeof part && at < count; length++, at++)
			part[length] = pattern(at);
		say(talk, part, length);
	}
}

static void emergency(struct talk *talk)
{
	int result = virtio_console_flush(talk->port, patience());

	for (const char *text = "EMERGENCY\n"; *text && result == 0; text++)
		result = virtio_console_emergency_write(talk->port->console->device, *text);
	if (result < 0)
		talk->error = virtio_error_name(result);
}

static bool begins(const char *line, const char *with)
{
	while (*with)
		if (*line++ != *with++)
			return false;
	return true;
}

static void answer(struct talk *talk)
{
	const char *line = talk->line;

	if (begins(line, "take ")) {
		talk->to_take = number(line + 5);
		talk->taken = 0;
	} else if (begins(line, "give ")) {
		give(talk, number(line + 5));
	} else if (same(line, "emergency")) {
		emergency(talk);
	} else if (same(line, "quit")) {
		talk->quit = true;
	} else {
		say_number(talk, "port ", talk->port->number);
		say_text(talk, ": ");
		say_text(talk, line);
		say_text(talk, "\n");
	}
}

static void hear(struct talk *talk, uint8_t byte)
{
	if (talk->to_take) {
		if (byte != pattern(talk->taken++))
			talk->error = "a byte of the pattern is wrong";
		if (--talk->to_take == 0) {
			say_number(talk, "took ", talk->taken);
			say_text(talk, "\n");
		}
	} else if (byte == '\n' || talk->length == LINE - 1) {
		talk->line[talk->length] = '\0';
		talk->length = 0;
		answer(talk);
	} else {
		talk->line[talk->length++] = (char)byte;
	}
}

/* Hear what there is on a port. */
static void serve(struct talk *talk)
{
	uint8_t bytes[600];

	if (!talk->port->present)
		return;
	if (!talk->opened && virtio_console_open(talk->port) == 0) {
		talk->opened = true;
		boot_printf("port %u is there\n", talk->port->number);
	}
	int count = virtio_console_read(talk->port, bytes, sizeof bytes);
	if (count < 0)
		talk->error = virtio_error_name(count);
	for (int i = 0; i < count && !talk->error; i++)
		hear(talk, bytes[i]);
}

static const char *serve_all(struct virtio_console *console, struct talk *talks, unsigned count)
{
	uint64_t deadline = patience();

	for (;;) {
		int result = virtio_console_poll(console);
		if (result < 0)
			return virtio_error_name(result);
		if (result > 0)
			continue;
		for (unsigned i = 0; i < count; i++) {
			serve(&talks[i]);
			if (talks[i].error)
				return talks[i].error;
			if (!talks[i].quit)
				continue;
			say_text(&talks[i], "bye\n");
			return virtio_console_flush(talks[i].port, patience()) < 0 ? "flush" : NULL;
		}
		if (boot_platform()->now(NULL) > deadline)
			return "nobody says anything";
	}
}

const char *test_console(struct virtio_device *device, const struct boot_info *info)
{
	static struct virtio_console_port ports[PORTS];
	static struct talk talks[PORTS];
	struct virtio_console console;
	uint16_t count = has_word(info, "multiport") ? PORTS : 1;

	if (virtio_console_attach(&console, device, ports, count, NULL) < 0)
		return "attach";
	for (unsigned i = 0; i < count; i++)
		talks[i] = (struct talk){.port = &ports[i]};
	boot_printf("ready, %u ports, size %ux%u\n", console.port_count, ports[0].columns, ports[0].rows);
	const char *error = serve_all(&console, talks, count);
	for (unsigned i = 0; i < count; i++)
		if (ports[i].present)
			boot_printf("port %u was [%s], console %d\n", i, ports[i].name, ports[i].is_console);
	if (virtio_console_detach(&console) < 0 && !error)
		error = "detach";
	return error;
}
