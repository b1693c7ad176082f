# clang with the C and C++ library of arm-none-eabi-g++, which also links. Another clang than that
# of PATH: GRAVEN_CLANG=clang++-19 in the environment.
if(DEFINED ENV{GRAVEN_CLANG})
  set(CMAKE_CXX_COMPILER $ENV{GRAVEN_CLANG})
endif()
set(CMAKE_CXX_COMPILER_TARGET arm-none-eabi)
separate_arguments(flags UNIX_COMMAND "${cpu_flags}")
execute_process(COMMAND ${CMAKE_COMMAND} -E env LC_ALL=C arm-none-eabi-g++ -mthumb
  ${flags} -x c++ -E -v /dev/null OUTPUT_QUIET ERROR_VARIABLE said RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "${GRAVEN_TARGET}: no C++ headers; apt install gcc-arm-none-eabi "
    "libstdc++-arm-none-eabi-newlib")
endif()
# Where g++ looks, but for what belongs to the compiler itself.
string(REGEX REPLACE ".*#include <\\.\\.\\.>|End of search list.*" "" said "${said}")
string(REGEX MATCHALL "\n /[^\n]+" folders "${said}")
list(FILTER folders EXCLUDE REGEX "/gcc/arm-none-eabi/[^/]+/include(-fixed)?$")
list(TRANSFORM folders REPLACE "\n " "-isystem ")
list(JOIN folders " " headers)
# What g++ does by itself: enums as small as they can be, no frame pointer, words from any address
# where the core can.
set(like_gcc "-fshort-enums -fomit-frame-pointer")
if(NOT cpu_flags MATCHES "cortex-m0")
  string(APPEND like_gcc " -munaligned-access")
endif()
set(CMAKE_CXX_FLAGS_INIT
    "-mthumb ${cpu_flags} ${like_gcc} -nostdlibinc -nostdinc++ ${headers}")
set(CMAKE_CXX_LINK_EXECUTABLE "arm-none-eabi-g++ -mthumb ${cpu_flags} -Wl,-z,noexecstack \
<LINK_FLAGS> <OBJECTS> -o <TARGET> <LINK_LIBRARIES>")
foreach(tool nm objcopy readelf)  # those of LLVM refuse some options
  string(TOUPPER ${tool} name)
  set(CMAKE_${name} arm-none-eabi-${tool})
endforeach()
