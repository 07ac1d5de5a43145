/* SPDX-License-Identifier: ISC */
/*
 * Two network cards and two disks, each with a purpose, told by their names on the command line:
 *
 *     qemu-system-x86_64 -nographic -kernel two_by_two.elf \
 *             -append "inside=mac:52:54:00:00:00:01 outside=pci:00:05.0 system=serial:SYSTEM data=order:1" ...
 *
 * It prints which device is what, with the first line on each disk, and says its purpose on each network, in a frame
 * for all. Names that are wrong or missing end it, and the log tells which devices there are.
 */
#include <boot/info.h>
#include <boot/platform.h>
#include <virtio/name.h>

#include "../common/print.h"

#define PATIENCE UINT64_C(10000000000) /* nanoseconds for any one request or frame */
#define LONGEST 64                     /* bytes of a frame */

enum { INSIDE, OUTSIDE, SYSTEM, DATA, DEVICES };

static struct virtio_device devices[DEVICES];
static struct virtio_wanted wanted[DEVICES] = {
	[INSIDE] = {.role = "inside", .kind = &virtio_kind_net, .device = &devices[INSIDE]},
	[OUTSIDE] = {.role = "outside", .kind = &virtio_kind_net, .device = &devices[OUTSIDE]},
	[SYSTEM] = {.role = "system", .kind = &virtio_kind_blk, .device = &devices[SYSTEM]},
	[DATA] = {.role = "data", .kind = &virtio_kind_blk, .device = &devices[DATA]},
};

/* Put TEXT into a frame from MAC to all; how long it is. The protocol is one for experiments. */
static uint32_t write_frame(uint8_t frame[LONGEST], const uint8_t mac[6], const char *text)
{
	uint32_t length = VIRTIO_NET_ETHERNET;

	for (unsigned i = 0; i < 6; i++) {
		frame[i] = 0xff;
		frame[6 + i] = mac[i];
	}
	frame[12] = 0x88;
	frame[13] = 0xb5;
	while (*text && length < LONGEST)
		frame[length++] = (uint8_t)*text++;
	return length;
}

/* Send one frame, and wait until it is on its way. */
static int send(struct virtio_net *net, struct virtio_net_pool *pool, const char *text)
{
	const struct virtio_platform *platform = net->device->platform;
	uint64_t deadline = virtio_deadline(platform, PATIENCE);
	struct virtio_net_frame *sent;
	uint8_t bytes[LONGEST];
	int result = virtio_net_send_copy(net, pool, bytes, write_frame(bytes, net->mac, text));

	if (result < 0)
		return result;
	while ((result = virtio_net_transmitted(net, &sent, 1)) == 0)
		if (platform->now(platform->context) >= deadline)
			return VIRTIO_ERR_TIMEOUT;
	if (result < 0)
		return result;
	virtio_net_pool_put(pool, sent);
	return 0;
}

/* A network card: tell its address here, and its purpose on its network. */
static int use_net(const struct virtio_wanted *card)
{
	struct virtio_net_pool pool;
	struct virtio_net net;
	int result = virtio_net_attach(&net, card->device, NULL);

	if (result < 0)
		return result;
	const uint8_t *mac = net.mac;
	print("%s is %s, MAC %02x:%02x:%02x:%02x:%02x:%02x\n", card->role, card->device->name, mac[0], mac[1], mac[2],
		mac[3], mac[4], mac[5]);
	result = virtio_net_pool_init(&pool, card->device->platform, 1, LONGEST);
	if (result == 0) {
		result = send(&net, &pool, card->role);
		virtio_net_detach(&net, NULL, NULL);
		virtio_net_pool_free(&pool);
	}
	return result;
}

/* A disk: tell its serial number and its first line. */
static int use_disk(const struct virtio_wanted *drive)
{
	static char sector[VIRTIO_BLK_SECTOR + 1];
	const struct virtio_platform *platform = drive->device->platform;
	struct virtio_segment memory = virtio_segment_identity(sector, VIRTIO_BLK_SECTOR);
	struct virtio_blk_request request = {.type = VIRTIO_BLK_READ, .segments = &memory, .segment_count = 1};
	struct virtio_blk disk;
	char serial[21];
	int result = virtio_blk_attach(&disk, drive->device, NULL);

	if (result < 0)
		return result;
	result = virtio_blk_serial(&disk, serial, virtio_deadline(platform, PATIENCE));
	if (result == 0)
		result = virtio_blk_execute(&disk, &request, virtio_deadline(platform, PATIENCE));
	virtio_blk_detach(&disk, NULL, NULL);
	if (result < 0)
		return result;
	for (char *letter = sector; *letter; letter++)
		if (*letter == '\n')
			*letter = '\0';
	print("%s is %s, serial \"%s\": %s\n", drive->role, drive->device->name, serial, sector);
	return 0;
}

/* The result is the exit status of the machine: 0 when all went well, 2 when a name is wrong. */
int unikernel_main(const struct boot_info *info)
{
	struct virtio_pci_access pci;
	struct virtio_find_sources sources = boot_sources(info, &pci);
	int result;

	print_start();
	result = virtio_find_named(wanted, DEVICES, info->command_line, boot_platform(), &sources, &virtio_support_all);
	if (result < 0) {
		print("two_by_two: %s: say which device is what: inside=NAME outside=NAME system=NAME data=NAME\n",
			virtio_error_name(result));
		return 2;
	}
	for (unsigned i = INSIDE; i < DEVICES && result == 0; i++)
		result = i < SYSTEM ? use_net(&wanted[i]) : use_disk(&wanted[i]);
	print("%s\n", result ? virtio_error_name(result) : "all is well");
	return result ? 1 : 0;
}
