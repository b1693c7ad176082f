#!/usr/bin/env bash
# Formats C++ and Python in place; with --check it only says what it would change.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
PATH="$PWD/.venv/bin:$PATH"
check=()
[[ ${1:-} == --check ]] && check=(--check)

# Other versions format a little differently, so only this one judges.
if [[ $(clang-format --version 2>/dev/null) != *"version 14."* ]]; then
  echo "skipped: clang-format 14 is not installed (make setup puts it into .venv)"
  exit 77
fi
folders=(include tests benchmarks firmware)
mapfile -t sources < <(find "${folders[@]}" -name '*.hpp' -o -name '*.cpp' | sort)
if ((${#check[@]})); then
  clang-format --dry-run --Werror "${sources[@]}"
else
  clang-format -i "${sources[@]}"
fi
ruff format "${check[@]}" .
if ((${#check[@]})); then ruff check .; else ruff check --fix .; fi
