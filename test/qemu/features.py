#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Which feature of which device is exercised where: against QEMU's device, or against a fake, or both.

Run it to write docs/features.md. The lint compares that page with this table, knows whether the tests exist, and that
no feature of include/virtio/spec/ is missing; a test asks QEMU for the options of its devices, and knows them all.
"""

import pathlib
import re

TOP = pathlib.Path(__file__).resolve().parents[2]
PAGE = TOP / "docs" / "features.md"
QEMU = "qemu-system-x86_64"
VERSION = "7.2"  # of the QEMU whose options this table knows

# Device: rows of (features, options of QEMU's device that offer them, machines in QEMU and REMARKS, tests against a
# fake). Features are named as in include/virtio/spec/, without VIRTIO_ and the device's name.
LACKS, DECLINED = REMARKS = ("*lacks it*", "*declined*")
ALL = "net_echo pc modern event_idx=on indirect=on"
STREAM = "guest_net modern stream, all"
FILTERS = "guest_net modern filters"
COMMANDS = "guest_blk modern commands"
LEFT = "test_unknown_offers_are_left_alone"
FEATURES = {
    "any": [
        ("F_VERSION_1", "disable-legacy disable-modern", [ALL], ["test_a_modern_device_without_version_1_is_refused"]),
        ("F_EVENT_IDX", "event_idx", [ALL, "net_echo pc modern event_idx=off indirect=on"],
         ["test_without_event_idx_googles_devices_are_asked_by_flags"]),
        ("F_INDIRECT_DESC", "indirect_desc", [ALL, "guest_blk pc modern event_idx=on indirect=off"],
         ["test_a_burst_is_one_notification"]),
        ("F_RING_PACKED", "packed", ["net_echo pc transitional packed", "guest_blk q35 modern packed"],
         ["test_the_first_ring_that_fits_is_chosen"]),
        ("F_ACCESS_PLATFORM", "iommu_platform",
         ["net_echo pc modern iommu_platform", "guest_blk q35 emulated IOMMU"],
         ["test_insisting_on_access_platform_is_told_in_words"]),
        ("F_RING_RESET", "queue_reset",
         ["guest_blk one queue is reset, packed=off", "net_echo modern queue_reset=off"],
         ["test_one_queue_is_reset_and_used_again"]),
        ("F_ANY_LAYOUT", "any_layout",
         ["net_echo pc legacy event_idx=on indirect=on", "net_echo legacy any_layout=off"],
         ["test_virtualbox_gets_the_header_in_a_descriptor_of_its_own"]),
        ("F_NOTIFY_ON_EMPTY", "notify_on_empty", ["net_echo pc legacy event_idx=on indirect=on"],
         ["test_only_what_is_offered_is_accepted_and_not_notify_on_empty"]),
        ("F_IN_ORDER", "", [LACKS], ["test_a_disk_that_keeps_the_order_is_driven_in_order"]),
        ("F_NOTIFICATION_DATA F_NOTIF_CONFIG_DATA", "", [LACKS],
         ["test_notifications_say_what_the_device_asks_for"]),
        ("F_ORDER_PLATFORM", "", [LACKS], ["test_of_all_ones_only_what_is_known_is_accepted"]),
        ("F_SUSPEND", "", [LACKS], ["test_only_a_live_device_that_can_is_suspended"]),
        ("F_SR_IOV F_ADMIN_VQ", "", [LACKS], ["test_of_all_ones_only_what_is_known_is_accepted"]),
        ("notifications elsewhere", "page-per-vq modern-pio-notify",
         ["net_echo modern page-per-vq=on", "net_echo modern modern-pio-notify=on"],
         ["test_notifications_go_where_the_device_wants_them"]),
        ("vectors", "vectors", ["interrupts, net_echo modern vectors=1"], ["test_too_few_vectors_are_shared"]),
    ],
    "net": [
        ("F_MAC", "mac", [ALL], ["test_without_an_address_one_is_made_up"]),
        ("F_STATUS", "status", ["guest_net link, MTU, announce"], ["test_without_status_the_link_counts_as_up"]),
        ("F_MTU", "host_mtu", ["guest_net link, MTU, announce"], ["test_the_devices_mtu_counts"]),
        ("F_SPEED_DUPLEX", "speed duplex", ["guest_net link, MTU, announce"], ["test_speed_and_duplex_are_told"]),
        ("F_MRG_RXBUF", "mrg_rxbuf", [STREAM, "guest_net stream, merge off"],
         ["test_frames_of_all_lengths_arrive_in_small_buffers"]),
        ("F_CSUM F_GUEST_CSUM", "csum guest_csum", [STREAM, "guest_net stream, csum off"],
         ["test_received_checksums_are_partial_checked_or_unknown"]),
        ("F_HOST_TSO4 F_GUEST_TSO4", "host_tso4 guest_tso4", [STREAM, "guest_net stream, TSO off"],
         ["test_large_frames_arrive"]),
        ("F_HOST_TSO6 F_GUEST_TSO6", "host_tso6 guest_tso6", ["guest_net stream over IPv6"],
         ["test_large_frames_arrive"]),
        ("F_HOST_ECN F_GUEST_ECN", "host_ecn guest_ecn",
         ["guest_net stream over IPv6 with ECN", "guest_net stream, ECN off"], ["test_large_frames_arrive"]),
        ("F_HOST_USO F_GUEST_USO4 F_GUEST_USO6", "", [LACKS], ["test_bursts_of_large_frames_are_sent_whole"]),
        ("F_GUEST_HDRLEN", "", [LACKS], ["test_exact_header_lengths_are_promised_with_cutting"]),
        ("F_HOST_UFO F_GUEST_UFO", "host_ufo guest_ufo gso guest_rsc_ext failover", [STREAM, DECLINED],
         ["test_large_frames_of_other_kinds_are_dropped", LEFT]),
        ("F_CTRL_VQ", "ctrl_vq", [FILTERS, "guest_net ctrl_vq=off"], ["test_a_command_is_taken_and_answered"]),
        ("F_CTRL_RX F_CTRL_RX_EXTRA", "ctrl_rx ctrl_rx_extra", [FILTERS], ["test_each_way_to_receive_is_switched"]),
        ("F_CTRL_VLAN", "ctrl_vlan", [FILTERS], ["test_vlans_have_12_bits"]),
        ("F_CTRL_MAC_ADDR", "ctrl_mac_addr", [FILTERS], ["test_the_address_changes_when_the_device_took_it"]),
        ("F_GUEST_ANNOUNCE", "guest_announce", ["guest_net link, MTU, announce"],
         ["test_announcing_is_asked_for_and_acknowledged"]),
        ("F_CTRL_GUEST_OFFLOADS", "ctrl_guest_offloads", ["guest_net stream, receive offloads switched off"],
         ["test_only_offloads_that_were_agreed_on_are_switched"]),
        ("F_MQ", "mq", ["guest_net flows over 2 pairs split", "guest_net flows over 2 pairs packed"],
         ["test_attach_asks_for_the_pairs_that_are_wanted"]),
        ("F_RSS", "rss", ["guest_net RSS over 2 pairs split", "guest_net RSS over 2 pairs packed"],
         ["test_frames_are_spread_as_the_table_says"]),
        ("F_HASH_REPORT", "hash", ["guest_net hash report", "guest_net RSS over 2 pairs split"],
         ["test_hashes_are_told"]),
        ("F_NOTF_COAL F_VQ_NOTF_COAL", "", [LACKS], ["test_interrupts_are_delayed_for_all_queues_and_for_one"]),
        ("long rings", "rx_queue_size tx_queue_size", ["net_echo modern rx_queue_size=1024"],
         ["test_googles_rings_of_4096_entries_are_used_whole"]),
    ],
    "blk": [
        ("F_SEG_MAX", "seg-max-adjust", ["guest_blk ring=16 segments=1"],
         ["test_a_device_without_seg_max_gets_one_segment_at_a_time"]),
        ("F_SIZE_MAX", "", [LACKS], ["test_long_segments_are_cut"]),
        ("F_RO", "", ["guest_blk modern read-only"], ["test_a_read_only_disk_is_not_written"]),
        ("F_BLK_SIZE", "logical_block_size", ["guest_blk modern blocks of 4096"],
         ["test_a_senseless_block_size_counts_as_512"]),
        ("F_TOPOLOGY", "physical_block_size min_io_size opt_io_size", ["guest_blk physical blocks of 4096"],
         ["test_the_topology_is_told"]),
        ("F_FLUSH", "", [COMMANDS], ["test_a_crash_takes_what_was_not_flushed"]),
        ("F_CONFIG_WCE", "config-wce write-cache", [COMMANDS, "guest_blk write-cache=off"],
         ["test_switching_the_cache_off_does_not_save_what_was_in_it"]),
        ("F_DISCARD", "discard max-discard-sectors discard_granularity report-discard-granularity",
         [COMMANDS, "guest_blk commands in small ranges"], ["test_long_ranges_go_in_parts_that_end_aligned"]),
        ("F_WRITE_ZEROES", "write-zeroes max-write-zeroes-sectors", [COMMANDS, "guest_blk commands in small ranges"],
         ["test_zeroes_keep_their_space_unless_asked"]),
        ("F_SECURE_ERASE F_LIFETIME", "", [LACKS],
         ["test_each_command_does_its_sectors_and_no_others", "test_the_lifetime_is_asked"]),
        ("F_MQ", "num-queues", ["guest_blk num-queues=4"], ["test_a_request_goes_through_the_queue_that_was_named"]),
        ("F_GEOMETRY", "cyls heads secs lcyls lheads lsecs scsi", [COMMANDS, DECLINED],
         ["test_of_all_features_those_are_accepted_that_the_driver_uses"]),
        ("F_ZONED", "", [LACKS], ["test_of_all_features_those_are_accepted_that_the_driver_uses"]),
        ("serial number", "serial", ["guest_blk iothread, serial number"], ["test_the_serial_number_is_20_bytes"]),
        ("a thread of its own", "iothread", ["guest_blk iothread, serial number"],
         ["test_queues_need_no_lock_between_them"]),
        ("queue size", "queue-size", ["guest_blk modern queue-size=8"], ["test_a_short_ring_limits_the_segments"]),
        ("resizing", "", ["guest_blk resized"], ["test_each_new_capacity_is_told_once"]),
        ("unplugging", "", ["unplug blk pc modern", "unplug blk q35 root port", "guest_blk modern pulled out"],
         ["test_a_device_that_was_pulled_out_gives_everything_back"]),
    ],
    "console": [
        ("F_SIZE", "", [LACKS], ["test_the_size_is_read_again_when_it_changes"]),
        ("F_MULTIPORT", "max_ports nr name chardev", ["guest_devices console, several ports modern"],
         ["test_ports_go_and_come_back"]),
        ("F_EMERG_WRITE", "emergency-write", ["guest_devices console modern"],
         ["test_emergency_output_needs_no_driver"]),
    ],
    "entropy": [
        ("bytes", "rng max-bytes period", ["guest_devices entropy modern", "guest_devices entropy, little at a time"],
         ["test_bytes_come"]),
    ],
    "balloon": [
        ("F_MUST_TELL_HOST", "", [LACKS], ["test_what_is_not_kept_is_not_promised"]),
        ("F_DEFLATE_ON_OOM", "deflate-on-oom", ["guest_devices balloon deflate-on-oom"],
         ["test_what_is_not_kept_is_not_promised"]),
        ("F_PAGE_REPORTING", "free-page-reporting", ["guest_devices balloon, free page reporting modern"],
         ["test_free_memory_is_reported_and_comes_back"]),
        ("F_STATS_VQ F_FREE_PAGE_HINT", "free-page-hint iothread guest-stats guest-stats-polling-interval",
         ["guest_devices balloon with all its queues", DECLINED],
         ["test_the_reporting_queue_follows_those_that_the_device_has"]),
        ("F_PAGE_POISON", "page-poison", ["guest_devices balloon modern", DECLINED],
         ["test_what_is_not_kept_is_not_promised"]),
    ],
    "9P": [
        ("F_MOUNT_TAG", "mount_tag fsdev", ["guest_devices 9P modern"],
         ["test_the_mount_tag_is_read_and_made_harmless"]),
    ],
    "vsock": [
        ("F_STREAM F_NO_IMPLIED_STREAM", "guest-cid", ["guest_devices vsock by vhost-user", "guest_devices vsock"],
         ["test_streams_are_what_is_asked_for"]),
        ("F_SEQPACKET", "seqpacket", ["guest_devices vsock", DECLINED], ["test_streams_are_what_is_asked_for"]),
    ],
}

QEMU_DEVICES = {
    "net": ["virtio-net-pci"], "blk": ["virtio-blk-pci"], "entropy": ["virtio-rng-pci"], "9P": ["virtio-9p-pci"],
    "console": ["virtio-serial-pci", "virtconsole", "virtserialport"], "balloon": ["virtio-balloon-pci"],
    "vsock": ["vhost-vsock-pci"],
}

# Options that a driver does not see: where a device sits, what is behind it, what QEMU keeps for itself.
NOT_THE_DRIVERS = re.compile(
    r"x-.*|acpi-index|addr|aer|ats|bootindex|failover_pair_id|ioeventfd|migrate-extra|multifunction|netdev|rom\w+|"
    r"rsc_interval|tx|use-\w+|use-disabled-flag|virtio-.*|class|drive|share-rw|backend_defaults|account-\w+|[rw]error|"
    r"request-merging|qemu-4-0-config-size|vhostfd")

# Spec names that are not of this table: the prefixes of the devices.
PREFIXES = {"any": "", "net": "NET_", "blk": "BLK_", "console": "CONSOLE_", "balloon": "BALLOON_", "9P": "9P_",
            "vsock": "VSOCK_", "entropy": "RNG_"}


def code(names):
    return ", ".join(name if name in REMARKS else f"`{name}`" for name in names)


def table():
    """docs/features.md."""
    lines = [
        "# Features of devices, and where they are exercised",
        "",
        "Written by `test/qemu/features.py`, not by hand. *In QEMU*: machines, by their names in `tools/test --list`,",
        f"whose device offers the feature; {LACKS}: QEMU {VERSION}'s device does not; {DECLINED}: it does, and the",
        "driver leaves the feature alone. *Against a fake*: unit tests; features that the library leaves alone stand",
        "here with the test that they are.",
        "",
        "| device | feature | in QEMU | against a fake |",
        "|---|---|---|---|",
    ]
    for device, rows in FEATURES.items():
        for at, (names, _, machines, tests) in enumerate(rows):
            if names.startswith("F_"):
                names = ", ".join(name.removeprefix("F_") for name in names.split())
            lines.append(f"| {'' if at else device} | {names} | {code(machines)} | {code(tests)} |")
    return "\n".join(lines) + "\n"


def missing_features():
    """Those of include/virtio/spec/ that the table leaves out."""
    named = {f"VIRTIO_{PREFIXES[device]}{name}" for device, rows in FEATURES.items() for row in rows
             for name in row[0].split() if name.startswith("F_")}
    text = "".join(path.read_text() for path in sorted((TOP / "include" / "virtio" / "spec").glob("*.h")))
    return sorted(set(re.findall(r"#define (VIRTIO_(?:[A-Z0-9]+_)?F_\w+)", text)) - named)


def check_options():
    """A test: all options of QEMU's devices are known, as of a feature in the table or of none."""
    from outcome import TestFailure, TestSkipped, command  # pylint: disable=import-outside-toplevel

    common = {option for row in FEATURES["any"] for option in row[1].split()}
    unknown = []
    for device, models in QEMU_DEVICES.items():
        known = common | {option for row in FEATURES[device] for option in row[1].split()}
        for model in models:
            options = re.findall(r"^  ([\w-]+)=<", command([QEMU, "-device", f"{model},help"], limit=60), re.M)
            if not options:
                raise TestFailure(f"QEMU tells no options of {model}")
            unknown += [f"{model},{option}" for option in options
                        if option not in known and not NOT_THE_DRIVERS.fullmatch(option)]
    if unknown and f"version {VERSION}." not in command([QEMU, "--version"], limit=60):
        raise TestSkipped(f"the table is of QEMU {VERSION}, and this one has more: {' '.join(unknown)}")
    if unknown:
        raise TestFailure(f"say in test/qemu/features.py what tests these options: {' '.join(unknown)}")


if __name__ == "__main__":
    PAGE.write_text(table())
