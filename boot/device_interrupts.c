/* SPDX-License-Identifier: ISC */
/* Where interrupts of libvirtio's devices meet the shim's handlers. */
#include <boot/acpi.h>
#include <boot/device_interrupts.h>
#include <virtio/spec/status.h>

/* The chipset of QEMU's q35 leads the lines of the devices 0 to 24 on its first bus to four inputs of the IO-APIC. */
#define ICH9_PLACE 0x00f8 /* 00:1f.0 */
#define ICH9_IDENTITY 0x29188086
#define ICH9_LAST_DEVICE 24
#define ICH9_FIRST_GSI 20
#define ICH9_LINES 4

#define ISA_INPUTS 16

static void tell(struct boot_device_interrupts *interrupts, uint8_t cause)
{
	if (cause & VIRTIO_INTERRUPT_CONFIG)
		__atomic_store_n(&interrupts->config_changed, true, __ATOMIC_RELAXED);
	__atomic_fetch_add(&interrupts->count, 1, __ATOMIC_RELAXED);
	if (interrupts->handler != NULL)
		interrupts->handler(interrupts->context);
}

static bool line_interrupt(void *context)
{
	struct boot_device_interrupts *interrupts = context;
	uint8_t cause = interrupts->device->msix ? 0 : virtio_device_interrupt(interrupts->device);

	if (cause != 0)
		tell(interrupts, cause);
	return cause != 0;
}

/* Vector 0 tells of the configuration, and with few vectors of virtqueues, too. */
static void first_vector_interrupt(void *context)
{
	tell(context, VIRTIO_INTERRUPT_CONFIG);
}

static void vector_interrupt(void *context)
{
	tell(context, VIRTIO_INTERRUPT_QUEUE);
}

/* Vectors are taken for good, so those of an earlier device that used the struct serve again. */
static unsigned make_messages(struct boot_device_interrupts *interrupts, unsigned count)
{
	struct boot_interrupt_message message;

	while (interrupts->messages_made < count &&
		boot_interrupt_message(interrupts->messages_made == 0 ? first_vector_interrupt : vector_interrupt,
			interrupts, &message) == 0)
		interrupts->messages[interrupts->messages_made++] =
			(struct virtio_msix_message){message.address, message.data};
	return interrupts->messages_made < count ? interrupts->messages_made : count;
}

static bool route_messages(struct boot_device_interrupts *interrupts)
{
	struct virtio_device *device = interrupts->device;
	unsigned most = virtio_pci_msix_vectors(&device->function);
	unsigned count = make_messages(interrupts, most < BOOT_DEVICE_VECTORS ? most : BOOT_DEVICE_VECTORS);
	int used = count == 0 ? VIRTIO_ERR_UNSUPPORTED : virtio_pci_use_msix(device, interrupts->messages, count);

	interrupts->vectors = used < 0 ? 0 : (unsigned)used;
	return used > 0;
}

static bool route_to_8259(struct boot_device_interrupts *interrupts, int irq)
{
	if (irq < 0 || irq >= ISA_INPUTS || boot_interrupt_line((unsigned)irq, &interrupts->on_line) < 0)
		return false;
	interrupts->line = "8259";
	return true;
}

static bool route_to_io_apic(struct boot_device_interrupts *interrupts, const struct boot_acpi_line *line)
{
	if (boot_interrupt_gsi(line, &interrupts->on_line) < 0)
		return false;
	interrupts->line = "IO-APIC";
	return true;
}

static bool find_ich9_line(const struct virtio_pci_function *function, struct boot_acpi_line *line)
{
	const struct virtio_pci_access *access = &function->access;
	unsigned pin = virtio_pci_interrupt_pin(function);
	unsigned device = function->address >> 3;

	if (pin == 0 || device > ICH9_LAST_DEVICE || access->ops->read(access, ICH9_PLACE, 0, 4) != ICH9_IDENTITY)
		return false;
	*line = (struct boot_acpi_line){.gsi = ICH9_FIRST_GSI + (device + pin - 1) % ICH9_LINES, .level = true};
	return true;
}

static bool route_intx(struct boot_device_interrupts *interrupts)
{
	const struct virtio_pci_function *function = &interrupts->device->function;
	struct boot_acpi_line line;

	return route_to_8259(interrupts, virtio_pci_interrupt_line(function)) ||
	       (find_ich9_line(function, &line) && route_to_io_apic(interrupts, &line));
}

/* The number in the window is that of a line which is high while the device has something to tell. */
static bool route_mmio(struct boot_device_interrupts *interrupts)
{
	const struct virtio_mmio_window *window = &interrupts->device->window;
	struct boot_acpi_line line = {.gsi = window->interrupt, .level = true};
	const struct boot_acpi_virtio_mmio *told;

	for (size_t n = 0; (told = boot_acpi_virtio_mmio(n)) != NULL; n++)
		if (told->base == window->address && told->has_line)
			line = told->line;
	return route_to_io_apic(interrupts, &line) ||
	       route_to_8259(interrupts, line.gsi < ISA_INPUTS ? (int)line.gsi : -1);
}

static bool route_line(struct boot_device_interrupts *interrupts)
{
	return interrupts->device->function.access.ops != NULL ? route_intx(interrupts) : route_mmio(interrupts);
}

int boot_device_interrupts(
	struct boot_device_interrupts *interrupts, struct virtio_device *device, enum boot_device_way way)
{
	bool line = false;

	interrupts->device = device;
	interrupts->vectors = 0;
	interrupts->line = NULL;
	interrupts->on_line.handle = line_interrupt;
	interrupts->on_line.context = interrupts;
	if (way == BOOT_DEVICE_LINE || !route_messages(interrupts))
		virtio_pci_use_intx(device);
	if (way != BOOT_DEVICE_MSIX)
		line = route_line(interrupts);
	return line || interrupts->vectors > 0 ? 0 : -1;
}

bool boot_device_interrupts_arrive(const struct boot_device_interrupts *interrupts)
{
	if (interrupts->device == NULL)
		return false;
	return interrupts->device->msix ? interrupts->vectors > 0 : interrupts->line != NULL;
}

const char *boot_device_interrupts_describe(const struct boot_device_interrupts *interrupts)
{
	if (!boot_device_interrupts_arrive(interrupts))
		return "polling";
	return interrupts->device->msix ? "MSI-X" : interrupts->line;
}
