/* SPDX-License-Identifier: ISC */
/* A split ring of 4 entries and any 6 calls, for Frama-C's Eva: the device writes what it likes (tools/prove). */
#include <virtio/virtqueue.h>

#define SIZE 4
#define CALLS 6
#define BYTES 100

volatile uint16_t any16;
volatile uint32_t any32;
volatile int any;

static struct virtqueue_slot slots[SIZE];
static uint64_t ring[64];
static char tokens[CALLS];

static void *give_slots(void *context, size_t bytes, size_t alignment)
{
	(void)context, (void)bytes, (void)alignment;
	return slots;
}

static void *give_ring(void *context, size_t bytes, size_t alignment, uint64_t *address)
{
	(void)context, (void)bytes, (void)alignment;
	*address = 4096;
	return ring;
}

static void add(struct virtqueue *vq, char *token)
{
	struct virtio_segment segment = {.device_address = 1, .length = BYTES};
	struct virtqueue_buffer buffer = {&segment, token, 0, 1};

	if (virtqueue_add(vq, &buffer, 1) >= 0)
		(void)virtqueue_publish(vq);
}

static void get(struct virtqueue *vq)
{
	struct virtqueue_used used[2] = {0};
	int got = virtqueue_get(vq, used, 2);

	/*@ assert got <= 2; */
	for (int i = 0; i < got; i++) {
		/*@ assert used[i].length <= BYTES; */
	}
}

int main(void)
{
	struct virtio_platform platform = {.size = sizeof platform, .alloc = give_slots, .dma_alloc = give_ring};
	struct virtqueue_config config = {
		.platform = &platform, .ops = &virtqueue_split_ops, .size = SIZE, .max_segments = 1};
	struct virtqueue vq;

	if (virtqueue_init(&vq, &config) < 0)
		return 1;
	for (int call = 0; call < CALLS; call++) {
		if (any)
			add(&vq, &tokens[call]);
		else if (any)
			get(&vq);
		else
			(void)virtqueue_enable_interrupts(&vq, any16);
	}
	return 0;
}
