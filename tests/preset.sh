#!/bin/sh
# preset.sh <preset> <cmake> <ctest> [<option of cmake>...]: configures, builds and tests one
# preset, on one core because the caller runs several at a time.
set -e
preset=$1 cmake=$2 ctest=$3
shift 3
"$cmake" --preset "$preset" "$@"
"$cmake" --build "build/$preset" --parallel 1
"$ctest" --test-dir "build/$preset" --output-on-failure --no-tests=error
