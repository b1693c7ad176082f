# Armv8.1-M Mainline with Helium (MVE), integer and float.
set(GRAVEN_TARGET cortex-m55)
set(GRAVEN_ISA mve)
set(cpu_flags "-mcpu=cortex-m55 -mfloat-abi=hard")
set(default_board mps3-an547)
include(${CMAKE_CURRENT_LIST_DIR}/arm-none-eabi.cmake)
