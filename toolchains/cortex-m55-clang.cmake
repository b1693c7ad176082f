# The Cortex-M55 by clang.
set(CMAKE_CXX_COMPILER clang++)
include(${CMAKE_CURRENT_LIST_DIR}/cortex-m55.cmake)
set(GRAVEN_TARGET cortex-m55-clang)
