# Armv6-M, no FPU. Counts on a board with 4 MB; -DGRAVEN_BOARD=lm3s6965 faults on unaligned words.
set(GRAVEN_TARGET cortex-m0)
set(GRAVEN_ISA armv6m)
set(cpu_flags "-mcpu=cortex-m0 -masm-syntax-unified")
set(default_board mps2-an385)
include(${CMAKE_CURRENT_LIST_DIR}/arm-none-eabi.cmake)
