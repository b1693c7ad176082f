#!/bin/sh
# options.sh <preset> <options> <C++ standard> <cmake> <ctest>: the app digits with these options of
# the compiler (a list of CMake's); the hash that its test expects says that the bits are the same.
set -e
preset=$1 options=$2 standard=$3 cmake=$4 ctest=$5
folder=build/options/$preset/$(echo "$options" | tr -d ';-')-$standard
link=
case $options in *-flto*) link=-flto ;; esac
case $link$preset in -fltoclang) link='-flto -fuse-ld=lld' ;; esac
"$cmake" --preset "$preset" -B "$folder" -DGRAVEN_OPTIMIZE="$options" -DGRAVEN_TEST_DEEP=OFF \
  -DCMAKE_CXX_STANDARD="$standard" -DCMAKE_EXE_LINKER_FLAGS="$link"
"$cmake" --build "$folder" --target digits_app
"$ctest" --test-dir "$folder" --output-on-failure --no-tests=error -R '^digits$'
