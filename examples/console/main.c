/* SPDX-License-Identifier: ISC */
/*
 * The first unikernel: says where it runs, greets the world, and echoes what you type on the serial line.
 *
 *     qemu-system-x86_64 -nographic -kernel console.elf -append "any words"
 *
 * prints, after what the firmware and the boot shim have to say:
 *
 *     started by multiboot 1 (qemu)
 *     command line: any words
 *     free memory: 126 MiB
 *     clock: 2596 MHz by PM timer
 *     hello
 *     world          (half a second later; both once a second, four times)
 *     type something; control-D ends
 *
 * and then returns what you type. Control-D, the power button, or ten seconds without a key ends it: the machine
 * switches itself off.
 */
#include <boot/clock.h>
#include <boot/info.h>
#include <boot/memory.h>
#include <boot/power.h>
#include <virtio/uart16550.h>

#define COM1 0x3f8
#define SECOND UINT64_C(1000000000)
#define END_OF_TRANSMISSION 4

static struct virtio_uart16550 uart;

/* Sleep; boot_wait() returns early whenever there could be something to do, which here there is not. */
static void sleep_for(uint64_t nanoseconds)
{
	uint64_t deadline = boot_clock_now() + nanoseconds;

	while (boot_clock_now() < deadline)
		boot_wait(deadline);
}

/* Send all of it, unless the line takes nothing for a second: nobody may be listening. */
static void send(const char *text, size_t length)
{
	uint64_t deadline = boot_clock_now() + SECOND;

	while (length > 0 && boot_clock_now() < deadline) {
		int taken = virtio_uart16550_write(&uart, text, length);

		if (taken < 0)
			return;
		if (taken == 0)
			boot_wait(deadline);
		text += taken;
		length -= (size_t)taken;
	}
}

static void print(const char *text)
{
	size_t length = 0;

	while (text[length] != '\0')
		length++;
	send(text, length);
}

static void print_number(uint64_t number)
{
	char digits[20];
	size_t first = sizeof digits;

	do
		digits[--first] = (char)('0' + number % 10);
	while ((number /= 10) > 0);
	send(digits + first, sizeof digits - first);
}

static void introduce(const struct boot_info *info)
{
	const struct boot_clock_info *clock = boot_clock_describe();

	print("started by ");
	print(info->protocol);
	print(" (");
	print(info->loader);
	print(")\r\ncommand line: ");
	print(info->command_line);
	print("\r\nfree memory: ");
	print_number(boot_pages_available() * BOOT_PAGE_SIZE >> 20);
	print(" MiB\r\nclock: ");
	print_number(clock->khz / 1000);
	print(" MHz by ");
	print(clock->source);
	print("\r\n");
}

static void greet(void)
{
	for (int i = 0; i < 4; i++) {
		print("hello\r\n");
		sleep_for(SECOND / 2);
		print("world\r\n");
		sleep_for(SECOND / 2);
	}
}

/* Return the bytes of TEXT, with each Enter as a new line. False when the end is among them. */
static bool echo_text(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] == END_OF_TRANSMISSION)
			return false;
		send(text + i, 1);
		if (text[i] == '\r')
			print("\n");
	}
	return true;
}

static void echo(void)
{
	uint64_t deadline = boot_clock_now() + 10 * SECOND;
	char text[64];

	print("type something; control-D ends\r\n");
	while (boot_clock_now() < deadline && !boot_power_button_pressed()) {
		int length = virtio_uart16550_read(&uart, text, sizeof text);

		if (length < 0 || !echo_text(text, (size_t)length))
			return;
		if (length > 0)
			deadline = boot_clock_now() + 10 * SECOND;
		else
			boot_wait(deadline);
	}
}

/* The result is the exit status of the machine, which then switches itself off. */
int unikernel_main(const struct boot_info *info)
{
	struct virtio_region registers = virtio_region_ports(COM1, VIRTIO_UART16550_REGISTERS);

	if (virtio_uart16550_init(&uart, &registers) != 0)
		return 1;
	boot_power_button_on_press(NULL, NULL);
	introduce(info);
	greet();
	echo();
	print("good bye\r\n");
	return 0;
}
