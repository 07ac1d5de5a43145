/* SPDX-License-Identifier: ISC */
/*
 * A network device of OCaml's and its frames. Each frame of the pool is, at any time, either the device's (to receive
 * or to send), or in the free list, or received and not asked for yet, or lent to OCaml as a Bigarray.
 */
#ifndef VIRTIO_OCAML_STUBS_NET_H
#define VIRTIO_OCAML_STUBS_NET_H

#include "stubs.h"

#define NET_BURST 32
#define NET_SLOTS 128 /* packets of OCaml's own memory under way at most: as many as `held` has elements */
#define NET_HEAD 96   /* bytes of such a packet that go with the device's header; shorter ones are copied whole */

/* A packet of OCaml's own memory under way: its head is copied, the rest is sent from where it is. */
struct net_slot {
	struct virtio_net_frame head, rest;
	struct stub_loan *loan; /* whose memory it is, when that is another device's */
	struct net_slot *next;  /* of the free ones */
	unsigned number;        /* the element of `held` that keeps its memory alive */
};

struct stub_net {
	struct stub_device base;
	struct virtio_net net;
	struct virtio_net_frame *frames; /* the pool */
	unsigned frame_count;
	uint32_t frame_size; /* bytes of each one's memory */
	uint8_t *memory;     /* of all frames, then of all slots' heads */
	size_t memory_size;
	struct virtio_net_frame *free; /* linked by next */
	struct virtio_net_frame *received[NET_BURST];
	unsigned received_next, received_end; /* those of `received` that were not asked for yet */
	unsigned receiving;                   /* frames that the device has to receive into */
	unsigned under_way;                   /* packets that the device has to send */
	unsigned loans;                       /* that exist, over or not */
	bool lent_lately;                     /* since the last look for frames that OCaml has forgotten */
	bool wants_room;                      /* something could not be sent */
	bool closed;                          /* detached: goes away with the last loan */
	bool stuck;                           /* the device may still write to our memory, so that stays */
	struct net_slot slots[NET_SLOTS];
	struct net_slot *free_slots;
};

/* The value of OCaml's Virtio_net.handle: { mutable pointer : int; more : Obj.t array }. */
#define Net_val(handle) ((struct stub_net *)Pointer_val(Field(handle, 0)))
#define Net_held(handle) Field(handle, 1)

/* A Bigarray over FRAME from now on. Allocates in OCaml's heap; if it raises, nothing has changed. */
value stub_net_lend(struct stub_net *net, struct virtio_net_frame *frame);

/* FRAME is nobody's. */
void stub_net_put(struct stub_net *net, struct virtio_net_frame *frame);

/* A loan ends before its Bigarrays do: the one in SLICE is empty from now on. The frame is the caller's. */
void stub_net_end_loan(value slice);

/* SLOT is free again; its element of `held` is the caller's business. */
void stub_net_put_slot(struct stub_net *net, struct net_slot *slot);

/* Make the pool and the slots. 0, or VIRTIO_ERR_NO_MEMORY. */
int stub_net_make_pool(struct stub_net *net, unsigned count);

/* Free NET, once it is closed and no loan is left. */
void stub_net_free(struct stub_net *net);

/* Take sent frames and packets back. 0 or an error. */
int stub_net_reclaim(struct stub_net *net, value held);

/* Give free frames to the device to receive into, as many as it takes. 0 or an error. */
int stub_net_refill(struct stub_net *net);

#endif
