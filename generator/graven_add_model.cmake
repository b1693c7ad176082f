# graven_add_model(<target> <model.tflite> [NAME <namespace>] [SEARCH <target>...]
#                  [PRUNE exact|off] [ALLOW_FLOAT])
#
# Creates the INTERFACE library <target>; whoever links it may #include "<namespace>.hpp", which
# is generated from the model at build time. The namespace defaults to the target's name.
# SEARCH, PRUNE and ALLOW_FLOAT are --search, --prune and --allow-float of `graven compile`.
# The generator is $GRAVEN_EXECUTABLE if that variable is set (a command, as a list), else
# .venv/bin/graven of the library's or the user's source tree, else `graven` from PATH, else
# `python3 -m graven`.
include_guard(GLOBAL)

if(CMAKE_SCRIPT_MODE_FILE) # at build time: run the generator, and let its error point at the model
  string(REPLACE "|" ";" COMMAND "${COMMAND}")
  string(REPLACE "|" ";" OPTIONS "${OPTIONS}")
  list(JOIN COMMAND " " command_line)
  execute_process(COMMAND ${COMMAND} compile ${MODEL} -o ${OUTPUT} --name ${NAME} ${OPTIONS}
    RESULT_VARIABLE result OUTPUT_VARIABLE printed ERROR_VARIABLE printed)
  if(NOT result EQUAL 0)
    file(REMOVE ${OUTPUT})
    string(STRIP "${printed}" printed)
    if(printed STREQUAL "")
      set(printed "'${command_line}' failed (${result}); set GRAVEN_EXECUTABLE to the generator")
    endif()
    message("${MODEL}:1: error: ${printed}")
    message(FATAL_ERROR "graven_add_model: no ${NAME}.hpp")
  endif()
  return()
endif()

set(GRAVEN_ADD_MODEL_FILE ${CMAKE_CURRENT_LIST_FILE} CACHE INTERNAL "")

function(graven_find_generator result)
  if(GRAVEN_EXECUTABLE)
    set(${result} ${GRAVEN_EXECUTABLE} PARENT_SCOPE)
    return()
  endif()
  cmake_path(GET GRAVEN_ADD_MODEL_FILE PARENT_PATH here)
  find_program(found NAMES graven NO_CACHE NO_CMAKE_FIND_ROOT_PATH
    HINTS ${here}/../.venv/bin ${CMAKE_SOURCE_DIR}/.venv/bin)
  if(NOT found)
    find_program(python NAMES python3 NO_CACHE NO_CMAKE_FIND_ROOT_PATH)
    execute_process(COMMAND ${python} -m graven --help RESULT_VARIABLE status
      OUTPUT_QUIET ERROR_QUIET)
    if(NOT status EQUAL 0)
      message(FATAL_ERROR "graven_add_model: the command 'graven' was not found. "
        "Install the Python package graven, or set GRAVEN_EXECUTABLE to the command.")
    endif()
    set(found ${python} -m graven)
  endif()
  set(${result} ${found} PARENT_SCOPE)
endfunction()

function(graven_add_model target model)
  cmake_parse_arguments(PARSE_ARGV 2 arg "ALLOW_FLOAT" "NAME;PRUNE" "SEARCH")
  if(arg_UNPARSED_ARGUMENTS OR arg_KEYWORDS_MISSING_VALUES)
    message(FATAL_ERROR "graven_add_model(${target}): expected <target> <model.tflite> "
      "[NAME <namespace>] [SEARCH <target>...] [PRUNE exact|off] [ALLOW_FLOAT], "
      "got also: ${arg_UNPARSED_ARGUMENTS} ${arg_KEYWORDS_MISSING_VALUES}")
  endif()
  string(MAKE_C_IDENTIFIER "${target}" name)
  if(arg_NAME)
    set(name ${arg_NAME})
  endif()
  if(NOT name MATCHES "^[A-Za-z_][A-Za-z0-9_]*$")
    message(FATAL_ERROR "graven_add_model(${target}): NAME '${name}' is not a C++ identifier")
  endif()
  cmake_path(ABSOLUTE_PATH model NORMALIZE)
  if(NOT EXISTS ${model})
    message(FATAL_ERROR "graven_add_model(${target}): there is no model ${model}")
  endif()
  set(options "")
  if(arg_SEARCH)
    list(JOIN arg_SEARCH "," searched)
    list(APPEND options --search ${searched})
  endif()
  if(arg_ALLOW_FLOAT)
    list(APPEND options --allow-float)
  endif()
  if(arg_PRUNE)
    list(APPEND options --prune ${arg_PRUNE})
  endif()
  list(JOIN options "|" options)
  graven_find_generator(generator)

  # A change of the generator makes new headers: in a source tree all of it counts.
  cmake_path(GET GRAVEN_ADD_MODEL_FILE PARENT_PATH here)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${here}/graven/*.py ${here}/graven/*.j2
    ${here}/graven/templates/*)
  list(GET generator 0 program)
  if(NOT sources AND EXISTS ${program})
    set(sources ${program})
  endif()

  set(include_dir ${CMAKE_CURRENT_BINARY_DIR}/${target}.graven)
  set(header ${include_dir}/${name}.hpp)
  file(MAKE_DIRECTORY ${include_dir})
  list(JOIN generator "|" command)
  add_custom_command(OUTPUT ${header}
    COMMAND ${CMAKE_COMMAND} "-DCOMMAND=${command}" -DMODEL=${model} -DOUTPUT=${header}
      -DNAME=${name} "-DOPTIONS=${options}" -P ${GRAVEN_ADD_MODEL_FILE}
    DEPENDS ${model} ${sources} ${GRAVEN_ADD_MODEL_FILE}
    COMMENT "Generating ${name}.hpp from ${model}" VERBATIM)
  add_custom_target(${target}.header DEPENDS ${header})
  add_library(${target} INTERFACE)
  add_dependencies(${target} ${target}.header)
  target_include_directories(${target} INTERFACE ${include_dir})
  target_link_libraries(${target} INTERFACE graven::graven)

  # Two targets with one namespace must not meet in a program: CMake reports it by this property.
  set_property(TARGET ${target} PROPERTY INTERFACE_GRAVEN_NAMESPACE_${name} ${target})
  set_property(TARGET ${target} APPEND PROPERTY
    COMPATIBLE_INTERFACE_STRING GRAVEN_NAMESPACE_${name})
endfunction()
