# SPDX-License-Identifier: ISC
"""A CD-ROM image with GRUB that boots a kernel by multiboot, as clouds and installers do."""

import pathlib
import shutil

from outcome import command

CONFIG = """serial --unit=0 --speed=115200
terminal_input serial
terminal_output serial
set timeout=0
menuentry kernel {{
	multiboot /boot/kernel.elf {command_line}
{modules}}}
"""


def make_iso(folder, image, command_line="", modules=()):
    """Make FOLDER/cd.iso. MODULES are (path, arguments)."""
    tree = pathlib.Path(folder, "cd")
    (tree / "boot" / "grub").mkdir(parents=True)
    shutil.copy(image, tree / "boot" / "kernel.elf")
    lines = ""
    for number, (path, arguments) in enumerate(modules):
        shutil.copy(path, tree / "boot" / f"module{number}")
        lines += f"\tmodule /boot/module{number} {arguments}\n"
    config = CONFIG.format(command_line=command_line, modules=lines)
    (tree / "boot" / "grub" / "grub.cfg").write_text(config)
    iso = pathlib.Path(folder, "cd.iso")
    # One platform, and only the GRUB modules that the configuration names: a small image, quickly read.
    command(["grub-mkrescue", "-d", "/usr/lib/grub/i386-pc", "--fonts=", "--locales=", "--themes=", "--compress=no",
             "--install-modules=multiboot iso9660 biosdisk serial terminal normal configfile part_msdos",
             "-o", iso, tree])
    return iso
