/* SPDX-License-Identifier: ISC */
/* MSI-X tables. */
#include "fake/msix.h"

#include "fake/cmocka.h"

#define CONTROL 2
#define TABLE 4
#define ENTRY_CONTROL 3

static unsigned control(const struct fake_msix *msix)
{
	return fake_region_load(&msix->function->config[msix->function->msix + CONTROL], 2);
}

bool fake_msix_enabled(const struct fake_msix *msix)
{
	return control(msix) & 0x8000;
}

bool fake_msix_masked(const struct fake_msix *msix)
{
	return control(msix) & 0x4000;
}

static uint32_t *find(struct fake_msix *msix, uint64_t offset, unsigned width)
{
	uint64_t at = offset - FAKE_MSIX_OFFSET;

	if (!fake_pci_decodes_memory(msix->function))
		fail_msg("memory decoding is off");
	if (width != 4 || offset < FAKE_MSIX_OFFSET || at / 16 >= msix->entries)
		fail_msg("%u bytes at 0x%llx are not in the MSI-X table", width, (unsigned long long)offset);
	return &msix->table[at / 16][at % 16 / 4];
}

static uint32_t read_table(void *context, uint64_t offset, unsigned width)
{
	return *find(context, offset, width);
}

static void write_table(void *context, uint64_t offset, unsigned width, uint32_t value)
{
	struct fake_msix *msix = context;
	uint32_t *word = find(msix, offset, width);
	const uint32_t *entry = msix->table[(offset - FAKE_MSIX_OFFSET) / 16];

	if (word != &entry[ENTRY_CONTROL] && !(entry[ENTRY_CONTROL] & 1) && fake_msix_enabled(msix) &&
		!fake_msix_masked(msix))
		fail_msg("an entry that may be in use is changed");
	if (word == &entry[ENTRY_CONTROL] && (value ^ *word) & ~1u)
		fail_msg("reserved bits of an entry are changed");
	*word = value;
}

void fake_msix_start(struct fake_msix *msix, struct fake_pci_function *function, unsigned entries)
{
	*msix = (struct fake_msix){.function = function, .entries = entries};
	msix->registers = (struct fake_region){
		.length = FAKE_MSIX_BAR_SIZE, .read = read_table, .write = write_table, .context = msix};
	for (unsigned i = 0; i < entries; i++)
		msix->table[i][ENTRY_CONTROL] = 0xabcd0001;
	fake_pci_set_bar(
		function, FAKE_MSIX_BAR, FAKE_PCI_MEMORY32, FAKE_MSIX_ADDRESS, FAKE_MSIX_BAR_SIZE, &msix->registers);
	if (!function->msix)
		fake_pci_add_msix(function, false);
	fake_region_store(&function->config[function->msix + CONTROL], 2, entries - 1);
	fake_region_store(&function->config[function->msix + TABLE], 4, FAKE_MSIX_OFFSET | FAKE_MSIX_BAR);
}

bool fake_msix_send(struct fake_msix *msix, unsigned vector, struct virtio_msix_message *message)
{
	assert_true(vector < msix->entries);
	const uint32_t *entry = msix->table[vector];

	*message = (struct virtio_msix_message){.address = entry[0] | (uint64_t)entry[1] << 32, .data = entry[2]};
	return fake_msix_enabled(msix) && !fake_msix_masked(msix) && !(entry[ENTRY_CONTROL] & 1) &&
	       fake_pci_masters(msix->function);
}
