# Armv7-M, no FPU.
set(GRAVEN_TARGET cortex-m3)
set(GRAVEN_ISA armv7m)
set(cpu_flags "-mcpu=cortex-m3")
set(default_board mps2-an385)
include(${CMAKE_CURRENT_LIST_DIR}/arm-none-eabi.cmake)
