/* SPDX-License-Identifier: ISC */
/* A virtqueue that breaks. */
#include "fake/breaking_ring.h"

static struct virtqueue_ops breaking;
static const struct virtqueue_ops *whole;
static bool (*breaks_here)(void);

static void look(struct virtqueue *vq)
{
	if (breaks_here())
		vq->fault = "this is where it breaks";
}

static int breaking_add(struct virtqueue *vq, const struct virtqueue_buffer *buffers, unsigned count)
{
	look(vq);
	return whole->add(vq, buffers, count);
}

static bool breaking_publish(struct virtqueue *vq)
{
	look(vq);
	return whole->publish(vq);
}

static int breaking_get(struct virtqueue *vq, struct virtqueue_used *used, unsigned count)
{
	look(vq);
	return whole->get(vq, used, count);
}

static bool breaking_enable_interrupts(struct virtqueue *vq, uint16_t after)
{
	look(vq);
	return whole->enable_interrupts(vq, after);
}

void fake_breaking_ring_use(struct fake_transport *fake, bool (*is_here)(void))
{
	whole = fake->rings[0];
	breaking = *whole;
	breaking.add = breaking_add;
	breaking.publish = breaking_publish;
	breaking.get = breaking_get;
	breaking.enable_interrupts = breaking_enable_interrupts;
	breaks_here = is_here;
	fake->rings[0] = &breaking;
}
