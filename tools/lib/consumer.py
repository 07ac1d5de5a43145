# SPDX-License-Identifier: ISC
"""Kernels built outside of the tree, by what `meson install` put in place and pkg-config tells, and nothing else; and
by the lines for meson and make that docs/porting.md has."""

import os
import pathlib
import re
import shlex
import shutil
import tempfile

import builds
import scenarios
import sizes
from outcome import TestFailure, command
from run import Case, Disk, run_case

TOOLCHAINS = [(compiler, linker) for compiler in ("gcc", "clang") for linker in ("bfd", "lld")]
WARNINGS = ["-std=c11", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
SHIM_ALONE_STATUS = 21
MODERN_PCI = "modern PCI"  # what the transport is called; not a message
DISK_LINE = "the first line of the disk"
DISK = f"{DISK_LINE}\nthe second\n".encode().ljust(4096, b".")


class Installed:
    """The files of one build, installed under a folder."""

    def __init__(self, build, folder):
        self.root = pathlib.Path(folder, "root")
        command(["meson", "install", "--no-rebuild", "--quiet", "-C", build.folder],
                env={**os.environ, "DESTDIR": str(self.root)})
        files = sorted(self.root.rglob("*.pc"))
        ocaml = ["libvirtio_ocaml.pc", "libvirtio_ocaml_solo5.pc"] if build.ocaml else []
        if [file.name for file in files] != ["libvirtio.pc", "libvirtio_boot.pc", *ocaml, "libvirtio_solo5.pc"]:
            raise TestFailure(f"installed pkg-config files: {files}")
        self.prefix = next(self.root.rglob("include")).parent
        self.environment = {**os.environ, "PKG_CONFIG_PATH": str(files[0].parent), "PKG_CONFIG_LIBDIR": ""}

    def flags(self, what, *packages, doors=()):
        argv = ["pkg-config", f"--define-variable=prefix={self.prefix}", what, *packages]
        if doors:
            argv.insert(1, "--define-variable=doors=" + " ".join(f"-Wl,--undefined={door}" for door in doors))
        return shlex.split(command(argv, env=self.environment))

    def build(self, compiler, linker, output, sources, packages, doors=()):
        """Compile and link in one step, as a user would."""
        command([compiler, *WARNINGS, *self.flags("--cflags", *packages), f"-fuse-ld={linker}", *sources, "-o", output,
                 *self.flags("--libs", *packages, doors=doors)])
        return output


def boot(image, scenario, accelerator, **more):
    command([builds.TOP / "tools" / "check-image", image])
    run_case(Case(image.name, image, scenario, **more), accelerator)


def check_examples(build, compiler, linker, accelerator):
    """Examples out of reach of the tree, with the packages named in either order."""
    with tempfile.TemporaryDirectory(prefix="virtio-consumer-") as name:
        folder = pathlib.Path(name)
        installed = Installed(build, folder)
        examples = shutil.copytree(builds.TOP / "examples", folder / "examples")
        common = sorted(examples.glob("common/*.c"))
        for example, packages, sources, scenario, devices in (
            ("peek", ["libvirtio", "libvirtio_boot"], [], scenarios.ends_with(0, DISK_LINE),
             {"disks": [Disk(content=DISK)]}),
            ("net_echo", ["libvirtio_boot", "libvirtio"], common, scenarios.echo_briefly, {"nets": [""]}),
        ):
            image = folder / f"{example}.elf"
            installed.build(compiler, linker, image, sorted(examples.glob(f"{example}/*.c")) + sources, packages)
            boot(image, scenario, accelerator, **devices)


def check_shim_alone(build, compiler, linker, accelerator):
    with tempfile.TemporaryDirectory(prefix="virtio-consumer-") as folder:
        image = pathlib.Path(folder, "shim.elf")
        source = builds.TOP / "test" / "boot_alone" / "shim.c"
        installed = Installed(build, folder)
        installed.build(compiler, linker, image, [source], ["libvirtio_boot"])
        symbols = command(["nm", image])
        if " virtio_" in symbols or " virtqueue_" in symbols:
            raise TestFailure(f"the library is in it\n{symbols}")
        boot(image, scenarios.ends_with(SHIM_ALONE_STATUS), accelerator)
        # QEMU would take a multiboot door if there were one, besides the one that is asked for.
        for doors in (["boot_pvh"], ["boot_pvh", "boot_multiboot2"]):
            image = pathlib.Path(folder, "doors.pvh.elf")
            installed.build(compiler, linker, image, [source], ["libvirtio_boot"], doors)
            if "boot_multiboot1" in command(["nm", image]):
                raise TestFailure(f"multiboot 1 is in it, and only {doors} were asked for")
            boot(image, scenarios.ends_with(SHIM_ALONE_STATUS), accelerator)


def check_own_interrupts(build, compiler, linker, accelerator):
    """A runtime with interrupt code of its own links none of the shim's."""
    with tempfile.TemporaryDirectory(prefix="virtio-consumer-") as folder:
        image = pathlib.Path(folder, "own_interrupts.elf")
        source = builds.TOP / "test" / "boot_alone" / "own_interrupts.c"
        Installed(build, folder).build(compiler, linker, image, [source], ["libvirtio_boot"])
        symbols = command(["nm", image])
        for name in ("boot_interrupt_entries", "boot_pic_start", "boot_apic_interrupts_start", "boot_alarm_pit"):
            if f" {name}" in symbols:
                raise TestFailure(f"{name} is in it\n{symbols}")
        boot(image, scenarios.ends_with(SHIM_ALONE_STATUS), accelerator)


def check_library_alone(build, compiler, linker):
    """In a process, with hooks of its own; and each member of the archive, with nothing but the four functions."""
    with tempfile.TemporaryDirectory(prefix="virtio-consumer-") as folder:
        installed = Installed(build, folder)
        program = pathlib.Path(folder, "library")
        installed.build(compiler, linker, program, [builds.TOP / "test" / "boot_alone" / "library.c"], ["libvirtio"])
        command([program])
        stub = pathlib.Path(folder, "stub.c")
        stub.write_text("void memcpy(void) {} void memmove(void) {} void memset(void) {} void memcmp(void) {}\n"
                        "void _start(void) {}\n")
        libs = installed.flags("--libs", "libvirtio")
        command([compiler, f"-fuse-ld={linker}", "-ffreestanding", "-fno-builtin", "-w", "-nostdlib", "-static", stub,
                 "-Wl,--whole-archive", *libs, "-Wl,--no-whole-archive", "-o", pathlib.Path(folder, "all")])


def echo_silently(machine, link):
    scenarios.echo_briefly(machine, link)
    if "net at" in machine.output:
        raise TestFailure("the library told something")


def check_without_messages(build):
    """Nothing that makes or is a message is linked."""
    silent = builds.SILENT[build]
    silent.make_library()
    with tempfile.TemporaryDirectory(prefix="virtio-consumer-") as folder:
        linked = pathlib.Path(folder, "linked")
        sizes.link(silent.libvirtio, sizes.net_roots(build), linked)
        if made := re.findall(r" (virtio_(?:log|format|error|type)_\w+)$", command(["nm", linked]), re.MULTILINE):
            raise TestFailure(f"linked: {' '.join(made)}")
        # Machine code has no blank between so many letters.
        sections = [f"--only-section={name}" for name in (".text", ".rodata", ".data.rel.ro")]
        command(["objcopy", "--output-target=binary", *sections, linked, f"{linked}.bin"])
        words = re.findall(r"[\w%:]+(?: [\w%:]+)+", command(["strings", "--bytes=6", f"{linked}.bin"]))
    if told := [text for text in words if re.search(r"[a-z]{4}", text) and text != MODERN_PCI]:
        raise TestFailure(f"text is in it: {told}")


def check_echo_without_messages(accelerator):
    silent = builds.SILENT[builds.GCC]
    silent.make_library("net_echo")
    boot(silent.example("net_echo"), echo_silently, accelerator, nets=[""])


def lines_to_copy(language):
    """What the manual has in that language, all of it together."""
    text = (builds.TOP / "docs" / "porting.md").read_text()
    return "".join(re.findall(rf"^```{language}\n(.*?)^```", text, re.M | re.S))


def check_subproject(accelerator):
    """An archive in a process of its own and an image; the tests of this tree are none of theirs."""
    with tempfile.TemporaryDirectory(prefix="virtio-consumer-") as name:
        folder = pathlib.Path(name)
        (folder / "subprojects").mkdir()
        (folder / "subprojects" / "libvirtio").symlink_to(builds.TOP)
        (folder / "meson.build").write_text("project('kernel', 'c')\n" + lines_to_copy("meson"))
        (folder / "main.c").write_text(f"int main(void);\nint main(void) {{ return 0; }}\nint unikernel_main(void);\n"
                                       f"int unikernel_main(void) {{ return {SHIM_ALONE_STATUS}; }}\n")
        command(["meson", "setup", folder / "build", folder])
        targets = command(["ninja", "-C", folder / "build", "-t", "targets", "all"])
        if "guest_" in targets or "test_" in targets:
            raise TestFailure(f"tests are built\n{targets}")
        command(["ninja", "-C", folder / "build", "--quiet", "kernel", "my_image.elf"])
        boot(folder / "build" / "my_image.elf", scenarios.ends_with(SHIM_ALONE_STATUS), accelerator)


def check_makefile():
    """The whole archive, and a process with hooks of its own."""
    with tempfile.TemporaryDirectory(prefix="virtio-consumer-") as name:
        folder = pathlib.Path(name)
        (folder / "libvirtio").symlink_to(builds.TOP)
        (folder / "Makefile").write_text(lines_to_copy("make"))
        command(["make", "-C", folder, "--quiet", f"-j{os.cpu_count() or 1}"])
        command(["cc", f"-I{builds.TOP / 'include'}", builds.TOP / "test" / "boot_alone" / "library.c",
                 folder / "build" / "libvirtio.a", "-o", folder / "library"])
        command([folder / "library"])


def run(report, accelerator):
    for build in (builds.GCC, builds.CLANG):
        report.run("consumer", f"{build.name}: without messages", check_without_messages, build)
    report.run("consumer", "net_echo without messages", check_echo_without_messages, accelerator)
    report.run("consumer", "docs/porting.md: a subproject of meson", check_subproject, accelerator)
    report.run("consumer", "docs/porting.md: a Makefile", check_makefile)
    for compiler, linker in TOOLCHAINS:
        build = builds.GCC if compiler == "gcc" else builds.CLANG
        name = f"{compiler} ld.{linker}"
        report.run("consumer", f"{name}: the shim without the library", check_shim_alone, build, compiler, linker,
                   accelerator)
        report.run("consumer", f"{name}: the shim without its interrupts", check_own_interrupts, build, compiler,
                   linker, accelerator)
        report.run("consumer", f"{name}: the library without the shim", check_library_alone, build, compiler, linker)
        report.run("consumer", f"{name}: the examples", check_examples, build, compiler, linker, accelerator)
