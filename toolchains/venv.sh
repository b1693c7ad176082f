# What setup.sh and judges.sh share: sourced in the repository's folder, after `say` and `fail`.

# A Python 3.11 or later that can make environments; the system's first.
find_python() {
  local candidate
  for candidate in /usr/bin/python3 python3 python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' \
        2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
  fail "no Python 3.11 or later with venv; on Debian: apt-get install python3 python3-venv"
}

# prepare_venv FOLDER SCRIPT INSTALL: makes FOLDER anew by the function INSTALL when what it was
# made from has changed: SCRIPT, the requirements, the place of the repository.
prepare_venv() {
  local python stamp=$1/made-from source
  python=$(find_python) || exit 3
  source="$PWD $("$python" -V) $(cat pyproject.toml toolchains/venv.sh "$2" | sha256sum)"
  if [[ -x $1/bin/graven && -f $stamp && $(<"$stamp") == "$source" ]]; then return; fi
  say "making $1 with $("$python" -V)"
  rm -rf "$1"
  "$python" -m venv "$1"
  "$3" || { rm -rf "$1"; return 1; }
  printf '%s\n' "$source" >"$stamp"
}
