/* SPDX-License-Identifier: ISC */
/*
 * A unikernel that answers: ARP, pings, and every UDP datagram to port 7, which comes back as it was.
 *
 *     qemu-system-x86_64 -nographic -kernel net_echo.elf -append "ip=10.0.2.15/24" \
 *             -netdev user,id=n0,hostfwd=udp:127.0.0.1:7777-10.0.2.15:7 -device virtio-net-pci,netdev=n0
 *     echo hello | nc -u -w1 127.0.0.1 7777
 *
 * It sleeps while there is nothing to do, until an interrupt wakes it: "interrupts=" on the command line chooses which,
 * or "poll". A datagram that says "quit" is answered, too, and ends it. Nothing is copied: a received frame is turned
 * round where it lies, transmitted, and used to receive again. Read main.c for the driver, packet.c and on for the
 * packets.
 */
#include <boot/clock.h>
#include <boot/device_interrupts.h>
#include <boot/info.h>
#include <boot/platform.h>
#include <boot/power.h>
#include <virtio/helper.h>
#include <virtio/spec/ids.h>

#include "../common/print.h"
#include "command_line.h"
#include "packet.h"
#include "report.h"

#define BURST 32
#define SECOND UINT64_C(1000000000)

static struct virtio_device device;
static struct boot_device_interrupts interrupts;
static struct virtio_net net;
static struct station station;
static struct report report;
static unsigned under_way; /* answers that were not sent yet */
static bool finished;      /* somebody said "quit", or pressed the power button */

/* Frames that were sent are used to receive again. */
static int take_back_sent(void)
{
	struct virtio_net_frame *sent[BURST];
	int count = virtio_net_transmitted(&net, sent, BURST);

	if (count <= 0)
		return count;
	under_way -= (unsigned)count;
	return virtio_net_release(&net, sent, (unsigned)count);
}

/* Turn FRAME round if it is for us. True: transmit it. */
static bool answer(struct virtio_net_frame *frame)
{
	struct packet packet = {.data = virtio_net_frame_data(frame), .length = frame->length};
	enum outcome outcome = packet_answer(&station, &packet);

	report_outcome(&report, outcome, &packet);
	if (outcome == ANSWERED_QUIT)
		finished = true;
	frame->length = packet.length;
	return outcome >= ANSWERED_ARP;
}

/* Send COUNT answers; those for which there is no room are dropped, as networks do. */
static int send(struct virtio_net_frame **answers, unsigned count)
{
	int sent = count > 0 ? virtio_net_transmit(&net, answers, count) : 0;

	if (sent < 0)
		return sent;
	under_way += (unsigned)sent;
	report.unsent += count - (unsigned)sent;
	return virtio_net_release(&net, answers + sent, count - (unsigned)sent);
}

/* One round: receive a burst, answer what is for us, give back the rest. How many were there, or an error. */
static int serve(void)
{
	struct virtio_net_frame *frames[BURST], *answers[BURST], *others[BURST];
	unsigned answer_count = 0, other_count = 0;
	int count = virtio_net_receive(&net, frames, BURST);
	int result;

	for (int i = 0; i < count; i++) {
		if (answer(frames[i]))
			answers[answer_count++] = frames[i];
		else
			others[other_count++] = frames[i];
	}
	if (count < 0 || (result = send(answers, answer_count)) < 0 ||
		(result = virtio_net_release(&net, others, other_count)) < 0 || (result = take_back_sent()) < 0)
		return count < 0 ? count : result;
	return count;
}

/* Give the processor away until a frame arrives or the power button is pressed, or for a second. */
static void idle(const struct virtio_platform *platform)
{
	if (!virtio_net_enable_receive_interrupts(&net))
		report_sleep(&report, platform, virtio_deadline(platform, SECOND));
	virtio_net_disable_receive_interrupts(&net);
	if (boot_power_button_pressed()) {
		print("the power button was pressed\n");
		finished = true;
	}
}

/* See whether the link went up or down, which the driver logs: when an interrupt tells so, and once a second. */
static int watch_link(const struct virtio_platform *platform)
{
	static uint64_t next;
	uint64_t now = platform->now(platform->context);

	if (!__atomic_exchange_n(&interrupts.config_changed, false, __ATOMIC_RELAXED) && now < next)
		return 0;
	next = now + SECOND;
	return virtio_net_poll_config(&net);
}

/* Serve until somebody says "quit" or switches off, and then until that has been answered. */
static int serve_all(const struct virtio_platform *platform)
{
	uint64_t deadline;
	int result = 0;

	while (!finished && (result = serve()) >= 0) {
		if (result > 0)
			continue;
		result = watch_link(platform);
		if (result < 0)
			break;
		idle(platform);
	}
	deadline = virtio_deadline(platform, SECOND);
	while (result >= 0 && under_way > 0 && platform->now(platform->context) < deadline)
		result = take_back_sent();
	return result;
}

static void route_interrupts(enum learning learning)
{
	static const enum boot_device_way ways[] = {
		[LEARN_BEST] = BOOT_DEVICE_BEST, [LEARN_INTX] = BOOT_DEVICE_LINE, [LEARN_MSIX] = BOOT_DEVICE_MSIX};

	if (learning != LEARN_POLL && boot_device_interrupts(&interrupts, &device, ways[learning]) < 0)
		print("no such interrupts: polling\n");
}

static int start(const struct virtio_platform *platform, const struct settings *settings, const struct boot_info *info)
{
	struct virtio_pci_access pci;
	struct virtio_find_sources sources = boot_sources(info, &pci);
	int result = virtio_find(&device, platform, &sources, VIRTIO_ID_NET, settings->device, &virtio_support_all);

	if (result < 0)
		return result;
	route_interrupts(settings->learning);
	result = virtio_net_attach(&net, &device, NULL);
	if (result < 0)
		return result;
	if (boot_device_interrupts_arrive(&interrupts))
		boot_wait_set_longest(UINT64_MAX);
	station.mtu = net.mtu;
	station.address = settings->address;
	station.mask = prefix_mask(settings->prefix);
	for (unsigned i = 0; i < sizeof station.mac; i++)
		station.mac[i] = net.mac[i];
	report_start(&report, &station, settings, &device, &interrupts);
	return 0;
}

/* The result is the exit status of the machine: 0 after a "quit" or the power button. */
int unikernel_main(const struct boot_info *info)
{
	const struct virtio_platform *platform = boot_platform();
	struct settings settings;
	int result;

	print_start();
	boot_power_button_on_press(NULL, NULL);
	if (!command_line_read(info->command_line, &settings)) {
		print("net_echo: \"%s\" makes no sense: expected ip=ADDRESS/PREFIX, such as ip=10.0.2.15/24, or "
		      "device=NUMBER, or interrupts=best, poll, intx or msix\n",
			settings.culprit);
		return 2;
	}
	result = start(platform, &settings, info);
	if (result == 0) {
		result = serve_all(platform);
		report_end(&report, &net, &interrupts);
		virtio_net_detach(&net, NULL, NULL);
	}
	if (result < 0)
		print("net_echo: network device %u: %s\n", settings.device, virtio_error_name(result));
	return result < 0 ? 1 : 0;
}
