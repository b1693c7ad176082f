#!/usr/bin/env bash
# run.sh <program> <compiler>: runs a static x86-64 Linux program without arguments on an emulated
# PC with AVX-512 VNNI (Bochs, Debian's packages bochs and bochs-term), prints what it prints and
# ends with its exit code; 77 where Bochs is missing. The PC has no operating system: <compiler>
# makes its ROM from reset.S and machine.cpp, and the program is its disk. Files lie in
# <program>.bochs/.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
program=$(realpath "$1") compiler=$2

for tool in bochs script; do
  if ! command -v "$tool" >/dev/null; then
    echo "skipped: $tool is missing (Debian's packages bochs, bochs-term, bsdutils)"
    exit 77
  fi
done
if [[ $(bochs -help cpu 2>&1) != *corei7_icelake_u* ]]; then
  echo "skipped: this Bochs has no processor corei7_icelake_u (2.7 has)"
  exit 77
fi
mkdir -p "$program.bochs"
cd "$program.bochs"

"$compiler" -std=c++20 -Os -ffreestanding -fno-pie -fno-stack-protector -fno-exceptions -fno-rtti \
  -fno-asynchronous-unwind-tables -mgeneral-regs-only -mno-red-zone -nostdlib -static \
  -Wall -Wextra -Wpedantic -Wl,--build-id=none -Wl,-z,noexecstack -Wl,-T,"$here/rom.ld" \
  "$here/reset.S" "$here/machine.cpp" -o rom.elf
objcopy -O binary -j .text -j .reset rom.elf rom.bin

# A disk of whole cylinders; its first sector holds the size of the program, which follows.
strip -o stripped "$program"
size=$(stat -c %s stripped) bytes=
for shift in 0 8 16 24; do printf -v bytes '%s\\x%02x' "$bytes" $((size >> shift & 255)); done
printf "$bytes" >disk.img
truncate -s 512 disk.img
cat stripped >>disk.img
cylinder=$((16 * 63 * 512))
truncate -s $(((size + 512 + cylinder - 1) / cylinder * cylinder)) disk.img

cat >bochsrc <<'END'
plugin_ctrl: biosdev=0, speaker=0
display_library: term
config_interface: textconfig
cpu: model=corei7_icelake_u, ips=100000000, reset_on_triple_fault=0
megs: 256
romimage: file=rom.bin
ata0-master: type=disk, path=disk.img, mode=flat
com1: enabled=1, mode=file, dev=serial.txt
log: bochs.log
panic: action=fatal
error: action=ignore
clock: sync=none
END
printf 'c\nq\n' >debugger.txt  # for a Bochs with its debugger, as Debian's: go
debugger=()
if [[ $(bochs --help 2>&1) == *' -rc '* ]]; then debugger=(-rc debugger.txt); fi
rm -f serial.txt
# Its display is a terminal, which `script` is. Bochs itself never ends with 0.
TERM=linux script -qfc "bochs -q -f bochsrc ${debugger[*]}" /dev/null </dev/null >screen.txt 2>&1 ||
  true
cat serial.txt 2>/dev/null || true
code=$(sed -n 's/^exit code 0*\([0-9][0-9]*\)$/\1/p' serial.txt 2>/dev/null | tail -n 1) || true
if [[ -z $code ]]; then
  echo "$program: did not end; see bochs.log in $PWD" >&2
  exit 3
fi
exit "$code"
