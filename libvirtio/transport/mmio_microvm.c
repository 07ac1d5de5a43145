/* SPDX-License-Identifier: ISC */
/* QEMU's microvm: a row of MMIO windows at a fixed place, most of them empty. */
#include "transport/mmio.h"

#define ROW UINT64_C(0xfeb00000)
#define LENGTH 512u
#define SLOTS 24u /* with a second I/O APIC, to whose inputs they are connected */
#define FIRST_INTERRUPT 24u
#define FEWER_SLOTS 8u /* without one */
#define FEWER_FIRST_INTERRUPT 5u

static struct virtio_mmio_window place(unsigned slot)
{
	return (struct virtio_mmio_window){.address = ROW + (uint64_t)slot * LENGTH, .length = LENGTH};
}

bool virtio_mmio_microvm(const struct virtio_platform *platform, unsigned slot, struct virtio_mmio_window *window)
{
	struct virtio_mmio_window wanted = place(slot), further = place(FEWER_SLOTS);

	if (slot >= SLOTS || !virtio_mmio_present(platform, &wanted))
		return false;
	*window = wanted;
	window->interrupt = slot + (virtio_mmio_present(platform, &further) ? FIRST_INTERRUPT : FEWER_FIRST_INTERRUPT);
	return true;
}
