/* SPDX-License-Identifier: ISC */
/* The fake machine: ports, timers and CPUID behind boot/machine.h. */
#include "machine.h"

#include <boot/interrupt.h>
#include <stdlib.h>
#include <string.h>

#include "../../../boot/machine.h"
#include "machine_inside.h"

#define PIT_HZ 1193182u
#define PM_TIMER_HZ 3579545u

struct fake_machine fake_machine;

static struct fake_machine *const m = &fake_machine;

void fake_machine_reset(void)
{
	memset(m, 0, sizeof *m);
	m->tsc_hz = 1000000000;
	m->step = 1000;
	m->pm_timer_mask = 0xffffff;
	m->apic_lint0 = 0x10000;
}

void fake_machine_cpuid(uint32_t leaf, uint32_t eax, uint32_t ebx, uint32_t ecx, uint32_t edx)
{
	size_t i;

	for (i = 0; i < m->leaves && m->leaf[i].leaf != leaf; i++)
		;
	if (i == FAKE_LEAVES)
		abort();
	m->leaf[i].leaf = leaf;
	m->leaf[i].eax = eax;
	m->leaf[i].ebx = ebx;
	m->leaf[i].ecx = ecx;
	m->leaf[i].edx = edx;
	if (i == m->leaves)
		m->leaves++;
}

void fake_machine_hypervisor(uint32_t base, const char *signature, uint32_t last)
{
	uint32_t words[3];

	memcpy(words, signature, sizeof words);
	fake_machine_cpuid(base, last, words[0], words[1], words[2]);
	fake_machine_cpuid(1, 0, 0, boot_cpuid(1, 0).ecx | 1u << 31, 0);
}

void fake_machine_config(uint32_t slot, uint32_t function, uint32_t offset, uint32_t value)
{
	if (m->config_count == FAKE_REGISTERS)
		abort();
	m->config[m->config_count].address = 1u << 31 | slot << 11 | function << 8 | offset;
	m->config[m->config_count].value = value;
	m->config_count++;
}

enum fake_end fake_machine_run(void (*code)(void))
{
	int end = setjmp(m->end);

	if (end == 0)
		code();
	return (enum fake_end)end;
}

void fake_machine_stop(enum fake_end how)
{
	longjmp(m->end, (int)how);
}

void fake_machine_broken(const char *rule)
{
	if (m->strict && m->broken_rule == NULL)
		m->broken_rule = rule;
}

static void move(uint64_t cycles)
{
	if (!m->tsc_stuck)
		m->tsc += cycles;
}

void fake_machine_pass(void)
{
	m->accesses++;
	move(m->step);
	if (m->away_for != 0 && m->accesses == m->away_at)
		move(m->away_for);
	if (m->slow_every != 0 && m->accesses % m->slow_every == 0)
		move(m->slow_for);
}

/* Ticks of a timer of HZ in CYCLES. */
static uint64_t ticks(uint64_t cycles, uint32_t hz)
{
	return (uint64_t)((double)cycles * hz / (double)m->tsc_hz);
}

static uint16_t pit_count(void)
{
	uint32_t reload = m->pit_reload == 0 ? 0x10000 : m->pit_reload;

	if (m->strict && reload == 0x10000)
		reload = 0xffff;
	if (m->pit_stuck)
		return (uint16_t)reload;
	return (uint16_t)(reload - ticks(m->tsc - m->pit_start, PIT_HZ) % reload);
}

static void pit_control(uint8_t value)
{
	uint8_t access = value >> 4 & 3, mode = value & 0xf;

	if (value >> 6 != 0) {
		fake_machine_broken("a PIT channel other than 0");
		return;
	}
	if (access == 0) {
		if (m->pit_latched == 0) {
			m->pit_latch = pit_count();
			m->pit_latched = 2;
		}
		return;
	}
	if (access != 3)
		fake_machine_broken("PIT access that is not low byte, then high byte");
	if (mode != 0 && mode != 4 && mode != 6 && mode != 8)
		fake_machine_broken("a PIT mode other than 0, 2, 3, 4");
	m->pit_mode = mode >> 1;
	m->pit_written = 0;
	m->pit_latched = 0;
	m->pit_armed = false;
}

static void pit_load(uint8_t value)
{
	if (m->pit_written++ == 0) {
		m->pit_reload = value;
		return;
	}
	m->pit_written = 0;
	m->pit_reload |= (uint32_t)value << 8;
	m->pit_start = m->tsc;
	m->pit_armed = m->pit_mode == 0 && !m->pit_stuck;
}

static uint8_t pit_read(void)
{
	uint16_t count = m->pit_latched > 0 ? m->pit_latch : pit_count();

	if (m->pit_latched == 0)
		fake_machine_broken("reading the PIT without a latch");
	return m->pit_latched-- == 2 ? (uint8_t)count : (uint8_t)(count >> 8);
}

static void record(uint16_t port, uint8_t width, uint32_t value)
{
	if (m->writes == FAKE_WRITES)
		return;
	m->write[m->writes].port = port;
	m->write[m->writes].width = width;
	m->write[m->writes].value = value;
	m->writes++;
}

uint8_t boot_in8(uint16_t port)
{
	fake_machine_pass();
	if (port == 0x43)
		fake_machine_broken("reading port 0x43");
	if (m->pm_timer_port != 0 && port >= m->pm_timer_port && port < m->pm_timer_port + 4)
		fake_machine_broken("reading the PM timer with 8 bits");
	if (m->pit && port == 0x40)
		return pit_read();
	if (m->pic && (port & ~0x81) == 0x20)
		return fake_machine_pic_read((port & 0x80) != 0, port & 1);
	if (m->elcr && (port == 0x4d0 || port == 0x4d1))
		return m->elcr_level[port & 1];
	if (m->cmos && port == 0x71) {
		if (m->cmos_runs_wild && m->cmos_index == 0)
			m->cmos_register[0] = (uint8_t)((m->cmos_register[0] + 1) % 60);
		return m->cmos_register[m->cmos_index];
	}
	if (m->debug_exit && port == 0x501)
		return 0;
	if (m->pvpanic != 0 && port == 0x505)
		return m->pvpanic;
	if (port >= 0x500 && port <= 0x505)
		fake_machine_broken("a port that bhyve does not have");
	return 0xff;
}

uint16_t boot_in16(uint16_t port)
{
	fake_machine_pass();
	if (m->pm_control_port != 0 && port == m->pm_control_port)
		return m->pm_control;
	if (m->pm_status_port != 0 && port == m->pm_status_port)
		return m->pm_status;
	if (m->pm_enable_port != 0 && port == m->pm_enable_port)
		return m->pm_enable;
	fake_machine_broken("a 16-bit read");
	return 0xffff;
}

static uint32_t config_read(void)
{
	for (size_t i = 0; i < m->config_count; i++)
		if (m->config[i].address == m->config_address)
			return m->config[i].value;
	return 0xffffffff;
}

uint32_t boot_in32(uint16_t port)
{
	fake_machine_pass();
	if (m->pm_timer_port != 0 && port == m->pm_timer_port) {
		uint64_t count = m->pm_timer_stuck ? 0 : ticks(m->tsc, PM_TIMER_HZ);

		return (uint32_t)(m->pm_timer_first + count) & m->pm_timer_mask;
	}
	if (port == 0xcf8)
		return m->no_pci ? 0xffffffff : m->config_address;
	if (port == 0xcfc)
		return config_read();
	fake_machine_broken("a 32-bit read where no 32-bit register is");
	return 0xffffffff;
}

void boot_out8(uint16_t port, uint8_t value)
{
	fake_machine_pass();
	record(port, 1, value);
	if (port == 0x70)
		m->cmos_index = value & 0x7f;
	if (m->pit && port == 0x43)
		pit_control(value);
	if (m->pit && port == 0x40)
		pit_load(value);
	if (m->pic && (port == 0x20 || port == 0x21))
		fake_machine_pic_write(0, port == 0x21, value);
	if (m->pic && (port == 0xa0 || port == 0xa1))
		fake_machine_pic_write(1, port == 0xa1, value);
	if (m->elcr && (port == 0x4d0 || port == 0x4d1))
		m->elcr_level[port & 1] = value;
	if (m->reset_port && port == 0xcf9 && value == 6)
		fake_machine_stop(FAKE_RESET);
	if (m->keyboard_reset && port == 0x64 && value == 0xfe)
		fake_machine_stop(FAKE_RESET);
	if (m->smi_port != 0 && port == m->smi_port && value == m->smi_value)
		m->pm_control |= 1;
	if (m->pvpanic != 0 && port == 0x505 && (value & 1))
		fake_machine_stop(FAKE_PANICKED);
	if (m->debug_exit && port == 0x501) {
		m->exit_status = value;
		fake_machine_stop(FAKE_DEBUG_EXIT);
	}
}

void boot_out16(uint16_t port, uint16_t value)
{
	fake_machine_pass();
	record(port, 2, value);
	if (m->pm_control_port != 0 && port == m->pm_control_port && value == m->pm_control_off)
		fake_machine_stop(FAKE_POWERED_OFF);
	if (m->pm_status_port != 0 && port == m->pm_status_port)
		m->pm_status = (uint16_t)(m->pm_status & ~value);
	if (m->pm_enable_port != 0 && port == m->pm_enable_port)
		m->pm_enable = value;
}

void boot_out32(uint16_t port, uint32_t value)
{
	fake_machine_pass();
	record(port, 4, value);
	if (port == 0xcf8)
		m->config_address = value;
	else
		fake_machine_broken("a 32-bit write");
}

struct boot_cpuid boot_cpuid(uint32_t leaf, uint32_t subleaf)
{
	fake_machine_pass();
	for (size_t i = 0; i < m->leaves && subleaf == 0; i++)
		if (m->leaf[i].leaf == leaf)
			return (struct boot_cpuid){m->leaf[i].eax, m->leaf[i].ebx, m->leaf[i].ecx, m->leaf[i].edx};
	return (struct boot_cpuid){0, 0, 0, 0};
}

uint64_t boot_tsc(void)
{
	move(20);
	fake_machine_interrupt();
	return m->tsc;
}

void boot_pause(void)
{
	move(100);
	fake_machine_interrupt();
}

void boot_triple_fault(void)
{
	fake_machine_stop(FAKE_TRIPLE_FAULT);
}

void boot_halt(void)
{
	fake_machine_stop(FAKE_HALTED);
	abort();
}
