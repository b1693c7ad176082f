# graven_add_firmware(<target> SOURCES <file>... [BOARD <board>] [SEMIHOSTING ON|OFF] [BARE])
#
# A program with the runtime of this folder: for a board when a toolchain file of toolchains/ is in
# use, else for the host. Files, arguments and the exit code of a target come by semihosting, which
# needs an emulator or a debugger: with SEMIHOSTING OFF an image prints on its UART and, at its end,
# sleeps. BARE: no runtime; the sources define reset() and the vector table.
#
# Beside the program stands <target>.emulator.json, which says how to run it:
#   {"command": [...], "arguments": ["-append", "--"]}   a target: add "-append" and, as one string,
#                                                         "-- first second third" (no spaces within)
#   {"command": [...], "arguments": []}                   the host: add the arguments one by one
#
# Variables: GRAVEN_BOARD, GRAVEN_OPTIMIZE (default -O2), GRAVEN_SEMIHOSTING (default ON),
# GRAVEN_WARNINGS_AS_ERRORS (default ON).
include_guard(GLOBAL)

set(GRAVEN_FIRMWARE_DIR ${CMAKE_CURRENT_LIST_DIR})
set(GRAVEN_OPTIMIZE -O2 CACHE STRING "Optimisation of firmware")
option(GRAVEN_WARNINGS_AS_ERRORS "A warning fails the build of firmware" ON)
option(GRAVEN_SEMIHOSTING "Firmware may ask an emulator or debugger for files" ON)

function(graven_emulator_json target)
  set(command ${ARGN} $<TARGET_FILE:${target}>)
  list(JOIN command "\", \"" command)
  set(arguments "")
  if(ARGN)
    set(arguments "\"-append\", \"--\"")
  endif()
  file(GENERATE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/${target}.emulator.json
    CONTENT "{\"command\": [\"${command}\"], \"arguments\": [${arguments}]}\n")
endfunction()

function(graven_link_for_board target board)
  set(folder ${GRAVEN_FIRMWARE_DIR}/boards/${board})
  if(NOT EXISTS ${folder}/memory.ld)
    message(FATAL_ERROR "There is no board '${board}' in ${GRAVEN_FIRMWARE_DIR}/boards.")
  endif()
  target_link_options(${target} PRIVATE ${GRAVEN_LINK_OPTIONS} -T ${folder}/memory.ld
    -L ${GRAVEN_FIRMWARE_DIR}/runtime LINKER:--gc-sections LINKER:--fatal-warnings
    LINKER:--no-warn-rwx-segments)
  target_link_libraries(${target} PRIVATE m c gcc)
  set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS ${folder}/memory.ld
    ${GRAVEN_FIRMWARE_DIR}/runtime/sections.ld)
  graven_emulator(${board} emulator)
  set_target_properties(${target} PROPERTIES CROSSCOMPILING_EMULATOR "${emulator}")
  graven_emulator_json(${target} ${emulator})
endfunction()

function(graven_add_firmware target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "BARE" "BOARD;SEMIHOSTING" "SOURCES")
  if(arg_UNPARSED_ARGUMENTS OR NOT arg_SOURCES)
    message(FATAL_ERROR "graven_add_firmware(${target}): expected SOURCES <file>... [BOARD <b>] "
      "[SEMIHOSTING ON|OFF] [BARE], got also: ${arg_UNPARSED_ARGUMENTS}")
  endif()
  add_executable(${target} ${arg_SOURCES})
  target_compile_features(${target} PRIVATE cxx_std_20)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wconversion -Wsign-conversion -Wshadow
    $<$<BOOL:${GRAVEN_WARNINGS_AS_ERRORS}>:-Werror> -ffp-contract=off ${GRAVEN_OPTIMIZE})
  target_include_directories(${target} PRIVATE ${GRAVEN_FIRMWARE_DIR}/runtime)
  if(TARGET graven::graven)
    target_link_libraries(${target} PRIVATE graven::graven)
  else()
    target_include_directories(${target} PRIVATE ${GRAVEN_FIRMWARE_DIR}/../include)
  endif()
  set(runtime ${GRAVEN_FIRMWARE_DIR}/runtime)
  if(NOT CMAKE_SYSTEM_NAME STREQUAL "Generic")
    find_package(Threads REQUIRED)
    target_sources(${target} PRIVATE ${runtime}/host.cpp)
    target_link_libraries(${target} PRIVATE Threads::Threads)
    # Symbols that are looked up late would count as the model's stack.
    target_link_options(${target} PRIVATE $<$<PLATFORM_ID:Linux>:LINKER:-z,now>)
    graven_emulator_json(${target})
    return()
  endif()

  if(NOT arg_BOARD)
    set(arg_BOARD ${GRAVEN_BOARD})
  endif()
  if(NOT DEFINED arg_SEMIHOSTING)
    set(arg_SEMIHOSTING ${GRAVEN_SEMIHOSTING})
  endif()
  target_compile_options(${target} PRIVATE -fno-exceptions -fno-rtti
    -fno-threadsafe-statics -fno-asynchronous-unwind-tables -ffunction-sections -fdata-sections)
  target_compile_definitions(${target} PRIVATE GRAVEN_SEMIHOSTING=$<BOOL:${arg_SEMIHOSTING}>
    GRAVEN_BOARD_HEADER="boards/${arg_BOARD}/board.hpp")
  target_include_directories(${target} PRIVATE ${GRAVEN_FIRMWARE_DIR})
  if(NOT arg_BARE)
    set(processor cortex_m)
    if(CMAKE_SYSTEM_PROCESSOR MATCHES "^riscv")
      set(processor riscv32)
    endif()
    target_sources(${target} PRIVATE ${runtime}/target.cpp ${runtime}/${processor}.cpp)
  endif()
  graven_link_for_board(${target} ${arg_BOARD})
endfunction()

# Writes <target>.size after each build: the bytes of .text, .rodata (with .init_array and what
# exceptions need), .data and .bss, and `flash`, the sum of what lies in flash.
function(graven_report_size target)
  add_custom_command(TARGET ${target} POST_BUILD VERBATIM
    COMMAND ${CMAKE_COMMAND} -DTOOL=${GRAVEN_SIZE_TOOL} -DIMAGE=$<TARGET_FILE:${target}>
      -DOUTPUT=${CMAKE_CURRENT_BINARY_DIR}/${target}.size
      -P ${GRAVEN_FIRMWARE_DIR}/image_size.cmake)
endfunction()
