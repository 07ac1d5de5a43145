/* SPDX-License-Identifier: ISC */
/*
 * How fast a disk is, and whether it keeps what it is given. The command line may say
 *
 *     device=0   which block device
 *     mib=64     how much of it to use, from its start
 *     write=yes  that it may be written to
 *
 * Reads the start of the disk with requests of several sizes, one and many at a time. With write=yes it first writes
 * there, in the same ways, and checks what it reads back: WHATEVER WAS THERE IS LOST. There is no partition table here;
 * the sectors are the disk's own.
 */
#include <boot/info.h>
#include <boot/platform.h>
#include <virtio/helper.h>
#include <virtio/spec/ids.h>

#include "../common/print.h"
#include "options.h"
#include "stream.h"

#define SECOND UINT64_C(1000000000)
#define MIB (1024u * 1024)

static struct virtio_device device;
static struct virtio_blk disk;

static void describe(void)
{
	char serial[21];

	if (virtio_blk_serial(&disk, serial, virtio_deadline(device.platform, 10 * SECOND)) < 0)
		print("no serial number\n");
	print("%s: serial \"%s\", %lu MiB, blocks of %u bytes, %u of them a physical one%s\n", device.name, serial,
		(unsigned long)(disk.capacity / (MIB / VIRTIO_BLK_SECTOR)), disk.block_size,
		disk.topology.physical_block, disk.read_only ? ", read-only" : "");
	print("  %s, %s ring, %u queues, %u segments, write cache %s, discard %s, write zeroes %s\n",
		device.transport->name, device.ring->name, disk.queue_count, disk.max_segments,
		disk.write_cache ? "on" : "off", disk.discard.max_sectors ? "yes" : "no",
		disk.write_zeroes.max_sectors ? "yes" : "no");
}

static int flush(void)
{
	struct virtio_blk_request request = {.type = VIRTIO_BLK_FLUSH};

	return disk.flush ? virtio_blk_execute(&disk, &request, virtio_deadline(device.platform, 60 * SECOND)) : 0;
}

/* One line: move SECTORS sectors so, and tell how fast that was. */
static int measure(const char *verb, struct stream stream)
{
	const struct virtio_platform *platform = device.platform;
	uint64_t start = platform->now(platform->context);
	int error = stream_run(&stream);

	if (!error && stream.type == VIRTIO_BLK_WRITE)
		error = flush();
	uint64_t time = platform->now(platform->context) - start;
	uint64_t kib = stream.sectors / 2;
	if (stream.wrong < stream.sectors)
		print("%s: sector %lu is not as it was written\n", verb, (unsigned long)stream.wrong);
	if (!error)
		print("%s  %u KiB, %u at a time: %lu MiB/s\n", verb, stream.size / 1024, stream.depth,
			(unsigned long)(kib * SECOND / (time ? time : 1) / 1024));
	return error;
}

/* All sizes and depths. */
static int measure_all(const char *verb, enum virtio_blk_operation type, uint64_t sectors, uint64_t seed)
{
	static const uint32_t sizes[] = {4096, 65536, STREAM_SIZE};
	static const unsigned depths[] = {1, 8, STREAM_DEPTH};
	int error = 0;

	for (unsigned i = 0; i < 3; i++)
		for (unsigned n = 0; n < 3 && !error; n++)
			error = measure(verb, (struct stream){.disk = &disk,
						      .type = type,
						      .sectors = sectors,
						      .size = sizes[i],
						      .depth = depths[n],
						      .seed = seed});
	return error;
}

static int work(const struct options *options)
{
	uint64_t most = disk.capacity / (MIB / VIRTIO_BLK_SECTOR);
	uint64_t sectors = (options->mebibytes < most ? options->mebibytes : most) * (MIB / VIRTIO_BLK_SECTOR);
	uint64_t seed = device.platform->now(device.platform->context) | 1; /* not what an earlier run left there */
	int error = 0;

	describe();
	if (!stream_prepare())
		return VIRTIO_ERR_NO_MEMORY;
	if (sectors == 0)
		return VIRTIO_ERR_NO_SPACE;
	if (options->write)
		error = measure_all("write ", VIRTIO_BLK_WRITE, sectors, seed);
	else
		print("not written to: say write=yes if what is on it may be lost\n");
	if (!error && options->write)
		error = measure_all("verify", VIRTIO_BLK_READ, sectors, seed);
	return error ? error : measure_all("read  ", VIRTIO_BLK_READ, sectors, 0);
}

/* The result is the exit status of the machine: 0 when all went well. */
int unikernel_main(const struct boot_info *info)
{
	const struct virtio_platform *platform = boot_platform();
	struct virtio_pci_access pci;
	struct virtio_find_sources sources = boot_sources(info, &pci);
	struct options options = options_read(info->command_line);

	print_start();
	if (options.culprit) {
		print("disk: \"%s\" makes no sense: expected device=NUMBER, mib=NUMBER, write=yes\n", options.culprit);
		return 2;
	}
	int error = virtio_find(&device, platform, &sources, VIRTIO_ID_BLOCK, options.device, &virtio_support_all);
	if (!error)
		error = virtio_blk_attach(&disk, &device, NULL);
	if (!error) {
		error = work(&options);
		virtio_blk_detach(&disk, NULL, NULL);
	}
	print("%s\n", error ? virtio_error_name(error) : "all is well");
	return error ? 1 : 0;
}
