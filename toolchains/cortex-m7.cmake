# Armv7E-M, double-precision FPU.
set(GRAVEN_TARGET cortex-m7)
set(GRAVEN_ISA armv7em)
set(GRAVEN_ISA_PROVED_ON cortex-m4)
set(cpu_flags "-mcpu=cortex-m7 -mfloat-abi=hard -mfpu=fpv5-d16")
set(default_board mps2-an500)
include(${CMAKE_CURRENT_LIST_DIR}/arm-none-eabi.cmake)
