/* SPDX-License-Identifier: ISC */
/* The device's end of a virtqueue, with the checks by which bhyve gives a machine up. */
#include <string.h>
#include <virtio/spec/features.h>

#include "base/barrier.h"
#include "fake/bhyve.h"
#include "fake/platform.h"

bool bhyve_chain_waits(const struct bhyve_queue *queue)
{
	uint16_t waiting = (uint16_t)(virtio_load_acquire16(&queue->avail->idx) - queue->last_avail);

	if (waiting > queue->size)
		bhyve_kill("an available index ahead by more than the queue's size");
	return waiting && !bhyve_killed();
}

/* Add one descriptor's memory to CHAIN. */
static bool add_piece(struct bhyve_chain *chain, const struct virtq_desc *desc)
{
	uint64_t address = le64_to(desc->addr);
	uint32_t length = le32_to(desc->len);

	if (chain->count == BHYVE_MAX_CHAIN)
		bhyve_kill("a chain of more than 512 descriptors");
	else if (length == 0)
		bhyve_kill("an empty descriptor");
	else if (!fake_platform_is_dma(address, length))
		bhyve_kill("a data pointer outside memory");
	if (bhyve_killed())
		return false;
	chain->pieces[chain->count++] = (struct bhyve_piece){
		.data = fake_platform_pointer(address, length),
		.length = length,
		.writable = le16_to(desc->flags) & VIRTQ_DESC_F_WRITE,
	};
	return true;
}

/* Follow a table of indirect descriptors. */
static bool add_table(const struct bhyve_device *device, struct bhyve_chain *chain, const struct virtq_desc *desc)
{
	uint64_t address = le64_to(desc->addr);
	uint32_t length = le32_to(desc->len);
	unsigned count = length / 16;

	if (!(device->features & VIRTIO_F_INDIRECT_DESC))
		bhyve_kill("an indirect descriptor that was not negotiated");
	else if (length == 0 || length % 16 || !fake_platform_is_dma(address, length))
		bhyve_kill("an indirect table of a wrong length or outside memory");
	if (bhyve_killed())
		return false;
	const struct virtq_desc *table = fake_platform_pointer(address, length);
	for (unsigned i = 0;;) {
		if (i >= count || (le16_to(table[i].flags) & VIRTQ_DESC_F_INDIRECT)) {
			bhyve_kill("a bad index, or a table, in an indirect table");
			return false;
		}
		if (!add_piece(chain, &table[i]))
			return false;
		if (!(le16_to(table[i].flags) & VIRTQ_DESC_F_NEXT))
			return true;
		i = le16_to(table[i].next);
	}
}

bool bhyve_chain_take(struct bhyve_device *device, struct bhyve_queue *queue, struct bhyve_chain *chain)
{
	const struct le16 *ring = (const struct le16 *)(queue->avail + 1);
	uint16_t index = le16_to(ring[queue->last_avail++ % queue->size]);

	chain->head = index;
	chain->count = 0;
	for (;;) {
		if (index >= queue->size) {
			bhyve_kill("a descriptor index outside the queue");
			return false;
		}
		const struct virtq_desc *desc = &queue->desc[index];
		uint16_t flags = le16_to(desc->flags);
		bool table = flags & VIRTQ_DESC_F_INDIRECT;
		if (!(table ? add_table(device, chain, desc) : add_piece(chain, desc)))
			return false;
		if (!(flags & VIRTQ_DESC_F_NEXT))
			return true;
		index = le16_to(desc->next);
	}
}

void bhyve_chain_return(struct bhyve_queue *queue, uint16_t head, uint32_t length)
{
	struct virtq_used_elem *ring = (struct virtq_used_elem *)(queue->used + 1);
	uint16_t index = le16_to(queue->used->idx);

	ring[index % queue->size] = (struct virtq_used_elem){le32_from(head), le32_from(length)};
	virtio_store_release16(&queue->used->idx, (uint16_t)(index + 1));
}

void bhyve_interrupt(struct bhyve_device *device, const struct bhyve_queue *queue)
{
	if (virtio_load_relaxed16(&queue->avail->flags) & VIRTQ_AVAIL_F_NO_INTERRUPT)
		return;
	device->interrupts++;
	if (!bhyve_msix(device))
		device->isr |= 1;
}
