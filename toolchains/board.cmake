# The board and its emulator. Another board: -DGRAVEN_BOARD=<folder of firmware/boards>.
set(GRAVEN_BOARD ${default_board} CACHE STRING "Board: a folder of firmware/boards")
set(GRAVEN_FIRMWARE_DIR ${CMAKE_CURRENT_LIST_DIR}/../firmware)
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES GRAVEN_BOARD)

# graven_emulator(<board> <result>): the command that runs an image on the board; the image's path
# comes last. One instruction is one nanosecond of the emulated clock (-icount shift=0): this is
# how instructions are counted. The board's UART is standard output.
function(graven_emulator board result)
  include(${GRAVEN_FIRMWARE_DIR}/boards/${board}/board.cmake)
  set(${result} ${machine} -icount shift=0 -display none -monitor none -serial stdio
    -semihosting-config enable=on,target=native -kernel PARENT_SCOPE)
endfunction()

graven_emulator(${GRAVEN_BOARD} CMAKE_CROSSCOMPILING_EMULATOR)
