/* SPDX-License-Identifier: ISC */
/* A whole unikernel: finds its disk, reads the first sector, and prints the first line of it. */
#include <boot/info.h>
#include <boot/platform.h>
#include <virtio/helper.h>
#include <virtio/spec/ids.h>

static struct virtio_device device;
static struct virtio_blk disk;
static char sector[512 + 1];

int unikernel_main(const struct boot_info *info)
{
	const struct virtio_platform *platform = boot_platform();
	struct virtio_pci_access pci;
	struct virtio_find_sources sources = boot_sources(info, &pci);
	struct virtio_segment memory = virtio_segment_identity(sector, 512);
	struct virtio_blk_request request = {
		.type = VIRTIO_BLK_READ, .sector = 0, .segments = &memory, .segment_count = 1};

	if (virtio_find(&device, platform, &sources, VIRTIO_ID_BLOCK, 0, &virtio_support_all) < 0)
		return 1; /* the log says why */
	if (virtio_blk_attach(&disk, &device, NULL) < 0)
		return 1;
	if (virtio_blk_execute(&disk, &request, virtio_deadline(platform, UINT64_C(1000000000))) < 0)
		return 1;
	for (char *letter = sector; *letter; letter++)
		if (*letter == '\n')
			*letter = '\0';
	platform->log(platform->context, VIRTIO_LOG_INFO, sector);
	return virtio_blk_detach(&disk, NULL, NULL);
}
