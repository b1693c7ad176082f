#!/bin/sh
# preset.sh <preset> <cmake> <ctest>: configures, builds and tests one preset, on one core because
# the caller runs several at a time.
set -e
"$2" --preset "$1"
"$2" --build "build/$1" --parallel 1
"$3" --test-dir "build/$1" --output-on-failure --no-tests=error
