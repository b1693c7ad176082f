# Armv7E-M, single-precision FPU. -DGRAVEN_BOARD=stm32f405 for the STM32F405.
set(GRAVEN_TARGET cortex-m4)
set(GRAVEN_ISA armv7em)
set(cpu_flags "-mcpu=cortex-m4 -mfloat-abi=hard -mfpu=fpv4-sp-d16")
set(default_board mps2-an386)
include(${CMAKE_CURRENT_LIST_DIR}/arm-none-eabi.cmake)
