/* SPDX-License-Identifier: ISC */
/* What a runtime does with the network driver, in the few steps that most tests of it are made of. */
#ifndef TEST_UNIT_FAKE_NET_USER_H
#define TEST_UNIT_FAKE_NET_USER_H

#include "fake/cmocka.h"
#include "fake/net.h"

/* Run the rest of a test for each kind of device. */
#define FOR_EACH_KIND(kind) \
	for (const struct fake_net_kind *kind = fake_net_kinds; kind < fake_net_kinds + fake_net_kind_count; kind++)

static inline void open_kind(const struct fake_net_kind *kind, const struct virtio_net_options *options)
{
	fake_net_start(kind->features);
	fake_net_attach(options);
	assert_int_equal(fake_net.net.first.header_size, kind->header);
	assert_int_equal(fake_net.net.first.own_header, kind->apart);
}

/* A modern device with a pool of its own frames. */
static inline void open_modern(void)
{
	fake_net_start(VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX);
	fake_net_attach(NULL);
}

/* Receive one frame; fails the test unless there is exactly one. */
static inline struct virtio_net_frame *receive_one(void)
{
	struct virtio_net_frame *frames[2];

	assert_int_equal(virtio_net_receive(&fake_net.net, frames, 2), 1);
	return frames[0];
}

static inline void release(struct virtio_net_frame *frame)
{
	assert_int_equal(virtio_net_release(&fake_net.net, &frame, 1), 1);
}

static inline int transmit(struct virtio_net_frame *frame)
{
	return virtio_net_transmit(&fake_net.net, &frame, 1);
}

/* Take one sent frame back; fails the test unless it is FRAME. */
static inline void assert_sent(struct virtio_net_frame *frame)
{
	struct virtio_net_frame *sent[2];

	assert_int_equal(virtio_net_transmitted(&fake_net.net, sent, 2), 1);
	assert_ptr_equal(sent[0], frame);
}

#endif
