# SPDX-License-Identifier: ISC
# shellcheck shell=sh
# Installs what a tool needs and the machine lacks, with Debian's and Ubuntu's package manager; silent when nothing
# is missing. Source it, then call `need WHAT...`: each WHAT is a line of `package_of` below.

# The packages that bring WHAT, or nothing when it is here already.
package_of() {
	case $1 in
	build) lacks meson meson; lacks ninja ninja-build; lacks gcc gcc; lacks_file /usr/include/stdio.h libc6-dev
		lacks pkg-config pkg-config ;;
	compilers) lacks clang clang; lacks ld.lld lld; lacks g++ g++; lacks clang++ clang
		lacks_file /usr/include/cmocka.h libcmocka-dev; clang_runtime ;;
	qemu) lacks qemu-system-x86_64 qemu-system-x86 ;;
	native) lacks qemu-storage-daemon qemu-system-common ;;
	native_bench) lacks qemu-img qemu-utils; lacks linux.uml user-mode-linux; lacks cpio cpio
		lacks_known perf linux-perf # not packaged by that name everywhere, and the bench does without
		lacks dpdk-testpmd dpdk-dev ;; # some two hundred packages: too much for a test's sake
	plots) lacks gnuplot gnuplot-nox ;;
	machine) lacks cpio cpio; lacks lz4 lz4; lacks strip binutils
		lacks ip iproute2 ;; # the Linux guest's kernel is unpacked, not installed: machine_linux.py
	uefi) lacks_file /usr/share/ovmf/OVMF.fd ovmf
		lacks_file /usr/lib/grub/x86_64-efi/multiboot2.mod grub-efi-amd64-bin ;;
	grub) lacks grub-mkrescue grub-common; lacks_file /usr/lib/grub/i386-pc/multiboot.mod grub-pc-bin
		lacks xorriso xorriso; lacks mformat mtools ;;
	gdb) lacks gdb gdb ;;
	coverage) lacks gcovr gcovr ;;
	valgrind) lacks valgrind valgrind; lacks_file /usr/share/doc/libc6-dbg libc6-dbg ;;
	ocaml) lacks ocamlfind ocaml-findlib; lacks_file /usr/lib/ocaml/libasmrun.a ocaml
		lacks_file /usr/lib/x86_64-linux-musl/libc.a musl-dev; lacks make make; lacks dune ocaml-dune
		for library in lwt cstruct mirage-crypto zarith ipaddr logs; do
			lacks_file "/usr/lib/ocaml/$library/META" "lib$library-ocaml-dev"
		done ;;
	prove) lacks frama-c frama-c-base; lacks gcc gcc ;;
	model) lacks spin spin; lacks gcc gcc; lacks cpp cpp; lacks_file /usr/include/stdio.h libc6-dev ;;
	lint) lacks clang-format clang-format; lacks ctags universal-ctags; lacks shellcheck shellcheck
		lacks dash dash; lacks git git; lacks clang-tidy clang-tidy; lacks cppcheck cppcheck; lacks gcc gcc ;;
	esac
}

lacks() { command -v "$1" >/dev/null 2>&1 || echo "$2"; }
# The same for what is only of use: where the package manager knows the package.
lacks_known() { ! apt-cache show "$2" >/dev/null 2>&1 || lacks "$1" "$2"; }
lacks_file() { [ -e "$1" ] || echo "$2"; }

# The sanitizers' runtime is a package of its own, named after clang's version.
clang_runtime() {
	if version=$(clang -dumpversion 2>/dev/null); then
		runtime=$(clang -print-resource-dir)/lib/linux/libclang_rt.asan-x86_64.a
		lacks_file "$runtime" "libclang-rt-${version%%.*}-dev"
	fi
}

missing() {
	for what in "$@"; do package_of "$what"; done | sort -u
}

install_packages() {
	if ! command -v apt-get >/dev/null 2>&1; then
		echo "missing here, and there is no apt-get to install it: $*" >&2
		return 1
	fi
	as_root=
	if [ "$(id -u)" != 0 ]; then
		command -v sudo >/dev/null 2>&1 || {
			echo "missing, and neither root nor sudo to install it: $*" >&2
			return 1
		}
		as_root=sudo
	fi
	echo "installing (this may take some minutes): $*"
	apt_log=$(mktemp)
	if { $as_root apt-get update &&
		$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; } \
		>"$apt_log" 2>&1 </dev/null; then
		rm -f "$apt_log"
	else
		cat "$apt_log" >&2
		rm -f "$apt_log"
		return 1
	fi
}

need() {
	set -- python3 "$@"
	packages=$({ lacks python3 python3; missing "$@"; } | tr '\n' ' ')
	# shellcheck disable=SC2086 # the packages are words
	[ -z "${packages% }" ] || install_packages $packages || exit 1
	# What is named after the version of something that has just come.
	packages=$(missing "$@" | tr '\n' ' ')
	# shellcheck disable=SC2086
	[ -z "${packages% }" ] || install_packages $packages || exit 1
}
