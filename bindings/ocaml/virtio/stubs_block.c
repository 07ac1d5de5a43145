/* SPDX-License-Identifier: ISC */
/*
 * Virtio.Block: requests, submitted and polled. The OCaml side keeps the buffers of a request alive until it has
 * finished; here they are pinned when they are a network device's.
 */
#include <caml/alloc.h>
#include <caml/memory.h>
#include <virtio/spec/ids.h>

#include "stubs.h"

#define BLOCK_BURST 32

struct block_node {
	struct virtio_blk_request request;
	struct block_node *next;  /* of the finished ones */
	value number;             /* by which the OCaml side knows it: an integer */
	size_t size;              /* of this struct */
	struct stub_loan **loans; /* of each segment, or NULL */
	struct virtio_segment segments[];
};

struct stub_block {
	struct stub_device base;
	struct virtio_blk blk;
	struct block_node *finished;
	unsigned in_flight;
};

value virtio_ocaml_block_attach(value nth);
value virtio_ocaml_block_detach(value device);
value virtio_ocaml_block_free(value device);
value virtio_ocaml_block_describe(value device);
value virtio_ocaml_block_poll_config(value device);
value virtio_ocaml_block_submit(value device, value type, value place, value slices);
value virtio_ocaml_block_poll(value device);
value virtio_ocaml_block_number(value node);
value virtio_ocaml_block_finish(value node);

static bool block_arm(struct stub_device *device)
{
	struct stub_block *block = (struct stub_block *)device;

	return block->finished != NULL || (block->in_flight > 0 && virtio_blk_enable_interrupts(&block->blk));
}

static void block_disarm(struct stub_device *device)
{
	virtio_blk_disable_interrupts(&((struct stub_block *)device)->blk);
}

static int block_attach(struct stub_device *device, intnat option)
{
	(void)option;
	return virtio_blk_attach(&((struct stub_block *)device)->blk, &device->device, NULL);
}

value virtio_ocaml_block_attach(value nth)
{
	static const struct stub_driver driver = {
		.type = VIRTIO_ID_BLOCK,
		.size = sizeof(struct stub_block),
		.attach = block_attach,
		.arm = block_arm,
		.disarm = block_disarm,
	};

	return stub_attach(&driver, nth, Val_unit);
}

static void block_finished(void *context, struct virtio_blk_request *request)
{
	struct stub_block *block = context;
	struct block_node *node = request->context;

	node->next = block->finished;
	block->finished = node;
	block->in_flight--;
}

/* Every request in flight is finished afterwards: poll for them, then free. */
value virtio_ocaml_block_detach(value device)
{
	struct stub_block *block = Pointer_val(device);
	int result = virtio_blk_detach(&block->blk, block_finished, block);

	stub_close(&block->base);
	return Val_result(result);
}

value virtio_ocaml_block_free(value device)
{
	stub_free(Pointer_val(device), sizeof(struct stub_block));
	return Val_unit;
}

/* (sectors, block size, read only, flush, write cache, transport, ring) */
value virtio_ocaml_block_describe(value device)
{
	CAMLparam1(device);
	CAMLlocal1(told);
	struct stub_block *block = Pointer_val(device);

	told = caml_alloc(7, 0);
	Store_field(told, 0, Val_long((intnat)block->blk.capacity));
	Store_field(told, 1, Val_long((intnat)block->blk.block_size));
	Store_field(told, 2, Val_bool(block->blk.read_only));
	Store_field(told, 3, Val_bool(block->blk.flush));
	Store_field(told, 4, Val_bool(block->blk.write_cache));
	Store_field(told, 5, caml_copy_string(block->base.device.transport->name));
	Store_field(told, 6, caml_copy_string(block->base.device.ring->name));
	CAMLreturn(told);
}

value virtio_ocaml_block_poll_config(value device)
{
	return Val_result(virtio_blk_poll_config(&((struct stub_block *)Pointer_val(device))->blk));
}

static struct block_node *node_make(mlsize_t count)
{
	size_t size = sizeof(struct block_node) + count * (sizeof(struct virtio_segment) + sizeof(struct stub_loan *));
	struct block_node *node = count <= UINT16_MAX ? stub_alloc(size) : NULL;

	if (node == NULL)
		return NULL;
	node->size = size;
	node->loans = (struct stub_loan **)&node->segments[count];
	node->request.segments = node->segments;
	node->request.context = node;
	return node;
}

static void node_free(struct block_node *node)
{
	for (unsigned i = 0; i < node->request.segment_count; i++)
		if (node->loans[i] != NULL)
			node->loans[i]->pins--;
	stub_free(node, node->size);
}

/* A frame that is under way elsewhere may still be read or written, so it may not be used here. */
static int node_add(struct block_node *node, value slice)
{
	struct stub_loan *loan = stub_slice_loan(slice);
	uint8_t *data = NULL;
	int result = stub_slice_data(slice, &data);

	if (result < 0)
		return result;
	if (Slice_length(slice) > UINT32_MAX)
		return VIRTIO_ERR_TOO_LARGE;
	node->loans[node->request.segment_count] = loan;
	node->segments[node->request.segment_count++] = virtio_segment_identity(data, (uint32_t)Slice_length(slice));
	if (loan != NULL)
		loan->pins++;
	return 0;
}

/* PLACE is (sector, sectors, unmap, number). The request as a pointer, or an error. Allocates nothing of OCaml's. */
value virtio_ocaml_block_submit(value device, value type, value place, value slices)
{
	struct stub_block *block = Pointer_val(device);
	struct block_node *node = node_make(Wosize_val(slices));
	struct virtio_blk_request *request;
	int result = 0;

	if (node == NULL)
		return Val_result(VIRTIO_ERR_NO_MEMORY);
	request = &node->request;
	request->type = (enum virtio_blk_operation)Long_val(type);
	request->sector = (uint64_t)Long_val(Field(place, 0));
	request->sector_count = (uint64_t)Long_val(Field(place, 1));
	request->unmap = Bool_val(Field(place, 2));
	node->number = Field(place, 3);
	for (mlsize_t i = 0; i < Wosize_val(slices) && result == 0; i++)
		result = node_add(node, Field(slices, i));
	if (result == 0)
		result = virtio_blk_submit(&block->blk, &request, 1);
	if (result <= 0) {
		node_free(node);
		return Val_result(result == 0 ? VIRTIO_ERR_AGAIN : result);
	}
	block->in_flight++;
	return Val_pointer(node);
}

/* A finished request as a pointer, 0 when there is none, or an error. */
value virtio_ocaml_block_poll(value device)
{
	struct stub_block *block = Pointer_val(device);
	struct virtio_blk_request *requests[BLOCK_BURST];
	struct block_node *node;
	int count = 0;

	if (block->finished == NULL && block->in_flight > 0 && block->blk.device != NULL)
		count = virtio_blk_completed(&block->blk, requests, BLOCK_BURST);
	for (int i = 0; i < count; i++)
		block_finished(block, requests[i]);
	node = block->finished;
	if (node == NULL)
		return Val_result(count < 0 ? count : 0);
	block->finished = node->next;
	return Val_pointer(node);
}

/* The number that submit was given. */
value virtio_ocaml_block_number(value node)
{
	return ((struct block_node *)Pointer_val(node))->number;
}

/*
 * The result of a request that poll has told of. The request is gone afterwards, unless a stuck device may still use
 * its buffers.
 */
value virtio_ocaml_block_finish(value node)
{
	struct block_node *finished = Pointer_val(node);
	int result = finished->request.result;

	if (result != VIRTIO_ERR_TIMEOUT)
		node_free(finished);
	return Val_result(result);
}
