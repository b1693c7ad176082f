# cmake -DTOOL=<size> -DIMAGE=<elf> -DOUTPUT=<file> -P image_size.cmake
execute_process(COMMAND ${TOOL} -A ${IMAGE} OUTPUT_VARIABLE table COMMAND_ERROR_IS_FATAL ANY)
set(groups
  "text=\\.vectors|\\.text"
  "rodata=\\.rodata|\\.init_array|\\.ARM\\.[a-z]+"
  "data=\\.data|\\.tdata"
  "bss=\\.bss")
set(flash 0)
set(report "")
foreach(group IN LISTS groups)
  string(REPLACE "=" ";" group "${group}")
  list(POP_FRONT group name)
  string(REGEX MATCHALL "\n(${group}) +[0-9]+" lines "${table}")
  set(sum 0)
  foreach(line IN LISTS lines)
    string(REGEX REPLACE ".* " "" bytes "${line}")
    math(EXPR sum "${sum} + ${bytes}")
  endforeach()
  string(APPEND report "${name} ${sum}\n")
  if(NOT name STREQUAL "bss")
    math(EXPR flash "${flash} + ${sum}")
  endif()
endforeach()
file(WRITE ${OUTPUT} "${report}flash ${flash}\n")
