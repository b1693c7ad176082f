#!/bin/sh
# options.sh <preset> <options> <C++ standard> <cmake> <ctest> [<unit of parity>... | run | build]:
# the app digits with these options of the compiler (one argument); the hash that its test expects
# says that the bits are the same. The units too, or all there are, which are run or built alone:
# with other options inline assembly may be short of registers.
set -e
preset=$1 options=$(echo "$2" | tr ' ' ';') standard=$3 cmake=$4 ctest=$5
shift 5
folder=build/options/$preset/$(echo "$options" | tr -d ';-')-$standard
link=
case $options in *-flto*) link=-flto ;; esac
parity=$([ $# -eq 0 ] && echo OFF || echo ON)
case $link$preset in -fltoclang) link='-flto -fuse-ld=lld' ;; esac
"$cmake" --preset "$preset" -B "$folder" -DGRAVEN_OPTIMIZE="$options" \
  -DGRAVEN_TEST_DEEP="$parity" -DCMAKE_CXX_STANDARD="$standard" -DCMAKE_EXE_LINKER_FLAGS="$link"
targets=digits_app tests=digits
for unit; do
  case $unit in
    build) targets="$targets parity" ;;
    run) targets="$targets parity" tests="$tests|parity/.*" ;;
    *) targets="$targets parity.$unit" tests="$tests|parity/$unit" ;;
  esac
done
"$cmake" --build "$folder" --target $targets
"$ctest" --test-dir "$folder" --output-on-failure --no-tests=error -R "^($tests)\$"
