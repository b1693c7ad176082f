# RV32IMC with picolibc. There is no package of libstdc++ for it: the headers of the Arm one serve,
# as nothing of the library is linked. In ISA specification 2.2 the CSR instructions belong to I.
set(GRAVEN_TARGET riscv32)
set(GRAVEN_ISA rv32imc)
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR riscv32)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_CXX_COMPILER riscv64-unknown-elf-g++)
file(GLOB config /usr/include/newlib/c++/*/arm-none-eabi/bits/c++config.h
  /usr/lib/arm-none-eabi/include/c++/*/arm-none-eabi/bits/c++config.h)
if(NOT config)
  message(FATAL_ERROR "riscv32: no C++ headers; apt install libstdc++-arm-none-eabi-dev")
endif()
list(GET config -1 config)
cmake_path(SET headers NORMALIZE ${config}/../../..)
set(CMAKE_CXX_FLAGS_INIT "-march=rv32imc -misa-spec=2.2 -mabi=ilp32 --specs=picolibc.specs \
-nostdinc++ -isystem ${headers} -isystem ${headers}/arm-none-eabi")
set(GRAVEN_SIZE_TOOL riscv64-unknown-elf-size)
set(GRAVEN_LINK_OPTIONS -nostartfiles -nodefaultlibs)
set(default_board riscv32-virt)
include(${CMAKE_CURRENT_LIST_DIR}/board.cmake)
