# The Cortex-M4 by clang.
set(CMAKE_CXX_COMPILER clang++)
include(${CMAKE_CURRENT_LIST_DIR}/cortex-m4.cmake)
set(GRAVEN_TARGET cortex-m4-clang)
