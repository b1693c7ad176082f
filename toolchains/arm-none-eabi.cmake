# What all Cortex-M toolchain files share; <cpu>.cmake sets `cpu_flags` and `default_board` first,
# and says which instruction set graven::native is there (GRAVEN_ISA), and on which other core the
# tests prove it, if not on this one (GRAVEN_ISA_PROVED_ON).
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
if(CMAKE_CXX_COMPILER MATCHES "clang")  # <cpu>-clang.cmake
  include(${CMAKE_CURRENT_LIST_DIR}/arm-none-eabi-clang.cmake)
else()
  set(CMAKE_CXX_COMPILER arm-none-eabi-g++)
  set(CMAKE_CXX_FLAGS_INIT "-mthumb ${cpu_flags}")
endif()
set(GRAVEN_SIZE_TOOL arm-none-eabi-size)
# No libstdc++, no system calls: what would throw, allocate or print does not link.
set(GRAVEN_LINK_OPTIONS --specs=nano.specs -nostartfiles -nodefaultlibs)
include(${CMAKE_CURRENT_LIST_DIR}/board.cmake)
