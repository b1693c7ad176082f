# Armv8-M Mainline with DSP, single-precision FPU.
set(GRAVEN_TARGET cortex-m33)
set(GRAVEN_ISA armv7em)
set(GRAVEN_ISA_PROVED_ON cortex-m4)
set(cpu_flags "-mcpu=cortex-m33 -mfloat-abi=hard -mfpu=fpv5-sp-d16")
set(default_board mps2-an505)
include(${CMAKE_CURRENT_LIST_DIR}/arm-none-eabi.cmake)
