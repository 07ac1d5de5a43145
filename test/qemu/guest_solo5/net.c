/* SPDX-License-Identifier: ISC */
/* Two network devices on one wire: what one sends the other reads. */
#include "guest.h"

#define SECOND UINT64_C(1000000000)
#define ROUNDS 600
#define LARGEST 9014

static uint8_t sent[LARGEST + 1], received[LARGEST];
static solo5_handle_t service, inside;
static struct solo5_net_info info;

static void check_acquire(void)
{
	struct solo5_net_info other;
	solo5_handle_t handle = 99;

	CHECK(solo5_net_read(1, received, sizeof received, &(size_t){0}) == SOLO5_R_EINVAL); /* not acquired yet */
	CHECK(solo5_net_write(1, sent, 60) == SOLO5_R_EINVAL);
	CHECK(solo5_net_acquire("nothing", &handle, &info) == SOLO5_R_EINVAL);
	CHECK(solo5_net_acquire("", &handle, &info) == SOLO5_R_EINVAL);
	CHECK(solo5_net_acquire("storage", &handle, &info) == SOLO5_R_EINVAL);
	CHECK(solo5_net_acquire(NULL, &handle, &info) == SOLO5_R_EINVAL);
	CHECK(solo5_net_acquire("service", NULL, &info) == SOLO5_R_EINVAL);
	CHECK(solo5_net_acquire("service", &handle, NULL) == SOLO5_R_EINVAL && handle == 99);
	CHECK(solo5_net_acquire("service", &service, &info) == SOLO5_R_OK && service == 1);
	CHECK(solo5_net_acquire("service", &handle, &other) == SOLO5_R_EINVAL);
	CHECK(solo5_net_acquire("inside", &inside, &other) == SOLO5_R_OK && inside == 3);
	CHECK(info.mtu >= 1500 && info.mtu <= LARGEST - SOLO5_NET_HLEN && other.mtu == info.mtu);
	CHECK(info.mac_address[5] != other.mac_address[5]);
}

static void check_misuse(void)
{
	size_t length, longest = info.mtu + SOLO5_NET_HLEN;

	CHECK(solo5_net_write(service, sent, longest + 1) == SOLO5_R_EINVAL);
	CHECK(solo5_net_write(service, sent, SOLO5_NET_HLEN - 1) == SOLO5_R_EINVAL);
	CHECK(solo5_net_write(service, sent, 0) == SOLO5_R_EINVAL);
	CHECK(solo5_net_write(service, NULL, 60) == SOLO5_R_EINVAL);
	CHECK(solo5_net_write(0, sent, 60) == SOLO5_R_EINVAL); /* the reserved entry */
	CHECK(solo5_net_write(2, sent, 60) == SOLO5_R_EINVAL); /* a disk */
	CHECK(solo5_net_write(64, sent, 60) == SOLO5_R_EINVAL);
	CHECK(solo5_net_write(UINT64_MAX, sent, 60) == SOLO5_R_EINVAL);
	CHECK(solo5_net_read(inside, received, longest - 1, &length) == SOLO5_R_EINVAL);
	CHECK(solo5_net_read(inside, NULL, longest, &length) == SOLO5_R_EINVAL);
	CHECK(solo5_net_read(inside, received, longest, NULL) == SOLO5_R_EINVAL);
	CHECK(solo5_net_read(0, received, longest, &length) == SOLO5_R_EINVAL);
	CHECK(solo5_net_read(UINT64_MAX, received, longest, &length) == SOLO5_R_EINVAL);
	CHECK(solo5_net_read(inside, received, longest, &length) == SOLO5_R_AGAIN);
}

static void make_frame(size_t size, unsigned round)
{
	for (size_t i = 0; i < size; i++)
		sent[i] = (uint8_t)(i * 7 + round);
	for (size_t i = 0; i < SOLO5_NET_ALEN; i++) {
		sent[i] = 0xff;
		sent[SOLO5_NET_ALEN + i] = info.mac_address[i];
	}
	sent[12] = 0x88;
	sent[13] = 0xb5;
}

/* Sleep until it is here, told as the one ready handle, and compare. */
static void expect_frame(size_t size)
{
	solo5_handle_set_t ready = 0;
	size_t length = 0;

	solo5_yield(solo5_clock_monotonic() + 60 * SECOND, &ready);
	CHECK(ready == UINT64_C(1) << inside);
	CHECK(solo5_net_read(inside, received, sizeof received, &length) == SOLO5_R_OK);
	CHECK(length == size);
	for (size_t i = 0; i < size; i++)
		CHECK(received[i] == sent[i]);
}

void check_net(void)
{
	size_t longest;

	check_acquire();
	check_misuse();
	longest = info.mtu + SOLO5_NET_HLEN;
	make_frame(longest, 0);
	CHECK(solo5_net_write(service, sent, longest) == SOLO5_R_OK);
	expect_frame(longest);
	/* More than any ring holds, of all lengths. Short ones would be padded on their way. */
	for (unsigned round = 0; round < ROUNDS; round++) {
		size_t size = 60 + round * 37 % (longest - 60);

		make_frame(size, round);
		CHECK(solo5_net_write(service, sent, size) == SOLO5_R_OK);
		expect_frame(size);
	}
}
