#!/usr/bin/env bash
# judges.sh [EXTRA ...]: an environment .venv-EXTRA for each extra of pyproject.toml (default:
# judges) with the packages that the suites in Python compare graven with; where .venv has them, it
# stands for that. A second run changes nothing and takes a moment. Where they cannot be installed,
# it says so, and the tests that need them are skipped; with GRAVEN_JUDGES=required it ends in exit
# code 3.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf 'judges: %s\n' "$*"; }
fail() { printf 'judges: %s\n' "$*" >&2; exit 3; }
source toolchains/venv.sh

# Whether .venv has all that an extra asks for.
has_all() {
  .venv/bin/python - "$1" <<'END'
import sys
from importlib.metadata import PackageNotFoundError, requires, version
from packaging.requirements import Requirement
asked = map(Requirement, requires("graven") or [])
chosen = [each for each in asked if each.marker and each.marker.evaluate({"extra": sys.argv[1]})]
try:
    found = [each.specifier.contains(version(each.name), prereleases=True) for each in chosen]
except PackageNotFoundError:
    found = [False]
sys.exit(not all(found))
END
}

# PyTorch's own index has builds for the CPU alone; those of PyPI may be several GB. Out of reach,
# it is given up within seconds.
install_torch() {
  local torch
  torch=$(grep -o 'torch==[0-9.]*' pyproject.toml)
  "$folder/bin/python" -m pip install --disable-pip-version-check --quiet --retries 0 --timeout 10 \
    --no-compile --index-url https://download.pytorch.org/whl/cpu "$torch" 2>/dev/null ||
    say "PyTorch's index for CPUs does not answer; taking $torch from PyPI"
}

install_extra() {
  if [[ $extra == judges ]]; then install_torch; fi
  "$folder/bin/python" -m pip install --disable-pip-version-check --quiet --no-compile \
    --editable ".[dev,$extra]"
}

for extra in "${@:-judges}"; do
  grep -q "^$extra = " pyproject.toml || fail "pyproject.toml has no extra $extra"
  folder=.venv-$extra
  if [[ -x .venv/bin/graven ]] && has_all "$extra"; then
    rm -rf "$folder"
    ln -s .venv "$folder"
    continue
  fi
  if ! prepare_venv "$folder" toolchains/judges.sh install_extra; then
    say "NOT INSTALLED: graven[$extra] (see above); the tests that need it will be SKIPPED"
    if [[ ${GRAVEN_JUDGES:-} == required ]]; then exit 3; fi
  fi
done
