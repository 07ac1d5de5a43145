# SPDX-License-Identifier: ISC
"""Disks and network cards that QEMU's monitor unplugs while guest_unplug works with them, and plugs in again."""

import net_features
import scenarios
from monitor import MONITOR
from run import Case, Disk

TRANSPORTS = {"legacy": "disable-modern=on,disable-legacy=off", "modern": "disable-modern=off,disable-legacy=on"}
# A root port asks by its own registers where ACPI does not ask for it.
ROOT_PORT = ("-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off",
             "-device", "pcie-root-port,id=root,chassis=1,slot=1,addr=5")


def unplugged(again=""):
    """It goes; AGAIN is the argument of device_add that brings another."""

    def scenario(machine, _):
        machine.expect("working")
        net_features.monitor(machine, "device_del victim")
        machine.expect("returned 16 of 16")
        if again:
            machine.expect("waiting for another")
            net_features.monitor(machine, f"device_add {again}")
        scenarios.expect_status(machine, 0)
        scenarios.expect_text(machine, "PASS")

    return scenario


def cases(build):
    image = build.guest("guest_unplug")
    for transport, options in TRANSPORTS.items():
        yield Case(f"unplug blk pc {transport}", image,
                   unplugged(f"virtio-blk-pci,drive=disk1,addr=0xc,{options}"), command_line="again",
                   disks=[Disk(options=f"id=victim,{options}"), Disk(plugged=False)], devices=MONITOR)
        yield Case(f"unplug net pc {transport}", image,
                   unplugged(f"virtio-net-pci,netdev=net0,addr=0x4,romfile=,{options}"), command_line="again",
                   nets=[f"id=victim,{options}"], devices=MONITOR)
    place = "id=victim,bus=root,addr=0"
    yield Case("unplug blk q35 root port", image, unplugged(), machine="q35", disks=[Disk(options=place)],
               devices=(*MONITOR, *ROOT_PORT))
    yield Case("unplug net q35 root port", image, unplugged(), machine="q35", nets=[place],
               devices=(*MONITOR, *ROOT_PORT))
