/* SPDX-License-Identifier: ISC */
/*
 * PCI configuration space as a device may have it (VIRTIO 4.1): headers, BARs, capability lists, MSI-X. It begins as
 * that of a good device, and the input changes bytes of it; then reads lie, too. The bus is searched, functions that
 * are found are opened, and what opens is attached to.
 */
#include <virtio/rng.h>
#include <virtio/spec/ids.h>

#include "session.h"

#define MOST_FUNCTIONS 600 /* on four buses, with eight of each device, and some that appear by lies */

static struct fuzz_device device;
static const struct virtio_pci_windows windows = {0xf0000000, 0x1000000, 0x6000, 0x1000};

static void change(struct fuzz_input *input)
{
	static const uint16_t everywhere[] = {0, 0, 7, 0x100, 0xf8, 0x300};

	for (unsigned count = fuzz_byte(input) & 31; count > 0; count--) {
		unsigned offset = fuzz_byte(input);

		device.pci_config[offset] = fuzz_byte(input);
	}
	for (unsigned count = fuzz_byte(input) & 3; count > 0; count--) {
		unsigned bar = fuzz_byte(input) % 6u;

		device.bar_sizes[bar] = fuzz_byte(input) & 1 ? fuzz_u32(input) : 1u << fuzz_below(input, 32);
	}
	device.pci_everywhere = everywhere[fuzz_byte(input) % 6u];
}

static void use(const struct virtio_pci_function *function)
{
	static const struct virtio_msix_message messages[3] = {{0xfee00000, 0x40}};
	struct virtio_rng rng;
	uint8_t bytes[16];

	fuzz_check(virtio_pci_msix_vectors(function) <= 2048);
	fuzz_check(virtio_pci_interrupt_line(function) < 16 && virtio_pci_interrupt_pin(function) <= 4);
	if (virtio_pci_open(&device.driver, device.platform, function, &virtio_support_all) < 0)
		return;
	if (fuzz_byte(device.input) & 1)
		fuzz_check(virtio_pci_use_msix(&device.driver, messages, 3) <= 3);
	if (virtio_rng_attach(&rng, &device.driver) == 0) {
		fuzz_check(virtio_rng_read(&rng, bytes, sizeof bytes) <= (int)sizeof bytes);
		(void)virtio_rng_detach(&rng);
	}
}

static void search(struct virtio_pci_access *access)
{
	struct virtio_pci_function function = virtio_pci_first(access);
	uint16_t before = 0;
	unsigned count = 0;

	while (virtio_pci_next(&function)) {
		fuzz_check(count++ == 0 || function.address > before); /* upwards, so there is an end */
		before = function.address;
		fuzz_check(function.address >> 8 <= access->last_bus);
		fuzz_check(count <= MOST_FUNCTIONS);
		fuzz_runtime_call(FUZZ_PATIENCE);
		if (virtio_pci_type(&function) && count < 3)
			use(&function);
		fuzz_runtime_call(FUZZ_PATIENCE);
	}
}

static uint32_t message(struct fuzz_device *with, unsigned queue, const struct fuzz_chain *chain, uint8_t *bytes)
{
	(void)with, (void)queue, (void)chain;
	bytes[0] = 1;
	return 1;
}

static uint32_t answer(struct fuzz_device *with, unsigned queue, const struct fuzz_chain *chain)
{
	(void)with, (void)queue, (void)chain;
	return 0;
}

static const struct fuzz_kind kind = {
	.type = VIRTIO_ID_ENTROPY, .queues = 1, .config = (const uint8_t *)"", .message = message, .answer = answer};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = {data, size};
	struct virtio_pci_access access;

	fuzz_device_start(&device, &kind, &input);
	device.bus &= ~(unsigned)FUZZ_MMIO_MODERN; /* either kind of PCI */
	fuzz_pci_describe(&device);
	change(&input);
	access = fuzz_pci_access(&device);
	access.last_bus = 3;
	if (fuzz_byte(&input) & 1)
		virtio_pci_assign_from(&access, &windows);
	search(&access);
	fuzz_runtime_end();
	return 0;
}
