/* SPDX-License-Identifier: ISC */
/* Frames as Bigarrays: lent to OCaml, and back when they are given back, sent, or forgotten. */
#include <boot/memory.h>
#include <caml/alloc.h>
#include <caml/custom.h>
#include <caml/fail.h>

#include "stubs_net.h"

/* Of OCaml's runtime: those of every Bigarray. */
extern struct custom_operations caml_ba_ops;

struct custom_operations stub_loan_operations;

/* The last Bigarray of a loan has gone. Called by the collector: touches nothing of OCaml's. */
static void loan_end(struct stub_loan *loan)
{
	struct stub_net *net = loan->owner;

	if (!loan->over)
		stub_net_put(net, loan->frame);
	stub_free(loan, sizeof *loan);
	net->loans--;
	if (net->closed && net->loans == 0)
		stub_net_free(net);
}

static void loan_finalize(value bigarray)
{
	struct stub_loan *loan = (struct stub_loan *)Caml_ba_array_val(bigarray)->proxy;

	if (--loan->proxy.refcount == 0)
		loan_end(loan);
}

static void loan_operations_init(void)
{
	stub_loan_operations = caml_ba_ops;
	stub_loan_operations.finalize = loan_finalize;
}

/* Bigarrays of kind "mapped file" have a finaliser that is not OCaml's own, and parts of them share it. */
value stub_net_lend(struct stub_net *net, struct virtio_net_frame *frame)
{
	struct stub_loan *loan = stub_alloc(sizeof *loan);
	struct caml_ba_array *array;
	value bigarray;

	if (loan == NULL)
		caml_raise_out_of_memory();
	/* The collector hurries when many are lent: frames that were forgotten come back through it. */
	bigarray = caml_alloc_custom(
		&stub_loan_operations, sizeof *array + sizeof array->dim[0], 1, net->frame_count / 2 + 1);
	*loan = (struct stub_loan){.proxy = {.refcount = 1}, .owner = net, .frame = frame};
	array = Caml_ba_array_val(bigarray);
	array->data = frame->buffer + VIRTIO_NET_HEADROOM;
	array->num_dims = 1;
	array->flags = CAML_BA_CHAR | CAML_BA_C_LAYOUT | CAML_BA_MAPPED_FILE;
	array->proxy = &loan->proxy;
	array->dim[0] = (intnat)(frame->capacity - VIRTIO_NET_HEADROOM);
	net->loans++;
	net->lent_lately = true;
	return bigarray;
}

void stub_net_put(struct stub_net *net, struct virtio_net_frame *frame)
{
	virtio_net_frame_reset(frame);
	frame->next = net->free;
	net->free = frame;
}

void stub_net_end_loan(value slice)
{
	stub_slice_loan(slice)->over = true;
	Slice_array(slice)->dim[0] = 0;
}

void stub_net_put_slot(struct stub_net *net, struct net_slot *slot)
{
	if (slot->loan != NULL)
		slot->loan->pins--;
	slot->loan = NULL;
	slot->next = net->free_slots;
	net->free_slots = slot;
}

static void make_slots(struct stub_net *net)
{
	for (unsigned i = 0; i < NET_SLOTS; i++) {
		struct net_slot *slot = &net->slots[i];
		uint8_t *head =
			net->memory + (size_t)net->frame_count * net->frame_size + i * (VIRTIO_NET_HEADROOM + NET_HEAD);

		virtio_net_frame_init(&slot->head, head, (uintptr_t)head, VIRTIO_NET_HEADROOM + NET_HEAD);
		slot->head.context = slot;
		slot->number = i;
		stub_net_put_slot(net, slot);
	}
}

int stub_net_make_pool(struct stub_net *net, unsigned count)
{
	size_t heads = NET_SLOTS * (VIRTIO_NET_HEADROOM + NET_HEAD);

	loan_operations_init();
	net->frame_count = count;
	/* Room for a VLAN tag; a multiple of 64, so that no two frames share a cache line. */
	net->frame_size = (net->net.mtu_limit + 32u + VIRTIO_NET_ETHERNET + VIRTIO_NET_VLAN + 63) / 64 * 64;
	net->memory_size = (size_t)count * net->frame_size + heads;
	net->frames = stub_alloc(count * sizeof *net->frames);
	net->memory = boot_alloc(net->memory_size, BOOT_PAGE_SIZE);
	if (net->frames == NULL || net->memory == NULL)
		return VIRTIO_ERR_NO_MEMORY;
	for (unsigned i = 0; i < count; i++) {
		uint8_t *buffer = net->memory + (size_t)i * net->frame_size;

		virtio_net_frame_init(&net->frames[i], buffer, (uintptr_t)buffer, net->frame_size);
		stub_net_put(net, &net->frames[i]);
	}
	make_slots(net);
	return 0;
}

void stub_net_free(struct stub_net *net)
{
	if (net->stuck)
		return;
	if (net->frames != NULL)
		stub_free(net->frames, net->frame_count * sizeof *net->frames);
	boot_free(net->memory, net->memory_size);
	stub_free(net, sizeof *net);
}
