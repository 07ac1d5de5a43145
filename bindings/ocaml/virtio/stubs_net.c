/* SPDX-License-Identifier: ISC */
/* Virtio.Net: attach, receive and transmit in bursts, in place. */
#include <boot/device_interrupts.h>
#include <caml/alloc.h>
#include <caml/memory.h>
#include <virtio/spec/ids.h>

#include "stubs_net.h"

value virtio_ocaml_net_attach(value nth, value frames);
value virtio_ocaml_net_detach(value handle);
value virtio_ocaml_net_describe(value handle);
value virtio_ocaml_net_poll_config(value handle);
value virtio_ocaml_net_link_up(value handle);
value virtio_ocaml_net_receive(value handle, value limit);
value virtio_ocaml_net_starved(value handle, value to_receive);
value virtio_ocaml_net_frame(value handle);
value virtio_ocaml_net_release(value handle, value slice);
value virtio_ocaml_net_transmit(value handle, value slices, value first);
value virtio_ocaml_net_under_way(value handle);
intnat virtio_ocaml_net_checksum(intnat sum, value slice);
value virtio_ocaml_net_checksum_boxed(value sum, value slice);

int stub_net_reclaim(struct stub_net *net, value held)
{
	struct virtio_net_frame *sent[NET_BURST];
	int count;

	do {
		count = virtio_net_transmitted(&net->net, sent, NET_BURST);
		for (int i = 0; i < count; i++) {
			struct net_slot *slot = sent[i]->context;

			net->wants_room = false;
			net->under_way--;
			if (slot == NULL) {
				stub_net_put(net, sent[i]);
				continue;
			}
			caml_modify(&Field(held, slot->number), Val_unit);
			stub_net_put_slot(net, slot);
		}
	} while (count == NET_BURST);
	return count < 0 ? count : 0;
}

int stub_net_refill(struct stub_net *net)
{
	struct virtio_net_frame *frames[NET_BURST];
	unsigned count;
	int taken;

	do {
		for (count = 0; count < NET_BURST && net->free != NULL; count++) {
			frames[count] = net->free;
			net->free = net->free->next;
			frames[count]->next = NULL;
		}
		taken = count > 0 ? virtio_net_release(&net->net, frames, count) : 0;
		for (unsigned i = taken > 0 ? (unsigned)taken : 0; i < count; i++)
			stub_net_put(net, frames[i]);
		if (taken > 0)
			net->receiving += (unsigned)taken;
	} while (taken == NET_BURST);
	return taken < 0 ? taken : 0;
}

/* Before a sleep: whatever came back is there to receive into. */
static bool net_arm(struct stub_device *device)
{
	struct stub_net *net = (struct stub_net *)device;
	bool work = net->received_next < net->received_end;

	work |= stub_net_refill(net) < 0;
	work |= virtio_net_enable_receive_interrupts(&net->net);
	if (net->wants_room)
		work |= virtio_net_enable_transmit_interrupts(&net->net);
	return work;
}

static void net_disarm(struct stub_device *device)
{
	struct stub_net *net = (struct stub_net *)device;

	virtio_net_disable_receive_interrupts(&net->net);
	virtio_net_disable_transmit_interrupts(&net->net);
}

static int net_attach(struct stub_device *device, intnat frames)
{
	const struct virtio_net_options options = {.own_receive_frames = true, .max_segments = 2};
	struct stub_net *net = (struct stub_net *)device;
	int result = virtio_net_attach(&net->net, &device->device, &options);

	if (result < 0)
		return result;
	result = stub_net_make_pool(net, (unsigned)frames);
	if (result == 0)
		result = stub_net_refill(net);
	if (result < 0)
		net->stuck = virtio_net_detach(&net->net, NULL, NULL) < 0;
	return result;
}

static void net_free(struct stub_device *device)
{
	stub_net_free((struct stub_net *)device);
}

value virtio_ocaml_net_attach(value nth, value frames)
{
	static const struct stub_driver driver = {
		.type = VIRTIO_ID_NET,
		.size = sizeof(struct stub_net),
		.attach = net_attach,
		.free = net_free,
		.arm = net_arm,
		.disarm = net_disarm,
	};

	return stub_attach(&driver, nth, frames);
}

/* What is lent keeps the memory; a stuck device, which may still write there, keeps it for ever. */
value virtio_ocaml_net_detach(value handle)
{
	struct stub_net *net = Net_val(handle);
	int result = virtio_net_detach(&net->net, NULL, NULL);

	stub_close(&net->base);
	net->closed = true;
	net->stuck = result < 0;
	if (net->loans == 0)
		stub_net_free(net);
	return Val_result(result);
}

/* (MAC address, MTU, transport, ring, interrupts) */
value virtio_ocaml_net_describe(value handle)
{
	CAMLparam1(handle);
	CAMLlocal1(told);
	struct stub_net *net = Net_val(handle);

	told = caml_alloc(5, 0);
	Store_field(told, 0, caml_alloc_initialized_string(sizeof net->net.mac, (const char *)net->net.mac));
	Store_field(told, 1, Val_long(net->net.mtu));
	Store_field(told, 2, caml_copy_string(net->base.device.transport->name));
	Store_field(told, 3, caml_copy_string(net->base.device.ring->name));
	Store_field(told, 4,
		caml_copy_string(net->base.interrupts != NULL ? boot_device_interrupts_describe(net->base.interrupts)
							      : "polling"));
	CAMLreturn(told);
}

value virtio_ocaml_net_poll_config(value handle)
{
	return Val_result(virtio_net_poll_config(&Net_val(handle)->net));
}

value virtio_ocaml_net_link_up(value handle)
{
	return Val_bool(Net_val(handle)->net.link_up);
}

static int net_fetch(struct stub_net *net, value held)
{
	int result = stub_net_reclaim(net, held);

	if (result == 0)
		result = stub_net_refill(net);
	if (result < 0 || net->received_next < net->received_end)
		return result;
	result = virtio_net_receive(&net->net, net->received, NET_BURST);
	net->received_next = 0;
	net->received_end = result > 0 ? (unsigned)result : 0;
	net->receiving -= net->received_end;
	return result;
}

/* An array of slices, or an error. Frames that OCaml has no memory for stay in `received`. */
value virtio_ocaml_net_receive(value handle, value limit)
{
	CAMLparam1(handle);
	CAMLlocal3(slices, slice, buffer);
	struct stub_net *net = Net_val(handle);
	int result = net_fetch(net, Net_held(handle));
	intnat count = (intnat)(net->received_end - net->received_next);

	if (result < 0)
		CAMLreturn(Val_result(result));
	if (count > Long_val(limit))
		count = Long_val(limit);
	slices = count > 0 ? caml_alloc((mlsize_t)count, 0) : Atom(0);
	for (intnat i = 0; i < count; i++) {
		struct virtio_net_frame *frame = net->received[net->received_next];

		slice = caml_alloc(3, 0);
		buffer = stub_net_lend(net, frame);
		net->received_next++;
		Store_field(slice, 0, buffer);
		Store_field(slice, 1, Val_long(frame->offset - VIRTIO_NET_HEADROOM));
		Store_field(slice, 2, Val_long(frame->length));
		Store_field(slices, (mlsize_t)i, slice);
	}
	CAMLreturn(slices);
}

/* Whether there are no frames, TO_RECEIVE or free ones, and looking for forgotten ones may help: once, until more are
 * lent. */
value virtio_ocaml_net_starved(value handle, value to_receive)
{
	struct stub_net *net = Net_val(handle);
	bool starved = net->free == NULL && net->lent_lately && !(Bool_val(to_receive) && net->receiving > 0);

	if (starved)
		net->lent_lately = false;
	return Val_bool(starved);
}

/* A free frame as a Bigarray, or VIRTIO_ERR_AGAIN. */
value virtio_ocaml_net_frame(value handle)
{
	CAMLparam1(handle);
	CAMLlocal1(buffer);
	struct stub_net *net = Net_val(handle);
	int result = net->free == NULL ? stub_net_reclaim(net, Net_held(handle)) : 0;
	struct virtio_net_frame *frame;

	if (result < 0 || net->free == NULL)
		CAMLreturn(Val_result(result < 0 ? result : VIRTIO_ERR_AGAIN));
	frame = net->free;
	net->free = frame->next;
	frame->next = NULL;
	buffer = stub_net_lend(net, frame);
	CAMLreturn(buffer);
}

/* Give a frame back unsent. 0, or a mistake; a buffer of OCaml's own is none of ours, and that is fine. */
value virtio_ocaml_net_release(value handle, value slice)
{
	struct stub_loan *loan = stub_slice_loan(slice);

	if (loan == NULL)
		return Val_result(0);
	if (loan->over)
		return Val_result(STUB_RELEASED);
	if (loan->pins > 0)
		return Val_result(STUB_IN_USE);
	stub_net_end_loan(slice);
	stub_net_put(loan->owner, loan->frame);
	(void)handle;
	return Val_result(0);
}

/* A frame of our own is sent as it is. */
static int prepare_loan(struct stub_loan *loan, const uint8_t *data, uint32_t length, struct virtio_net_frame **frame)
{
	if (loan->pins > 0)
		return STUB_IN_USE;
	*frame = loan->frame;
	(*frame)->offset = (uint32_t)(data - (*frame)->buffer);
	(*frame)->length = length;
	(*frame)->segments = 1;
	loan->pins++;
	return 0;
}

/* OCaml's own memory has no room for the device's header: the beginning is copied behind one. */
static int prepare_slot(
	struct stub_net *net, struct stub_loan *loan, uint8_t *data, uint32_t length, struct virtio_net_frame **frame)
{
	struct net_slot *slot = net->free_slots;
	uint32_t copied = length <= NET_HEAD ? length : VIRTIO_NET_ETHERNET;

	if (slot == NULL)
		return VIRTIO_ERR_AGAIN;
	net->free_slots = slot->next;
	slot->loan = loan;
	if (loan != NULL) /* another device's: it does not get it back as long as it is under way here */
		loan->pins++;
	virtio_net_frame_reset(&slot->head);
	__builtin_memcpy(virtio_net_frame_data(&slot->head), data, copied);
	slot->head.length = copied;
	if (copied < length) {
		virtio_net_frame_init(&slot->rest, data + copied, (uintptr_t)(data + copied), length - copied);
		slot->rest.offset = 0;
		slot->rest.length = length - copied;
		slot->head.segments = 2;
		slot->head.next = &slot->rest;
	}
	*frame = &slot->head;
	return 0;
}

static int prepare(struct stub_net *net, value slice, struct virtio_net_frame **frame)
{
	struct stub_loan *loan = stub_slice_loan(slice);
	uint8_t *data = NULL;
	int result = stub_slice_data(slice, &data);

	if (result < 0)
		return result;
	if (Slice_length(slice) > VIRTIO_NET_LONGEST)
		return VIRTIO_ERR_TOO_LARGE;
	if (loan != NULL && loan->owner == net)
		return prepare_loan(loan, data, (uint32_t)Slice_length(slice), frame);
	return prepare_slot(net, loan, data, (uint32_t)Slice_length(slice), frame);
}

/* After the driver has TAKEN the packet of SLICE, or not. */
static void settle(struct stub_net *net, value held, value slice, struct virtio_net_frame *frame, bool taken)
{
	struct net_slot *slot = frame->context;

	if (slot == NULL) {
		stub_slice_loan(slice)->pins--;
		if (taken)
			stub_net_end_loan(slice);
	} else if (taken) {
		caml_modify(&Field(held, slot->number), Field(slice, 0));
	} else {
		stub_net_put_slot(net, slot);
	}
}

/* Send slices[first], ... in one burst: how many were taken, or an error about the first. Allocates nothing. */
value virtio_ocaml_net_transmit(value handle, value slices, value first)
{
	struct stub_net *net = Net_val(handle);
	struct virtio_net_frame *frames[NET_BURST];
	mlsize_t start = (mlsize_t)Long_val(first);
	unsigned count = 0;
	int result = stub_net_reclaim(net, Net_held(handle));

	while (result == 0 && count < NET_BURST && start + count < Wosize_val(slices)) {
		result = prepare(net, Field(slices, start + count), &frames[count]);
		count += result == 0;
	}
	if (count > 0)
		result = virtio_net_transmit(&net->net, frames, count);
	for (unsigned i = 0; i < count; i++)
		settle(net, Net_held(handle), Field(slices, start + i), frames[i], result > 0 && i < (unsigned)result);
	if (result == VIRTIO_ERR_AGAIN)
		result = 0;
	if (result > 0)
		net->under_way += (unsigned)result;
	net->wants_room |= result >= 0 && start + (unsigned)result < Wosize_val(slices);
	return Val_result(result);
}

/* How many packets the device has not sent yet, or an error. */
value virtio_ocaml_net_under_way(value handle)
{
	struct stub_net *net = Net_val(handle);
	int result = stub_net_reclaim(net, Net_held(handle));

	net->wants_room |= net->under_way > 0; /* whoever asks wants to be woken when it is less */
	return Val_result(result < 0 ? result : (int)net->under_way);
}

/* The internet checksum's sum, as a number; or a mistake. */
intnat virtio_ocaml_net_checksum(intnat sum, value slice)
{
	uint8_t *data = NULL;
	int result = stub_slice_data(slice, &data);

	if (result < 0)
		return result;
	return __builtin_bswap16(
		virtio_net_checksum(data, (size_t)Slice_length(slice), __builtin_bswap16((uint16_t)sum)));
}

value virtio_ocaml_net_checksum_boxed(value sum, value slice)
{
	return Val_long(virtio_ocaml_net_checksum(Long_val(sum), slice));
}
