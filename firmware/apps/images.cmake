# graven_add_images(<target> <images.npz> <namespace>): images and labels as constants that the
# target's sources include as "<namespace>.hpp".
include_guard(GLOBAL)

set(GRAVEN_IMAGES ${CMAKE_CURRENT_LIST_DIR}/digits/images.py)
find_program(GRAVEN_APPS_PYTHON NAMES python3 NO_CMAKE_FIND_ROOT_PATH REQUIRED
  HINTS ${PROJECT_SOURCE_DIR}/.venv/bin)

function(graven_add_images target file namespace)
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/${target}.images)
  set(header ${folder}/${namespace}.hpp)
  file(MAKE_DIRECTORY ${folder})
  add_custom_command(OUTPUT ${header}
    COMMAND ${GRAVEN_APPS_PYTHON} ${GRAVEN_IMAGES} ${file} ${header} ${namespace}
    DEPENDS ${GRAVEN_IMAGES} ${file} COMMENT "Generating ${namespace}.hpp from ${file}" VERBATIM)
  target_sources(${target} PRIVATE ${header})
  target_include_directories(${target} PRIVATE ${folder})
endfunction()
