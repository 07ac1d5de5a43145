/* SPDX-License-Identifier: ISC */
/*
 * A runtime with a boot of its own: it takes the library and leaves the shim. Here the runtime is a process with a
 * libc, which shows that nothing but the hooks is asked for: it runs a virtqueue in its own memory, and finds that a
 * PCI bus without devices has none.
 */
#include <stdlib.h>
#include <string.h>

#include <virtio/device.h>
#include <virtio/pci.h>
#include <virtio/virtqueue.h>

static size_t outstanding;

static void *take(void *context, size_t size, size_t alignment)
{
	(void)context;
	outstanding++;
	return aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

static void give(void *context, void *memory, size_t size)
{
	(void)context;
	(void)size;
	outstanding--;
	free(memory);
}

static void *take_dma(void *context, size_t size, size_t alignment, uint64_t *device_address)
{
	void *memory = take(context, size, alignment);

	*device_address = (uint64_t)(uintptr_t)memory;
	return memory;
}

static void give_dma(void *context, void *memory, size_t size, uint64_t device_address)
{
	(void)device_address;
	give(context, memory, size);
}

static const struct virtio_platform platform = {
	.size = sizeof platform,
	.alloc = take,
	.free = give,
	.dma_alloc = take_dma,
	.dma_free = give_dma,
};

/* One buffer goes in, nobody uses it, it is taken back. */
static int run_virtqueue(void)
{
	const struct virtqueue_config config = {
		.ops = &virtqueue_split_ops, .platform = &platform, .size = 8, .max_segments = 1};
	char data[16];
	struct virtio_segment segment = {data, (uint64_t)(uintptr_t)data, sizeof data};
	struct virtqueue_buffer buffer = {.segments = &segment, .token = data, .readable = 1};
	struct virtqueue vq;

	if (virtqueue_init(&vq, &config) != 0 || virtqueue_add(&vq, &buffer, 1) != 1)
		return 1;
	if (!virtqueue_publish(&vq) || virtqueue_take_back(&vq) != data)
		return 1;
	virtqueue_free(&vq);
	return outstanding != 0;
}

/* An empty bus reads all ones. */
static int search_bus(void)
{
	void *window = aligned_alloc(4096, 1 << 20);
	int found = 1;

	if (window) {
		struct virtio_pci_access access = virtio_pci_access_ecam(window, 0, 0);
		struct virtio_pci_function function = virtio_pci_first(&access);

		memset(window, 0xff, 1 << 20);
		found = virtio_pci_next(&function);
	}
	free(window);
	return found;
}

int main(void)
{
	return run_virtqueue() || search_bus() || strcmp(virtio_error_name(VIRTIO_ERR_IO), "VIRTIO_ERR_IO") != 0;
}
