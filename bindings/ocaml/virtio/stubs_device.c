/* SPDX-License-Identifier: ISC */
/* Devices as the stubs share them: finding them, their interrupts, and the one sleep that waits for all of them. */
#include <boot/clock.h>
#include <boot/memory.h>
#include <boot/platform.h>
#include <caml/custom.h>

#include "../runtime/runtime.h"
#include "stubs.h"

/* What is left of closed devices, to be used again. */
struct spare_interrupts {
	struct boot_device_interrupts interrupts;
	bool used;
	struct spare_interrupts *next;
};

static struct stub_device *open_devices;
static struct spare_interrupts *all_interrupts;

void *stub_alloc(size_t size)
{
	void *memory = boot_alloc(size, 64);

	return memory != NULL ? __builtin_memset(memory, 0, size) : NULL;
}

void stub_free(void *memory, size_t size)
{
	boot_free(memory, size);
}

static struct boot_device_interrupts *interrupts_get(void)
{
	struct spare_interrupts *spare = all_interrupts;

	while (spare != NULL && spare->used)
		spare = spare->next;
	if (spare == NULL) {
		spare = stub_alloc(sizeof *spare);
		if (spare == NULL)
			return NULL;
		spare->next = all_interrupts;
		all_interrupts = spare;
	}
	spare->used = true;
	return &spare->interrupts;
}

static void interrupts_put(struct boot_device_interrupts *interrupts)
{
	for (struct spare_interrupts *spare = all_interrupts; spare != NULL; spare = spare->next)
		if (&spare->interrupts == interrupts)
			spare->used = false;
}

/* Sleep for as long as it takes when every device can wake us; else look now and then. */
static void choose_longest_sleep(void)
{
	bool all_arrive = true;

	for (struct stub_device *device = open_devices; device != NULL; device = device->next)
		if (device->interrupts == NULL || !boot_device_interrupts_arrive(device->interrupts))
			all_arrive = false;
	boot_wait_set_longest(all_arrive ? UINT64_MAX : BOOT_WAIT_POLL);
}

static int device_open(struct stub_device *device, uint32_t type, unsigned nth)
{
	const struct boot_info *info = runtime_boot_info();
	static struct virtio_pci_access pci;
	struct virtio_find_sources sources = boot_sources(info, &pci);
	int result;

	for (const struct stub_device *other = open_devices; other != NULL; other = other->next)
		if (other->driver->type == type && other->nth == nth)
			return VIRTIO_ERR_BUSY;
	device->nth = nth;
	result = virtio_find(&device->device, boot_platform(), &sources, type, nth, &virtio_support_all);
	if (result < 0)
		return result;
	device->interrupts = interrupts_get();
	if (device->interrupts != NULL)
		boot_device_interrupts(device->interrupts, &device->device, BOOT_DEVICE_BEST);
	return 0;
}

static void device_free(struct stub_device *device)
{
	if (device->driver->free != NULL)
		device->driver->free(device);
	else
		stub_free(device, device->driver->size);
}

value stub_attach(const struct stub_driver *driver, value nth, value option)
{
	struct stub_device *device = stub_alloc(driver->size);
	int result;

	if (device == NULL)
		return Val_result(VIRTIO_ERR_NO_MEMORY);
	device->driver = driver;
	result = device_open(device, driver->type, (unsigned)Long_val(nth));
	if (result == 0)
		result = driver->attach(device, Long_val(option));
	if (result < 0)
		return stub_detached(device, result);
	device->next = open_devices;
	open_devices = device;
	choose_longest_sleep();
	return Val_pointer(device);
}

/* Also for a device that did not get as far as the list. */
void stub_close(struct stub_device *device)
{
	struct stub_device **link = &open_devices;

	while (*link != NULL && *link != device)
		link = &(*link)->next;
	if (*link != NULL)
		*link = device->next;
	if (device->interrupts != NULL)
		interrupts_put(device->interrupts);
	device->interrupts = NULL;
	choose_longest_sleep();
}

value stub_detached(struct stub_device *device, int result)
{
	stub_close(device);
	device_free(device);
	return Val_result(result);
}

struct stub_loan *stub_slice_loan(value slice)
{
	if (Custom_ops_val(Field(slice, 0)) != &stub_loan_operations)
		return NULL;
	return (struct stub_loan *)Slice_array(slice)->proxy;
}

int stub_slice_data(value slice, uint8_t **data)
{
	struct caml_ba_array *array = Slice_array(slice);
	struct stub_loan *loan = stub_slice_loan(slice);
	intnat offset = Slice_offset(slice), length = Slice_length(slice);

	if (loan != NULL && loan->over)
		return STUB_RELEASED;
	if (offset < 0 || length < 0 || offset > array->dim[0] || length > array->dim[0] - offset)
		return STUB_RANGE;
	*data = (uint8_t *)array->data + offset;
	return 0;
}

value virtio_ocaml_wait(value until);

/* Virtio.wait: until is a time of Time.now, or below 0 for ever. */
value virtio_ocaml_wait(value until)
{
	uint64_t deadline = Long_val(until) < 0 ? UINT64_MAX : (uint64_t)Long_val(until);
	bool work = false;

	for (struct stub_device *device = open_devices; device != NULL; device = device->next)
		work |= device->driver->arm(device);
	if (!work)
		boot_wait(deadline);
	for (struct stub_device *device = open_devices; device != NULL; device = device->next)
		device->driver->disarm(device);
	return Val_unit;
}
