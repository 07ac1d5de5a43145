/* SPDX-License-Identifier: ISC */
/*
 * A machine for tests of the clock, power and idle code: it takes the place of boot/x86_64/machine.c. Time
 * passes only when it is touched: every access costs `step` cycles. It can be as strict as bhyve, and a test
 * fails when it does what ends a virtual machine there.
 */
#ifndef FAKE_MACHINE_H
#define FAKE_MACHINE_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAKE_LEAVES 16
#define FAKE_REGISTERS 16
#define FAKE_WRITES 64
#define FAKE_VECTORS 256

/* How the processor stopped, as fake_machine_run() answers. */
enum fake_end {
	FAKE_RETURNED,       /* the code under test came back */
	FAKE_HALTED,         /* interrupts off, halted for ever */
	FAKE_DEBUG_EXIT,     /* isa-debug-exit was written: see exit_status */
	FAKE_POWERED_OFF,    /* soft off through the PM registers */
	FAKE_RESET,          /* port 0xCF9, the tables' reset register, or port 0x64 */
	FAKE_PANICKED,       /* pvpanic was told, then halted */
	FAKE_TRIPLE_FAULT,   /* the processor shut down */
	FAKE_SLEPT_FOR_EVER, /* halted for an interrupt that will never come */
	FAKE_BAD_VECTOR,     /* an interrupt that nobody handles */
};

/* All of the machine. Tests set the fields that they care about after fake_machine_reset(). */
struct fake_machine {
	uint64_t tsc;        /* now, in cycles */
	uint64_t tsc_hz;     /* how fast it runs */
	uint64_t step;       /* cycles that each access costs */
	uint64_t away_at;    /* at this access the processor is taken away for a while ... */
	uint64_t away_for;   /* ... of so many cycles; 0 for never */
	uint64_t slow_every; /* of so many accesses one takes ... */
	uint64_t slow_for;   /* ... so many cycles more; 0 for none */
	uint64_t accesses;   /* accesses so far */
	bool tsc_stuck;      /* the counter never moves */
	bool strict;         /* bhyve: fail the test on what ends the machine there */

	struct {
		uint32_t leaf, eax, ebx, ecx, edx;
	} leaf[FAKE_LEAVES]; /* CPUID; all others answer 0 */
	size_t leaves;

	bool pit;            /* there is a PIT */
	bool pit_stuck;      /* it answers, but never counts */
	uint8_t pit_mode;    /* last mode set, of channel 0 */
	uint32_t pit_reload; /* last value loaded; 0 while half written */
	uint64_t pit_start;  /* the cycle at which it was loaded */
	int pit_written;     /* bytes of the reload value so far */
	int pit_latched;     /* bytes still in the latch */
	uint16_t pit_latch;  /* the latched value */
	bool pit_armed;      /* mode 0: the interrupt is still to come */

	uint16_t pm_timer_port;  /* 0 for none */
	uint32_t pm_timer_mask;  /* 24 or 32 bits */
	uint32_t pm_timer_first; /* its value at cycle 0 */
	bool pm_timer_stuck;     /* it answers, but never counts */

	struct {
		uint32_t address, value;
	} config[FAKE_REGISTERS]; /* PCI configuration registers; all others read all ones */
	size_t config_count;
	uint32_t config_address;
	bool no_pci; /* no configuration registers at all */

	bool cmos;                  /* the CMOS clock is there ... */
	uint8_t cmos_register[128]; /* ... and shows this */
	uint8_t cmos_index;
	bool cmos_runs_wild; /* another second at every look */

	bool debug_exit;          /* isa-debug-exit at 0x501 */
	uint8_t pvpanic;          /* events that pvpanic takes; 0 for no such device */
	uint16_t pm_control_port; /* where soft off works; 0 for nowhere */
	uint16_t pm_control_off;  /* the value that does it */
	uint16_t pm_control;      /* what it reads: bit 0, ACPI mode */
	uint16_t pm_status_port;  /* PM1 status; 0 for nowhere */
	uint16_t pm_enable_port;  /* PM1 enable */
	uint16_t pm_status;       /* events that happened, cleared by writing them */
	uint16_t pm_enable;       /* events that are enabled */
	uint16_t smi_port;        /* where ACPI mode is switched on; 0 for nowhere */
	uint8_t smi_value;        /* the value that does it */

	uint64_t device_base;   /* some device registers in memory; 0 for none */
	uint8_t device_off;     /* sleep register, at device_base + 0x200: the value that switches off */
	uint8_t device_reset;   /* reset register, at device_base + 0x202: the value that resets */
	uint32_t device_events; /* event selector, at device_base: cleared by reading */

	const uint8_t *readable; /* what boot_paging_readable() makes readable: memory from address 0 on ... */
	size_t readable_length;  /* ... up to here */
	bool reset_port;         /* 0xCF9 works */
	bool keyboard_reset;     /* port 0x64 works */
	int exit_status;         /* what isa-debug-exit was told */

	bool pic;                 /* two 8259 */
	int pic_step[2];          /* which initialisation word comes next */
	uint8_t pic_mask[2];      /* interrupt masks */
	uint8_t pic_base[2];      /* vectors after remapping */
	int pic_in_service;       /* interrupts not yet acknowledged */
	bool line_cut;            /* the 8259 does not reach the processor */
	uint8_t pic_isr[2];       /* inputs that are being handled */
	bool pic_shows_isr[2];    /* the command port reads as that */
	bool elcr;                /* inputs may be made level-triggered ... */
	uint8_t elcr_level[2];    /* ... and these are */
	unsigned irq_input;       /* an input with a device on it ... */
	bool irq_raised;          /* ... that raises it */
	uint64_t irq_at;          /* the cycle in which it will; 0 for never */
	uint32_t interrupt_count; /* interrupts delivered */

	uint64_t msr_apic_base; /* IA32_APIC_BASE: which mode the local APIC is in */
	uint32_t apic_spurious; /* its registers ... */
	uint32_t apic_lvt_timer;
	uint32_t apic_lint0;                /* masked at first */
	uint32_t apic_id;                   /* as the register has it */
	unsigned apic_ends;                 /* ends of interrupts */
	bool io_apic;                       /* there is one at 0xfec00000, and one at 0xfec10000 with 8 inputs ... */
	uint32_t io_apic_index[2];          /* ... with this register selected ... */
	uint32_t io_apic_register[2][0x40]; /* ... of these */
	uint32_t apic_initial_count;        /* 0 when the timer does not run */
	uint64_t apic_start;                /* the cycle in which it was set */
	bool apic_stuck;                    /* it never counts */
	bool apic_deaf;                     /* its interrupt does not arrive */
	uint32_t kvm_clock_mul;             /* what kvmclock's page says; 0: the MSR faults */
	int8_t kvm_clock_shift;             /* likewise */
	uint32_t kvm_wall_seconds;          /* when kvmclock started: cycle 0; 0 when it does not tell */
	bool kvm_clock_hidden;              /* the MSR takes the address and nothing is written */

	bool interrupts;                              /* allowed */
	uint64_t sleeps;                              /* times that the processor slept */
	uint64_t slept;                               /* cycles asleep */
	void (*handler[FAKE_VECTORS])(void *context); /* as set by boot_interrupt_set() */
	void *handler_context[FAKE_VECTORS];

	struct {
		uint16_t port;
		uint8_t width;
		uint32_t value;
	} write[FAKE_WRITES]; /* port writes, the first ones */
	size_t writes;

	const char *broken_rule; /* what it did that bhyve forbids; NULL for nothing */
	jmp_buf end;             /* where a stop goes */
};

/* The one machine. */
extern struct fake_machine fake_machine;

/* A machine with nothing in it but a 1 GHz time stamp counter. */
void fake_machine_reset(void);

/* Let CPUID answer LEAF. */
void fake_machine_cpuid(uint32_t leaf, uint32_t eax, uint32_t ebx, uint32_t ecx, uint32_t edx);

/* Say that a hypervisor runs it, with a twelve-character SIGNATURE at leaf BASE and the maximum leaf LAST. */
void fake_machine_hypervisor(uint32_t base, const char *signature, uint32_t last);

/* Let the PCI function at SLOT.FUNCTION of bus 0 read VALUE at OFFSET. */
void fake_machine_config(uint32_t slot, uint32_t function, uint32_t offset, uint32_t value);

/* Run CODE until it returns or the machine stops. */
enum fake_end fake_machine_run(void (*code)(void));

#endif
