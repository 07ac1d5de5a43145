# SPDX-License-Identifier: ISC
"""The ways to build the project that the tools want, each in a folder of its own under build-tools/."""

import dataclasses
import os
import pathlib

from outcome import command

TOP = pathlib.Path(__file__).resolve().parents[2]
FOLDER = TOP / "build-tools"
OCAML_IMAGES = "bindings/ocaml/images"


@dataclasses.dataclass(frozen=True)
class Build:
    name: str
    compiler: str
    linker: str  # bfd or lld
    unit_tests: bool = True
    sanitizers: bool = False
    coverage: bool = False  # counts what of libvirtio/ its unit tests run
    ocaml: bool = False  # with what OCaml unikernels need
    messages: bool = True  # or a library that tells nothing

    @property
    def folder(self):
        return FOLDER / self.name

    @property
    def libvirtio(self):
        return self.folder / "libvirtio" / "libvirtio.a"

    @property
    def libvirtio_boot(self):
        return self.folder / "boot" / "libvirtio_boot.a"

    def example(self, name):
        """NAME has all doors; those of NAME.pvh and so on are in its name."""
        return self.folder / "examples" / name.split(".")[0] / f"{name}.elf"

    def guest(self, name):
        """An image that only the tests boot."""
        found = list(self.folder.glob(f"test/qemu/*/{name}.elf"))
        return found[0] if found else self.folder / "test" / "qemu" / f"{name}.elf"

    def ocaml_image(self, name):
        """Any of those in OCaml."""
        return self.folder / OCAML_IMAGES / f"{name}.elf"

    def images(self):
        return [image for place in ("examples/*", OCAML_IMAGES, "test/qemu/*")
                for image in sorted(self.folder.glob(f"{place}/*.elf"))]

    def make_library(self, *examples):
        """Only the library, and these examples."""
        self.make("libvirtio/libvirtio.a", *(f"examples/{name}/{name}.elf" for name in examples))

    def make(self, *targets):
        """Configure it if need be, and compile: all of it, or these targets."""
        if not (self.folder / "build.ninja").exists():
            options = [f"-Dtests={'enabled' if self.unit_tests else 'disabled'}",
                       f"-Docaml={'enabled' if self.ocaml else 'disabled'}",
                       f"-Dmessages={'true' if self.messages else 'false'}"]
            if self.sanitizers:
                # clang's sanitizers are found when the program starts, so b_lundef would refuse to link.
                options += ["-Db_sanitize=address,undefined", "-Db_lundef=false"]
            if self.coverage:
                options += ["-Db_coverage=true"]
            environment = {**os.environ, "CC": self.compiler, "CC_LD": self.linker}
            again = ["--wipe"] if self.folder.exists() else []
            command(["meson", "setup", *again, *options, self.folder, TOP], env=environment)
        command(["ninja", "-C", self.folder, "--quiet", f"-j{os.cpu_count() or 1}", *targets])


DEMO = Build("demo", "gcc", "bfd", unit_tests=False)
GCC = Build("gcc", "gcc", "bfd", ocaml=True)
CLANG = Build("clang", "clang", "lld", ocaml=True)
GCC_LLD = Build("gcc-lld", "gcc", "lld", unit_tests=False)
CLANG_BFD = Build("clang-bfd", "clang", "bfd", unit_tests=False)
GCC_COVERAGE = Build("gcc-coverage", "gcc", "bfd", sanitizers=True, coverage=True)
CLANG_SANITIZED = Build("clang-sanitized", "clang", "bfd", sanitizers=True)
# The library of those two without messages; only that and an example is ever built of it.
SILENT = {build: Build(f"{build.name}-silent", build.compiler, build.linker, unit_tests=False, messages=False)
          for build in (GCC, CLANG)}

ALL = [GCC, CLANG, GCC_LLD, CLANG_BFD, GCC_COVERAGE, CLANG_SANITIZED]
IMAGES = [GCC, CLANG, GCC_LLD, CLANG_BFD]
UNIT = [GCC, CLANG, GCC_COVERAGE, CLANG_SANITIZED]
