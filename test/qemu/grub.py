# SPDX-License-Identifier: ISC
"""A CD-ROM image with GRUB that boots a kernel by either multiboot, under a BIOS or UEFI, as clouds do."""

import pathlib
import shutil

from outcome import command

CONFIG = """serial --unit=0 --speed=115200
terminal_input serial
terminal_output serial
set timeout=0
menuentry kernel {{
	{protocol} /boot/kernel.elf {command_line}
{modules}}}
"""


MODULE_COMMANDS = {"multiboot": "module", "multiboot2": "module2"}


def make_iso(folder, image, command_line="", modules=(), protocol="multiboot", uefi=False):
    """Make FOLDER/cd.iso. MODULES are (path, arguments)."""
    tree = pathlib.Path(folder, "cd")
    (tree / "boot" / "grub").mkdir(parents=True)
    shutil.copy(image, tree / "boot" / "kernel.elf")
    lines = ""
    for number, (path, arguments) in enumerate(modules):
        shutil.copy(path, tree / "boot" / f"module{number}")
        lines += f"\t{MODULE_COMMANDS[protocol]} /boot/module{number} {arguments}\n"
    config = CONFIG.format(protocol=protocol, command_line=command_line, modules=lines)
    (tree / "boot" / "grub" / "grub.cfg").write_text(config)
    iso = pathlib.Path(folder, "cd.iso")
    # One platform, and only the GRUB modules that the configuration names: a small image, quickly read.
    platform = "x86_64-efi" if uefi else "i386-pc"
    wanted = f"{protocol} iso9660 serial terminal normal configfile part_msdos" + ("" if uefi else " biosdisk")
    command(["grub-mkrescue", "-d", f"/usr/lib/grub/{platform}", "--fonts=", "--locales=", "--themes=",
             "--compress=no", f"--install-modules={wanted}", "-o", iso, tree])
    return iso
