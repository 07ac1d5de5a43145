/* SPDX-License-Identifier: ISC */
/* What net_echo says on the serial line. */
#include "report.h"

#include <boot/memory.h>

#include "../common/print.h"

static void print_address(uint32_t address)
{
	print("%u.%u.%u.%u", address >> 24, address >> 16 & 255, address >> 8 & 255, address & 255);
}

static void print_mac(const uint8_t mac[6])
{
	print("%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

void report_start(struct report *report, const struct station *station, const struct settings *settings,
	const struct virtio_device *device, const struct boot_device_interrupts *interrupts)
{
	*report = (struct report){.pages = boot_pages_available()};
	print("ready: MAC ");
	print_mac(station->mac);
	print(", IP ");
	print_address(station->address);
	print("/%u, MTU %u, %s, %s ring, %s, features 0x%lx\n", settings->prefix, station->mtu, device->transport->name,
		device->ring->name, boot_device_interrupts_describe(interrupts), (unsigned long)device->features);
}

void report_outcome(struct report *report, enum outcome outcome, const struct packet *packet)
{
	static const char *const names[OUTCOMES] = {
		[ANSWERED_ARP] = "ARP", [ANSWERED_ICMP] = "ping", [ANSWERED_UDP] = "UDP", [ANSWERED_QUIT] = "quit"};

	report->outcomes[outcome]++;
	if (outcome < ANSWERED_ARP || report->told == REPORT_ANSWERS)
		return;
	report->told++;
	/* cppcheck-suppress arrayIndexOutOfBoundsCond ; OUTCOMES is no outcome */
	print("answered %s from ", names[outcome]);
	print_address(packet->peer);
	if (packet->peer_port != 0)
		print(":%u", packet->peer_port);
	print(", frame of %u bytes\n", packet->length);
}

void report_sleep(struct report *report, const struct virtio_platform *platform, uint64_t deadline)
{
	uint64_t start = platform->now(platform->context);

	platform->wait(platform->context, deadline);
	report->sleeps++;
	report->slept += platform->now(platform->context) - start;
}

void report_end(
	const struct report *report, const struct virtio_net *net, const struct boot_device_interrupts *interrupts)
{
	const unsigned *outcomes = report->outcomes;

	print("answered: %u ARP, %u ping, %u UDP\n", outcomes[ANSWERED_ARP], outcomes[ANSWERED_ICMP],
		outcomes[ANSWERED_UDP] + outcomes[ANSWERED_QUIT]);
	print("not answered: %u ignored, %u fragments, %u malformed, %u without room\n", outcomes[IGNORED],
		outcomes[FRAGMENT], outcomes[MALFORMED], report->unsent);
	print("frames: %lu received, %lu dropped by the driver, %lu transmitted\n",
		(unsigned long)net->first.receive.frames, (unsigned long)net->first.receive.dropped,
		(unsigned long)net->first.transmit.frames);
	print("memory: %lu pages free when ready, %lu at the end\n", (unsigned long)report->pages,
		(unsigned long)boot_pages_available());
	print("slept: %u times, %lu ms; interrupts: %u\n", report->sleeps, (unsigned long)(report->slept / 1000000),
		interrupts->count);
}
