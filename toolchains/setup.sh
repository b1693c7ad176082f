#!/usr/bin/env bash
# Prepares a Debian 12 or Ubuntu 24.04 machine: the packages that are missing, by apt, and .venv
# with the command `graven`. A second run changes nothing and takes a moment.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

packages=(
  g++ clang lld cmake ninja-build make ccache python3 python3-venv doctest-dev libbenchmark-dev
  gcc-arm-none-eabi libnewlib-arm-none-eabi libstdc++-arm-none-eabi-dev
  libstdc++-arm-none-eabi-newlib gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf
  qemu-system-arm qemu-system-misc
)

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 3; }
source toolchains/venv.sh

install_packages() {
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    say "no apt on this machine; these Debian packages' programs must be there: ${packages[*]}"
    return
  fi
  local installed missing=() package as_root=()
  installed=" $(dpkg-query -W -f='${db:Status-Status}:${Package} ' 2>/dev/null)"
  for package in "${packages[@]}"; do
    [[ $installed == *" installed:$package "* ]] || missing+=("$package")
  done
  if ((${#missing[@]} == 0)); then return; fi
  if ((EUID != 0)); then
    command -v sudo >/dev/null || fail "run as root: apt-get install ${missing[*]}"
    as_root=(sudo)
    if [[ ! -t 0 ]]; then as_root+=(-n); fi
  fi
  say "installing ${missing[*]}"
  as_root+=(env DEBIAN_FRONTEND=noninteractive)
  "${as_root[@]}" apt-get update -q || say "apt-get update failed; trying with the lists at hand"
  "${as_root[@]}" apt-get install -q -y --no-install-recommends "${missing[@]}" ||
    fail "apt-get could not install: ${missing[*]}"
}

install_graven() {
  .venv/bin/python -m pip install --disable-pip-version-check --quiet --editable '.[dev]'
}

install_packages
prepare_venv .venv toolchains/setup.sh install_graven ||
  fail "pip could not install graven and its requirements into .venv"
say "ready: .venv/bin/graven"
