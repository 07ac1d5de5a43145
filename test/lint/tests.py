# SPDX-License-Identifier: ISC
"""Each source file has a test file, test/unit/test_<name>.c; those that drive a device do it over each kind of ring.

TESTED_BY tells of the others where they are tested: along with the file that uses them, or in a machine.
"""
import os
import re

BOOT_GUEST = 'test/qemu/boot/main.c'
MACHINES = 'test/qemu/cases.py'

TESTED_BY = {
    'boot/acpi_controllers.c': 'test/unit/test_acpi.c',
    'boot/acpi_ecam.c': 'test/unit/test_acpi.c',
    'boot/acpi_fixed.c': 'test/unit/test_acpi.c',
    'boot/acpi_parse.c': 'test/unit/test_acpi.c',
    'boot/alarm_apic.c': 'test/unit/test_wait.c',
    'boot/alarm_pit.c': 'test/unit/test_wait.c',
    'boot/chipset.c': 'test/unit/test_power.c',
    'boot/clock_apic.c': 'test/unit/test_clock.c',
    'boot/clock_cpuid.c': 'test/unit/test_clock_claims.c',
    'boot/clock_hypervisor.c': 'test/unit/test_clock_claims.c',
    'boot/clock_kvm.c': 'test/unit/test_clock_claims.c',
    'boot/hypervisor.c': 'test/unit/test_power.c',
    'boot/pit.c': 'test/unit/test_clock_measure.c',
    'boot/apic_interrupts.c': 'test/unit/test_interrupt_message.c',
    'boot/pic.c': 'test/unit/test_interrupt_line.c',
    'boot/shared_line.c': 'test/unit/test_interrupt_line.c',
    'boot/apic_vectors.c': 'test/unit/test_interrupt_message.c',
    'boot/pm.c': 'test/unit/test_power.c',
    'boot/pm_timer.c': 'test/unit/test_clock_measure.c',
    'boot/info_store.c': 'test/unit/test_multiboot1.c',
    'boot/loader_memory.c': 'test/unit/test_multiboot1.c',
    'boot/local_apic.c': 'test/unit/test_wait.c',
    'boot/device_interrupts.c': MACHINES,
    'boot/failure.c': BOOT_GUEST,
    'boot/memory.c': BOOT_GUEST,
    'boot/paging.c': BOOT_GUEST,
    'boot/platform.c': BOOT_GUEST,
    'boot/power_button_interrupt.c': 'test/qemu/guest_time/main.c',
    'boot/serial.c': BOOT_GUEST,
    'boot/start.c': BOOT_GUEST,
    'boot/x86_64/descriptors.c': BOOT_GUEST,
    'boot/x86_64/exceptions.c': BOOT_GUEST,
    'boot/x86_64/interrupts.c': BOOT_GUEST,
    'boot/x86_64/machine.c': BOOT_GUEST,
    'libvirtio/base/region_memory.c': 'test/unit/test_region.c',
    'libvirtio/base/region_port.c': MACHINES,
    'libvirtio/driver/net_chains.c': 'test/unit/test_net_queues.c',
    'libvirtio/driver/net_config.c': 'test/unit/test_net.c',
    'libvirtio/driver/net_control_address.c': 'test/unit/test_net_control_commands.c',
    'libvirtio/driver/net_control_coalescing.c': 'test/unit/test_net_control_commands.c',
    'libvirtio/driver/net_control_hash.c': 'test/unit/test_net_control_commands.c',
    'libvirtio/driver/net_control_offloads.c': 'test/unit/test_net_control_commands.c',
    'libvirtio/driver/net_frames.c': 'test/unit/test_net.c',
    'libvirtio/driver/net_needs.c': 'test/unit/test_net_negotiate.c',
    'libvirtio/driver/net_offload_settle.c': 'test/unit/test_net_offload.c',
    'libvirtio/driver/net_pair.c': 'test/unit/test_net.c',
    'libvirtio/pci/bar_ports.c': 'test/unit/test_bar.c',
    'libvirtio/pci/config_ecam.c': 'test/unit/test_config_port.c',
    'libvirtio/virtqueue/packed_in_order.c': 'test/unit/test_in_order.c',
    'libvirtio/virtqueue/split_chain.c': 'test/unit/test_virtqueue.c',
    'libvirtio/virtqueue/split_in_order.c': 'test/unit/test_in_order.c',
    'libvirtio/transport/mmio_common.c': 'test/unit/test_mmio_modern.c',
    'libvirtio/transport/open.c': 'test/unit/test_pci_open.c',
    'libvirtio/transport/pci_common.c': 'test/unit/test_pci_modern.c',
    'libvirtio/transport/pci_msix.c': 'test/unit/test_msix.c',
    'libvirtio/transport/support_all.c': MACHINES,
    'libvirtio/virtqueue/slots.c': 'test/unit/test_split.c',
}

FAKE_DEVICE = 'fake/transport.h'
OVER_RINGS = ('fake_transport_run_over', 'misfortune_run')
WHY_NOT = 'Not over each ring: '


def includes(files, path):
    """The fakes that a test uses, and those that they use."""
    found, left = set(), [path]
    while left:
        for name in re.findall(r'^#include "(fake/\w+\.h)"', files.text(left.pop()), re.M):
            if name not in found and f'test/unit/{name}' in files.paths:
                left.append(f'test/unit/{name}')
            found.add(name)
    return found


def rings(files):
    """A test that says nothing of rings drives its device over split ones alone, and nobody notices."""
    problems, count = [], 0
    for path in files.under('test/unit/test_', ends=('.c',)):
        if FAKE_DEVICE not in includes(files, path):
            continue
        text = files.text(path)
        over = any(call in text for call in OVER_RINGS)
        count += over
        if not over and WHY_NOT not in text:
            problems.append(f'{path}: drives a device over one ring: end with fake_transport_run_over_rings(tests), '
                            f'or say /* {WHY_NOT}... */')
    return problems, count


def check(files):
    problems, count = [], 0
    for path in files.under('libvirtio/', 'boot/', ends=('.c',)):
        count += 1
        name = os.path.basename(path)[:-2]
        own = f'test/unit/test_{name}.c' in files.paths
        elsewhere = TESTED_BY.get(path)
        if elsewhere and own:
            problems.append(f'{path}: has a test of its own now: take it out of TESTED_BY in test/lint/tests.py')
        elif elsewhere and elsewhere not in files.paths:
            problems.append(f'{path}: {elsewhere}, which tests it, is not there')
        elif not elsewhere and not own:
            problems.append(f'{path}: there is no test/unit/test_{name}.c')
    elsewhere = sum(1 for path in files.paths if path in TESTED_BY)
    on_one_ring, over_rings = rings(files)
    return problems + on_one_ring, (f'{count} source files, {count - elsewhere} with unit tests of their own, '
                                    f'{over_rings} test files over each kind of ring')
