# SPDX-License-Identifier: ISC
"""OCaml unikernels: the examples on each machine, and one that is built as a user would."""

import concurrent.futures
import pathlib
import re
import shutil
import socket
import tempfile

import builds
import machine
import scenarios
from consumer import Installed, boot
from monitor import MONITOR, Monitor
from outcome import TestFailure, command
from run import Case, Disk, run_case

BUILDS = [builds.GCC, builds.CLANG]
MACHINES = {"pc": "", "q35": "", "microvm": ".pvh"}  # and the doors of the image that they take
CHECK = "check NAME=value a=b --flag"
BACKTRACE = ["Fatal error: exception Not_found\n", 'Raised at Guest_ocaml.deep in file "guest_ocaml.ml"',
             'Called from Guest_ocaml in file "guest_ocaml.ml"']
UNCAUGHT_STATUS = 2
FATAL_STATUS = 127
# What ocaml_hello tells, a second after the other.
WORK = ["the square of 9999 is 99980001", "pi is 3.14159265358979, its root 1.77245385090552",
        "Stack_overflow was caught", "the last of 250000 numbers is 998"]


def hello(machine_, folder):
    """Four times, once a second or later, where the machine is busy."""
    scenarios.ends_with(0)(machine_, folder)
    told = re.findall(r"^hello (\d), (\S+) s: (.*)\n", machine_.output, re.MULTILINE)
    if [(int(count), work) for count, _, work in told] != list(enumerate(WORK, 1)):
        raise TestFailure(f"it said {told}")
    if any(float(seconds) < int(count) - 1 for count, seconds, _ in told):
        raise TestFailure(f"it was too early: {told}")


def hello_cases(build):
    for board, doors in MACHINES.items() if build is builds.GCC else [("pc", "")]:
        yield Case(f"ocaml_hello {board}", build.ocaml_image(f"ocaml_hello{doors}"), hello,
                   machine=board)


# What guest_ocaml does by a word on its command line: how it ends, and what it says.
ENDS = {
    "uncaught": scenarios.ends_with(UNCAUGHT_STATUS, *BACKTRACE),
    "exit": scenarios.ends_with(7, "not flushed by hand"),
    "exit-raises": scenarios.ends_with(UNCAUGHT_STATUS, 'Fatal error: exception Failure("in at_exit")'),
    "exhaust": scenarios.ends_with(3, "memory is exhausted"),
    "exhaust-small": scenarios.ends_with(FATAL_STATUS, "Fatal error: out of memory"),
    "off": scenarios.powers_off(),
    "reset": scenarios.powers_off("at_exit before the reset"),  # which ends QEMU, by -no-reboot
}


def pressed(machine_, folder):
    machine_.expect("press the button")
    with Monitor(folder) as monitor:
        monitor.order("system_powerdown")
    scenarios.ends_with(0, "it was pressed")(machine_, folder)


def guest_cases(build):
    """The runtime, checked from within, and each way to end."""
    for board, doors in MACHINES.items():
        yield Case(f"runtime {board}", build.ocaml_image(f"guest_ocaml{doors}"),
                   scenarios.ends_with(0, "all is well", "at_exit ran"), machine=board, command_line=CHECK)
    image = build.ocaml_image("guest_ocaml")
    for word, scenario in ENDS.items():
        yield Case(f"runtime, {word}", image, scenario, command_line=word, memory="32M")
    yield Case("runtime, power button", image, pressed, command_line="button", devices=MONITOR)
    yield Case("runtime, too little memory", image,
               scenarios.ends_with(FATAL_STATUS, "too little for OCaml", "give the machine more"), memory="6M")


# How a device is driven, by its options, and what the unikernel then tells of it.
TRANSPORTS = {
    "modern": ("disable-modern=off,disable-legacy=on", "modern PCI, split ring"),
    "legacy": ("disable-modern=on,disable-legacy=off", "legacy PCI, split ring"),
    "packed": ("disable-modern=off,disable-legacy=on,packed=on", "modern PCI, packed ring"),
}
DISK = b"the first line of the disk\n".ljust(65536, b".")


def echo_cases(build):
    """The neighbour of net_echo asks the same of ocaml_echo, which also uses a disk."""
    disk_texts = ["first line [the first line of the disk]", "disk: written and read back"]
    for board, doors in MACHINES.items():
        transports = {"MMIO": ("", "MMIO")} if board == "microvm" else TRANSPORTS
        for name, (options, told) in transports.items():
            whole = (board, name) in (("pc", "modern"), ("q35", "packed"), ("microvm", "MMIO"))
            scenario = scenarios.echo if whole else scenarios.echo_briefly
            yield Case(f"ocaml_echo {board} {name}", build.ocaml_image(f"ocaml_echo{doors}"),
                       scenarios.says(scenario, told, *disk_texts), machine=board, nets=[options],
                       disks=[Disk(content=DISK, options=options)])
    image = build.ocaml_image("ocaml_echo")
    yield Case("ocaml_echo without a network", image,
               scenarios.ends_with(UNCAUGHT_STATUS, "network: there is no such device", "Called from"))
    yield Case("ocaml_echo, nonsense", image,
               scenarios.ends_with(UNCAUGHT_STATUS, "ip=10.0.2 makes no sense"), command_line="ip=10.0.2")


THROTTLED = "throttling.bps-total=1"  # a drive that takes one request, and the next after hours


def device_options(board, transport):
    """Two network devices on one wire, an entropy device and a console."""
    kind, more = ("device", "") if board == "microvm" else ("pci", "," + TRANSPORTS[transport][0])
    argv = ["-device", f"virtio-rng-{kind}{more}", "-device", f"virtio-serial-{kind}{more}",
            "-chardev", "socket,id=console,path={folder}/console,server=on,wait=off",
            "-device", "virtconsole,chardev=console"]
    for number in range(2):
        argv += ["-netdev", f"hubport,id=net{number},hubid=0", "-device",
                 f"virtio-net-{kind},netdev=net{number}{more}{',romfile=' if kind == 'pci' else ''}"]
    return argv


def device_case(name, build, scenario, board, transport, command_line="", drive=""):
    return Case(name, build.ocaml_image(f"guest_ocaml_devices{MACHINES[board]}"), scenario, machine=board,
                command_line=command_line, devices=device_options(board, transport),
                disks=[Disk(content=bytes(1 << 20), options=TRANSPORTS.get(transport, [""])[0], drive=drive)])


def typed_to(machine_, folder):
    """Bytes both ways over the console."""
    machine_.expect("type a line")
    with socket.socket(socket.AF_UNIX) as console:
        console.settimeout(60)
        console.connect(str(folder / "console"))
        console.sendall(b"a line from outside\n")
        answer = b""
        while not answer.endswith(b"\n"):
            answer += console.recv(100)
        if answer != b"heard: a line from outside\n":
            raise TestFailure(f"the console says {answer!r}")
        scenarios.ends_with(0, "the console is well")(machine_, folder)


def device_cases(build):
    """Whose a frame is, what mistakes lead to, and the collector at work meanwhile."""
    for board, transport in (("pc", "modern"), ("q35", "packed"), ("pc", "legacy"), ("microvm", "MMIO")):
        told = "MMIO" if board == "microvm" else TRANSPORTS[transport][1]
        yield device_case(f"devices {board} {transport}", build, scenarios.ends_with(0, told, "all is well"), board,
                          transport)
    for name, word, exception in (
        ("that nobody awaits", "async", 'Failure("nobody waits for this")'),
        ("in a callback", "callback", 'Failure("in the callback")'),
        ("over a frame that was released", "kept", 'Invalid_argument("index out of bounds")'),
    ):
        yield device_case(f"devices, an exception {name}", build,
                          scenarios.ends_with(UNCAUGHT_STATUS, f"Fatal error: exception {exception}", "Called from"),
                          "pc", "modern", word)
    yield device_case("devices, a console that is typed to", build, typed_to, "pc", "modern", "console")
    for board, transport in (("pc", "modern"), ("microvm", "MMIO")):
        yield device_case(f"devices, a disk that hangs, {board} {transport}", build,
                          scenarios.ends_with(0, "a hanging disk is well"), board, transport, "stuck", THROTTLED)


LIBRARIES = ["lwt", "cstruct", "mirage-crypto", "zarith", "ipaddr", "logs"]


def library_cases(build):
    """Libraries of the distribution, unmodified."""
    yield Case("libraries", build.ocaml_image("guest_ocaml_libraries"),
               scenarios.ends_with(0, *(f"{library} works" for library in LIBRARIES), "all is well"))


def check_no_threads():
    """What needs files, processes or threads does not link, and the linker says what is missing."""
    with tempfile.TemporaryDirectory(prefix="virtio-ocaml-") as name:
        folder = pathlib.Path(name)
        shutil.copy(builds.TOP / "examples" / "ocaml_hello" / "Makefile", folder)
        installed = Installed(builds.GCC, name)
        pathlib.Path(folder, "threads.ml").write_text("let () = Thread.join (Thread.create print_endline \"\")\n")
        try:
            make(installed, folder, "threads.elf", "PACKAGES=virtio,threads.posix -thread")
        except TestFailure as failure:
            if "undefined reference to `__wrap___syscall_ret'" not in str(failure):
                raise
        else:
            raise TestFailure("a program with threads links")


def environment_of(installed):
    """Where a user's tools find what was installed."""
    return {**installed.environment, "OCAMLPATH": str(next(installed.root.rglob("META")).parents[1]),
            "PKG_CONFIG": f"pkg-config --define-variable=prefix={installed.prefix}"}


def make(installed, folder, *words):
    environment = environment_of(installed)
    command(["make", "-C", folder, f"PKG_CONFIG={environment['PKG_CONFIG']}", *words], env=environment)


def dune(installed, folder, image):
    pathlib.Path(folder, "dune-project").write_text("(lang dune 2.9)\n")
    command(["dune", "build", "--root", folder, f"./{image}"], env=environment_of(installed))
    shutil.copy(folder / "_build" / "default" / image, folder)


def check_rule(tool, accelerator):
    """The rule that users copy, out of reach of the tree."""
    with tempfile.TemporaryDirectory(prefix="virtio-ocaml-") as name:
        installed = Installed(builds.GCC, name)
        folder = pathlib.Path(name, "hello")
        shutil.copytree(builds.TOP / "examples" / "ocaml_hello", folder)
        tool(installed, folder, "ocaml_hello.elf")
        boot(folder / "ocaml_hello.elf", hello, accelerator)


SLEEPS = """let () = Virtio_lwt.(run (Lwt.bind (sleep 0.01) (fun () -> Lwt.return (print_endline "slept"))))\n"""


def check_lwt(accelerator):
    """A program over the installed virtio.lwt, by either rule with nothing changed but its name and packages."""
    with tempfile.TemporaryDirectory(prefix="virtio-ocaml-") as name:
        installed = Installed(builds.GCC, name)
        for tool, words in ((make, ["PACKAGES=virtio.lwt"]), (dune, [])):
            folder = pathlib.Path(name, tool.__name__)
            shutil.copytree(builds.TOP / "examples" / "ocaml_hello", folder)
            (folder / "ocaml_hello.ml").rename(folder / "sleeps.ml")
            (folder / "sleeps.ml").write_text(SLEEPS)
            rule = (folder / "dune").read_text().replace("ocaml_hello", "sleeps")
            (folder / "dune").write_text(rule.replace("(libraries virtio)", "(libraries virtio.lwt)"))
            tool(installed, folder, "sleeps.elf", *words)
            boot(folder / "sleeps.elf", scenarios.ends_with(0, "slept"), accelerator)


def check_dune_project():
    """Those who take the OCaml side into a dune project of theirs find a package with both libraries."""
    with tempfile.TemporaryDirectory(prefix="virtio-ocaml-") as name:
        folder = pathlib.Path(name, "virtio")
        shutil.copytree(builds.TOP / "bindings" / "ocaml", folder)
        command(["dune", "build", "--root", folder, "@install"])
        for wanted in ("META", "virtio.cmxa", "lwt/virtio_lwt.cmxa", "virtio_net.mli"):
            if not (folder / "_build" / "install" / "default" / "lib" / "virtio" / wanted).exists():
                raise TestFailure(f"dune installs no {wanted}")


def check_manual():
    """The interfaces are the manual: ocamldoc makes pages of them, and has nothing to complain of."""
    with tempfile.TemporaryDirectory(prefix="virtio-ocaml-") as folder:
        interfaces = sorted((builds.TOP / "bindings" / "ocaml").glob("*/*.mli"))
        package = builds.GCC.folder / "bindings" / "ocaml" / "findlib" / "virtio"
        said = command(["ocamlfind", "ocamldoc", "-package", "lwt", "-I", package, "-html", "-d", folder, *interfaces])
        if said:
            raise TestFailure(said)
        return f"{len(interfaces)} interfaces"


def run(report, made, accelerator, workers=2):
    report.run("ocaml", "the Makefile of ocaml_hello", check_rule, make, accelerator)
    report.run("ocaml", "the dune file of ocaml_hello", check_rule, dune, accelerator)
    report.run("ocaml", "virtio.lwt by both", check_lwt, accelerator)
    report.run("ocaml", "the library as a dune project", check_dune_project)
    report.run("ocaml", "the interfaces by ocamldoc", check_manual)
    report.run("ocaml", "a program with threads does not link", check_no_threads)
    cases = [(build, case) for build in BUILDS if build in made for case in hello_cases(build)]
    cases += [(builds.GCC, case) for kind in (guest_cases, echo_cases, device_cases, library_cases)
              for case in kind(builds.GCC) if builds.GCC in made]
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        try:
            for job in [pool.submit(report.run, "ocaml", f"{build.name} {case.name}", run_case, case, accelerator)
                        for build, case in cases]:
                job.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            machine.stop_all()
            raise
