/* SPDX-License-Identifier: ISC */
/* The fake machine: registers in memory (the local APIC, other devices) and model-specific registers. */
#include <boot/memory.h>
#include <string.h>

#include "../../../boot/machine.h"
#include "../../../boot/paging.h"
#include "machine.h"
#include "machine_inside.h"

#define APIC_HZ 1000000000u

static struct fake_machine *const m = &fake_machine;

static uint32_t apic_read(uint32_t index)
{
	uint64_t ticks;

	if (index == 0x02)
		return m->apic_id;
	if (index != 0x39 || m->apic_initial_count == 0)
		return 0;
	ticks = (m->tsc - m->apic_start) / 16 * APIC_HZ / m->tsc_hz;
	return m->apic_stuck ? m->apic_initial_count : m->apic_initial_count - (uint32_t)ticks;
}

static void apic_write(uint32_t index, uint32_t value)
{
	if (index == 0x0f) {
		m->apic_spurious = value;
	} else if (index == 0x0b) {
		m->apic_ends++;
	} else if (index == 0x35) { /* an APIC that is off keeps its inputs masked */
		m->apic_lint0 = m->apic_spurious & 0x100 ? value : value | 0x10000;
	} else if (index == 0x32) {
		m->apic_lvt_timer = value;
	} else if (index == 0x38) {
		m->apic_initial_count = value;
		m->apic_start = m->tsc;
	}
}

/* The local APIC's registers in memory lie in this page, which is only ever an address. */
static uint8_t apic_page[0x400];

/* Likewise those of the IO-APICs. */
static uint32_t io_apic_pages[2][8];

static uint32_t *io_apic_register(unsigned number)
{
	static uint32_t version;
	uint32_t index = m->io_apic_index[number];

	if (index == 1) {
		version = number == 0 ? 0x170020 : 0x070020;
		return &version;
	}
	if (index >= 0x40 || index < 0x10)
		fake_machine_broken("an IO-APIC register that does not exist");
	return &m->io_apic_register[number][index & 0x3f];
}

/* Whether ADDRESS is in IO-APIC NUMBER. */
static bool is_io_apic(const void *address, unsigned number)
{
	return address == &io_apic_pages[number][0] || address == &io_apic_pages[number][4];
}

static bool io_apic_write(void *address, unsigned number, uint32_t value)
{
	if (!is_io_apic(address, number))
		return false;
	if (address == io_apic_pages[number])
		m->io_apic_index[number] = value;
	else
		*io_apic_register(number) = value;
	return true;
}

/* Likewise other devices' registers. */
static uint32_t device_page[0x100];

void *boot_map_device(uint64_t physical_address, uint64_t length)
{
	if (m->device_base != 0 && physical_address >= m->device_base &&
		physical_address - m->device_base + length <= sizeof device_page)
		return (uint8_t *)device_page + (physical_address - m->device_base);
	if (m->io_apic && (physical_address == 0xfec00000 || physical_address == 0xfec10000) && length <= 32)
		return io_apic_pages[physical_address >> 16 & 1];
	return physical_address == 0xfee00000 && length <= sizeof apic_page ? apic_page : NULL;
}

static uint32_t apic_index(const void *address)
{
	if ((m->msr_apic_base & 0xc00) != 0x800)
		fake_machine_broken("local APIC registers in memory, in the wrong mode");
	return (uint32_t)((const uint8_t *)address - apic_page) / 16;
}

const void *boot_paging_readable(uint64_t physical_address, uint64_t length)
{
	if (physical_address > m->readable_length || length > m->readable_length - physical_address)
		return NULL;
	return m->readable + physical_address;
}

void boot_write8(void *address, uint8_t value)
{
	fake_machine_pass();
	if (address == (uint8_t *)device_page + 0x200 && value == m->device_off)
		fake_machine_stop(FAKE_POWERED_OFF);
	if (address == (uint8_t *)device_page + 0x202 && value == m->device_reset)
		fake_machine_stop(FAKE_RESET);
}

static uint32_t take_device_events(void)
{
	uint32_t events = m->device_events;

	m->device_events = 0;
	return events;
}

uint32_t boot_read32(const void *address)
{
	fake_machine_pass();
	if (address == device_page)
		return take_device_events();
	if (is_io_apic(address, 0))
		return *io_apic_register(0);
	if (is_io_apic(address, 1))
		return *io_apic_register(1);
	return apic_read(apic_index(address));
}

void boot_write32(void *address, uint32_t value)
{
	fake_machine_pass();
	if (!io_apic_write(address, 0, value) && !io_apic_write(address, 1, value))
		apic_write(apic_index(address), value);
}

uint64_t boot_rdmsr(uint32_t index)
{
	fake_machine_pass();
	if (index == 0x1b)
		return m->msr_apic_base;
	if (index >= 0x800 && index < 0x840 && (m->msr_apic_base & 0xc00) == 0xc00)
		return apic_read(index - 0x800);
	fake_machine_broken("reading an MSR");
	return 0;
}

/* What KVM writes at the address given to its clock MSR. */
static void kvm_clock_write(uint64_t value)
{
	uint8_t *page = (uint8_t *)(uintptr_t)(value & ~UINT64_C(1)); /* NOLINT: the guest's memory is ours */

	uint64_t nanoseconds;

	if (m->kvm_clock_mul == 0) {
		fake_machine_broken("writing an MSR that faults");
		return;
	}
	if ((value & 1) == 0 || m->kvm_clock_hidden)
		return;
	memset(page, 0, 32);
	page[0] = 2; /* version: even, stable */
	memcpy(page + 8, &m->tsc, 8);
	nanoseconds = (uint64_t)((double)m->tsc * 1e9 / (double)m->tsc_hz);
	memcpy(page + 16, &nanoseconds, 8);
	memcpy(page + 24, &m->kvm_clock_mul, 4);
	page[28] = (uint8_t)m->kvm_clock_shift;
}

/* Likewise where its wall clock is to be told. */
static void kvm_wall_write(uint64_t value)
{
	uint8_t *page = (uint8_t *)(uintptr_t)value; /* NOLINT: the guest's memory is ours */

	if (m->kvm_clock_mul == 0) {
		fake_machine_broken("writing an MSR that faults");
		return;
	}
	if (m->kvm_wall_seconds == 0)
		return;
	memset(page, 0, 12);
	page[0] = 2;
	memcpy(page + 4, &m->kvm_wall_seconds, 4);
}

void boot_wrmsr(uint32_t index, uint64_t value)
{
	fake_machine_pass();
	if (index == 0x4b564d00)
		kvm_wall_write(value);
	else if (index == 0x4b564d01 || index == 0x12)
		kvm_clock_write(value);
	else if (index >= 0x800 && index < 0x840 && (m->msr_apic_base & 0xc00) == 0xc00)
		apic_write(index - 0x800, (uint32_t)value);
	else
		fake_machine_broken("writing an unknown MSR");
}
