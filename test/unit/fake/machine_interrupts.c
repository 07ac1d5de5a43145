/* SPDX-License-Identifier: ISC */
/* The fake machine's interrupts: two 8259 with a timer and a device on them, the local APIC's timer, sleeping. */
#include <boot/interrupt.h>

#include "../../../boot/machine.h"
#include "machine.h"
#include "machine_inside.h"

#define PIT_HZ 1193182u
#define APIC_HZ 1000000000u

static struct fake_machine *const m = &fake_machine;

void fake_machine_pic_write(int chip, bool data, uint8_t value)
{
	if (!data && (value & 0x10)) {
		if ((value & 1) == 0 || (value & 2) != 0)
			fake_machine_broken("ICW1 without ICW4, or without cascade");
		m->pic_step[chip] = 2;
		m->pic_mask[chip] = 0;
	} else if (!data) {
		if ((value & 0x20) && m->pic_in_service > 0)
			m->pic_in_service--;
		if (value & 0x20)
			m->pic_isr[chip] &= (uint8_t)(m->pic_isr[chip] - 1); /* the one of the highest priority */
		m->pic_shows_isr[chip] = value == 0x0b;
	} else if (m->pic_step[chip] == 2) {
		m->pic_base[chip] = value;
		m->pic_step[chip] = 3;
	} else if (m->pic_step[chip] == 3) {
		m->pic_step[chip] = 4;
	} else if (m->pic_step[chip] == 4) {
		if ((value & 1) == 0)
			fake_machine_broken("ICW4 without 8086 mode");
		m->pic_step[chip] = 0;
	} else {
		m->pic_mask[chip] = value;
	}
}

uint8_t fake_machine_pic_read(int chip, bool data)
{
	if (data)
		return m->pic_mask[chip];
	return m->pic_shows_isr[chip] ? m->pic_isr[chip] : 0;
}

/* Whether the processor hears the 8259: bhyve's local APIC, once it is on, lets them through by LINT0 alone. */
static bool pic_is_heard(void)
{
	bool cut_off = (m->apic_spurious & 0x100) && m->apic_lint0 != 0x700;

	return m->pic && !m->line_cut && !cut_off && m->pic_in_service == 0;
}

/* The cycle at which the PIT's interrupt reaches the processor; UINT64_MAX for never. */
static uint64_t pit_rings_at(void)
{
	uint64_t reload = m->pit_reload == 0 ? 0x10000 : m->pit_reload;

	if (!m->pit || !m->pit_armed || !pic_is_heard() || (m->pic_mask[0] & 1))
		return UINT64_MAX;
	return m->pit_start + (uint64_t)((double)reload * (double)m->tsc_hz / PIT_HZ);
}

/* Likewise for the local APIC's. */
static uint64_t apic_rings_at(void)
{
	bool ready = (m->apic_spurious & 0x100) && (m->msr_apic_base & 0x800) && !m->apic_deaf;

	if (m->apic_initial_count == 0 || !ready || (m->apic_lvt_timer & 0x10000))
		return UINT64_MAX;
	return m->apic_start + m->apic_initial_count * UINT64_C(16) * m->tsc_hz / APIC_HZ;
}

/* Likewise for the device's. */
static uint64_t irq_rings_at(void)
{
	unsigned int irq = m->irq_input;

	if (!pic_is_heard() || (m->pic_mask[irq / 8] >> irq % 8 & 1) || (irq >= 8 && (m->pic_mask[0] & 4)))
		return UINT64_MAX;
	if (m->irq_raised)
		return m->tsc;
	return m->irq_at == 0 ? UINT64_MAX : m->irq_at;
}

static void deliver(unsigned int vector)
{
	m->interrupts = false;
	m->interrupt_count++;
	if (vector >= FAKE_VECTORS || m->handler[vector] == NULL)
		fake_machine_stop(FAKE_BAD_VECTOR);
	m->handler[vector](m->handler_context[vector]);
	m->interrupts = true;
}

static void deliver_irq(void)
{
	unsigned int irq = m->irq_input;

	m->irq_raised = true;
	m->irq_at = 0;
	m->pic_in_service += irq < 8 ? 1 : 2;
	m->pic_isr[irq / 8] |= (uint8_t)(1u << irq % 8);
	m->pic_isr[0] |= irq < 8 ? 0 : 4;
	deliver(m->pic_base[irq / 8] + irq % 8);
}

void fake_machine_interrupt(void)
{
	if (m->interrupts && m->tsc >= irq_rings_at())
		deliver_irq();
	if (m->interrupts && m->tsc >= pit_rings_at()) {
		m->pit_armed = false;
		m->pic_in_service++;
		deliver(m->pic_base[0]);
	}
	if (m->interrupts && m->tsc >= apic_rings_at()) {
		m->apic_initial_count = 0;
		deliver(m->apic_lvt_timer & 0xff);
	}
}

bool boot_interrupts_disable(void)
{
	bool allowed = m->interrupts;

	m->interrupts = false;
	return allowed;
}

void boot_interrupts_enable(void)
{
	m->interrupts = true;
	fake_machine_interrupt();
}

void boot_sleep(void)
{
	uint64_t pit = pit_rings_at(), apic = apic_rings_at(), device = irq_rings_at();
	uint64_t next = pit < apic ? pit : apic;

	next = device < next ? device : next;
	if (next == UINT64_MAX)
		fake_machine_stop(FAKE_SLEPT_FOR_EVER);
	m->sleeps++;
	if (next > m->tsc) {
		m->slept += next - m->tsc;
		m->tsc = next;
	}
	m->interrupts = true;
	fake_machine_interrupt();
	m->interrupts = false;
}

uint32_t boot_interrupt_count(void)
{
	return m->interrupt_count;
}

int boot_interrupt_set(unsigned int vector, void (*handler)(void *context), void *context)
{
	if (vector < BOOT_INTERRUPT_FIRST || vector > BOOT_INTERRUPT_LAST)
		return -1;
	m->handler[vector] = handler;
	m->handler_context[vector] = context;
	return 0;
}
