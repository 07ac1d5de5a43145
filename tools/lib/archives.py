# SPDX-License-Identifier: ISC
"""What the archives promise to whoever links them: nothing wanted, nothing kept, callable from any kernel."""

import re
import tempfile

from outcome import TestFailure, command

ALLOWED_UNDEFINED = {"memcpy", "memmove", "memset", "memcmp"}
# Registers that a kernel may not have saved, and the memory below the stack pointer that an interrupt overwrites.
FPU = re.compile(r"%(?:[xyz]mm\d|mm\d|st\b|k[0-7]\b)")
RED_ZONE = re.compile(r"-0x[0-9a-f]+\(%rsp")


def linked_whole(archive, folder):
    whole = f"{folder}/whole.o"
    command(["ld", "-r", "--whole-archive", archive, "-o", whole])
    return whole


def section_sizes(path):
    """Bytes of each section that a program has in memory."""
    table = command(["size", "-A", "-d", path])
    return {name: int(size) for name, size in re.findall(r"^(\.\S+)\s+(\d+)\s+\d+$", table, re.MULTILINE)}


def kept(sizes, kind):
    """Bytes in sections of KIND, but for constants that only await their addresses."""
    names = [name for name in sizes if re.match(rf"\.t?{kind}(\.|$)", name) and not name.startswith(".data.rel.ro")]
    return sum(sizes[name] for name in names)


def check_not_thin(archive):
    with open(archive, "rb") as file:
        if file.read(8) != b"!<arch>\n":
            raise TestFailure(f"{archive} is not an archive that can be copied")


def check_code(path):
    """No SSE, no x87, no red zone."""
    function = "?"
    for line in command(["objdump", "-d", "--no-show-raw-insn", path]).splitlines():
        if line.endswith(">:"):
            function = line
        elif FPU.search(line):
            raise TestFailure(f"uses a register of the FPU: {function}\n{line}")
        elif RED_ZONE.search(line) and "lea " not in line:
            raise TestFailure(f"uses the red zone: {function}\n{line}")


def check_libvirtio(build):
    """The archive of BUILD linked whole; its sizes as a remark."""
    check_not_thin(build.libvirtio)
    with tempfile.TemporaryDirectory() as folder:
        whole = linked_whole(build.libvirtio, folder)
        undefined = set(re.findall(r"^\s+U (\S+)$", command(["nm", whole]), re.MULTILINE))
        if undefined - ALLOWED_UNDEFINED:
            raise TestFailure(f"needs more than the four functions: {' '.join(sorted(undefined - ALLOWED_UNDEFINED))}")
        sizes = section_sizes(whole)
        for kind in ("data", "bss"):
            if kept(sizes, kind):
                raise TestFailure(f"{kept(sizes, kind)} bytes of .{kind}:\n{command(['size', '-A', whole])}")
        if ".eh_frame" in sizes:
            raise TestFailure(f"{sizes['.eh_frame']} bytes for unwinding, which nobody does: .debug_frame is enough")
        check_code(whole)
    return "nothing kept; " + ", ".join(sorted(undefined)) + " wanted"


def check_boot(build):
    """The shim wants the runtime's entry point, what its link script tells, and nothing of a compiler's library."""
    check_not_thin(build.libvirtio_boot)
    with tempfile.TemporaryDirectory() as folder:
        whole = linked_whole(build.libvirtio_boot, folder)
        undefined = set(re.findall(r"^\s+U (\S+)$", command(["nm", whole]), re.MULTILINE))
    strange = [name for name in undefined if not re.match(r"(unikernel_main|boot_\w+|virtio_\w+)$", name)]
    if strange:
        raise TestFailure(f"undefined: {' '.join(sorted(strange))}")
    return "wants " + ", ".join(sorted(name for name in undefined if not name.startswith("boot_image_")))


def sizes(build):
    """Lines that tell how large the archives and images are: code and constants, data, zeroed memory."""
    lines = [f"sizes ({build.name}, bytes)           text     data      bss"]
    for path in [build.libvirtio, build.libvirtio_boot, *build.images()]:
        rows = re.findall(r"^\s*(\d+)\s+(\d+)\s+(\d+)\s", command(["size", path]), re.MULTILINE)
        totals = [sum(int(row[i]) for row in rows) for i in range(3)]
        lines.append(f"     {path.name:<24}{totals[0]:>9}{totals[1]:>9}{totals[2]:>9}")
    return "\n".join(lines)
