# What GRAVEN_TEST_EVERYTHING adds: what belongs to no preset, and the other presets as tests.

# add_deep_test(NAME ...): add_test, in `make test-deep` only, with the label `deep`.
function(add_deep_test)
  if(GRAVEN_TEST_DEEP)
    add_test(${ARGN})
    set_property(TEST ${ARGV1} APPEND PROPERTY LABELS deep)
  endif()
endfunction()

# set_tests_properties for a test that may not be there.
function(set_deep_properties test)
  if(TEST ${test})
    set_tests_properties(${test} PROPERTIES ${ARGN})
  endif()
endfunction()

add_test(NAME house_rules COMMAND Python3::Interpreter
  ${CMAKE_CURRENT_SOURCE_DIR}/house_rules.py ${PROJECT_SOURCE_DIR})
add_test(NAME house_rules_test COMMAND Python3::Interpreter
  ${CMAKE_CURRENT_SOURCE_DIR}/house_rules_test.py)
add_test(NAME check_test COMMAND Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/check_test.py)
add_test(NAME format COMMAND ${PROJECT_SOURCE_DIR}/toolchains/format.sh --check)
set_tests_properties(format PROPERTIES SKIP_RETURN_CODE 77)

# The suites in Python; deep: those that compile a program per case. One that asks for packages
# which may be missing runs where toolchains/judges.sh has installed them; there none may be. A
# deep one asks for what the quick one asks for whose checks it does many times.
function(choose_pytest source)
  set(python ${venv}/python)
  set(options)
  file(STRINGS ${source} asks REGEX "importorskip|find_spec")
  string(REPLACE "_deep.py" ".py" quick ${source})
  if(NOT asks AND EXISTS ${quick})
    file(STRINGS ${quick} asks REGEX "importorskip|find_spec")
  endif()
  set(judges ${PROJECT_SOURCE_DIR}/.venv-judges)
  if(asks MATCHES "\"tensorflow\"")
    string(APPEND judges -tensorflow)
  endif()
  if(asks AND EXISTS ${judges}/made-from)
    set(python ${judges}/bin/python)
    set(options --every-package)
  endif()
  set(pytest ${python} -m pytest -q -p no:cacheprovider ${options} PARENT_SCOPE)
endfunction()
set(deep_suites benchmarks/test_deepmetal.py benchmarks/test_kinds.py benchmarks/test_language.py
  benchmarks/test_scalar_share.py benchmarks/test_scalar_share_deep.py
  benchmarks/test_sequences_deep.py benchmarks/test_shapes.py benchmarks/test_training_deep.py
  benchmarks/test_watch_deep.py
  generator/test_accuracy.py generator/test_converted_deep.py generator/test_layers_cpp.py
  generator/test_mutants_deep.py generator/test_nano_rust_cpp.py generator/test_notebooks_deep.py
  generator/test_plans_cpp.py generator/test_random_cores_deep.py generator/test_recurrent_deep.py
  generator/test_saved_model_deep.py generator/test_torch_experts.py generator/test_training_deep.py
  generator/test_transformers_deep.py generator/test_wakewords_deep.py)
file(GLOB_RECURSE sources CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR}
  generator/test_*.py benchmarks/test_*.py)
list(REMOVE_ITEM sources generator/test_targets.py)
foreach(source IN LISTS sources)
  cmake_path(REMOVE_EXTENSION source OUTPUT_VARIABLE name)
  set(add add_test)
  if(source IN_LIST deep_suites)
    set(add add_deep_test)
  endif()
  choose_pytest(${CMAKE_CURRENT_SOURCE_DIR}/${source})
  set(chosen)
  if(NOT GRAVEN_TEST_DEEP)
    set(chosen -m "not deep")
    if(name STREQUAL "generator/test_run")  # of what builds the shared models
      list(APPEND chosen -k "not golden or hello_world")
    endif()
  endif()
  cmake_language(CALL ${add} NAME ${name}
    COMMAND ${pytest} ${CMAKE_CURRENT_SOURCE_DIR}/${source} ${chosen}
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_deep_properties(${name} SKIP_RETURN_CODE 5 COST 100)
endforeach()

# Every toolchain file is a target; what is left of it without the deep tests.
file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/toolchains/*.cmake)
set(targets)
foreach(file IN LISTS files)
  file(STRINGS ${file} is_target REGEX "^set\\(GRAVEN_TARGET")
  if(is_target)
    cmake_path(GET file STEM target)
    list(APPEND targets ${target})
  endif()
endforeach()
set(short_targets cortex-m0 cortex-m3 cortex-m55 riscv32)
choose_pytest(${CMAKE_CURRENT_SOURCE_DIR}/generator/test_targets.py)

# All models against their golden vectors; in the short form, the small ones.
foreach(target IN LISTS targets ITEMS host)
  set(add add_deep_test)
  set(chosen)
  if(target MATCHES "^(host|cortex-m4)$")
    set(add add_test)
  elseif(target IN_LIST short_targets AND NOT GRAVEN_TEST_DEEP)
    set(add add_test)
    set(chosen -k "golden and hello_world or shapes_equals")
  endif()
  set(name generator/targets/${target})
  cmake_language(CALL ${add} NAME ${name} COMMAND ${pytest}
    ${CMAKE_CURRENT_SOURCE_DIR}/generator/test_targets.py --target ${target} ${chosen}
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  if(chosen)  # nothing chosen is a mistake
    set_deep_properties(${name} COST 300)
  else()
    set_deep_properties(${name} SKIP_RETURN_CODE 5 COST 300)
  endif()
endforeach()

# AVX-VNNI with the instructions that this processor may lack carried out by trap.cpp, for which
# doctest must leave the signals alone.
function(add_vnni_test isa name)
  set(target test.${isa}.${name})
  add_executable(${target} isa/${name}.cpp main.cpp)
  target_compile_options(${target} PRIVATE ${warnings} -O1 ${ARGN})
  target_compile_definitions(${target} PRIVATE GRAVEN_SEEDS=20 DOCTEST_CONFIG_NO_POSIX_SIGNALS)
  target_link_libraries(${target} PRIVATE graven::graven doctest::doctest)
endfunction()
if(GRAVEN_AVX2 AND GRAVEN_TEST_DEEP)
  add_library(trap OBJECT isa/trap.cpp)
  target_compile_features(trap PRIVATE cxx_std_20)
  target_compile_options(trap PRIVATE ${warnings} -O1)
  foreach(name IN ITEMS parity x86)
    add_vnni_test(avxvnni ${name} -mavxvnni)
    target_link_libraries(test.avxvnni.${name} PRIVATE trap)
    add_deep_test(NAME isa/avxvnni/${name} COMMAND test.avxvnni.${name})
    set_tests_properties(isa/avxvnni/${name} PROPERTIES SKIP_RETURN_CODE 77)
  endforeach()
endif()

# AVX-512 VNNI, and AVX-VNNI's kernels in its encoding, on an emulated PC, where Bochs is installed.
find_program(GRAVEN_BOCHS bochs)
if(GRAVEN_AVX2 AND GRAVEN_BOCHS AND GRAVEN_TEST_DEEP)
  foreach(name IN ITEMS parity x86)
    add_vnni_test(avx512vnni ${name} -mavx512vnni -mavx512bw -mavx512vl)
    target_link_options(test.avx512vnni.${name} PRIVATE -static)
    add_deep_test(NAME isa/avx512vnni/${name}
      COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/isa/bochs/run.sh
        $<TARGET_FILE:test.avx512vnni.${name}> ${CMAKE_CXX_COMPILER})
    set_tests_properties(isa/avx512vnni/${name} PROPERTIES SKIP_RETURN_CODE 77)
  endforeach()
elseif(GRAVEN_TEST_DEEP)
  message(STATUS "graven: AVX-512 VNNI is not tested: that takes AVX2, bochs and bochs-term")
endif()

# Options of the compilers. clang for Cortex-M is linked by arm-none-eabi-g++: no -flto there.
set(run_options sh ${CMAKE_CURRENT_SOURCE_DIR}/options.sh)
add_test(NAME options/cortex-m55 COMMAND ${run_options}
  cortex-m55 -O3 20 ${CMAKE_COMMAND} ${CMAKE_CTEST_COMMAND} binary pool
  WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
add_deep_test(NAME options/cortex-m4-clang COMMAND ${run_options}
  cortex-m4-clang -O2 20 ${CMAKE_COMMAND} ${CMAKE_CTEST_COMMAND} dense
  WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
add_test(NAME options/cortex-m55-clang COMMAND ${run_options}
  cortex-m55-clang -O2 20 ${CMAKE_COMMAND} ${CMAKE_CTEST_COMMAND} words
  WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
foreach(options IN ITEMS -O1 -O3 "-O3 -funroll-loops" "-O1 -fno-omit-frame-pointer")
  string(REPLACE " " ";" separate ${options})
  string(REPLACE " " "" short ${options})
  set(add add_deep_test)
  if(options MATCHES "^-O1")
    set(add add_test)
  endif()
  cmake_language(CALL ${add} NAME options/registers${short} COMMAND arm-none-eabi-g++
    -std=c++20 -mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16 ${separate}
    -I${PROJECT_SOURCE_DIR}/include -c ${CMAKE_CURRENT_SOURCE_DIR}/options/registers.cpp
    -o /dev/null)
endforeach()
foreach(preset IN ITEMS gcc clang cortex-m4 cortex-m4-clang cortex-m55 cortex-m55-clang)
  foreach(standard IN ITEMS 20 23)
    foreach(options IN ITEMS -O0 -Og -Os -O3 "-O2 -flto" "-O1 -fno-omit-frame-pointer")
      if(options MATCHES "lto" AND preset MATCHES "cortex.*clang")
        continue()
      endif()
      if(options MATCHES "frame" AND preset STREQUAL "cortex-m4")
        continue()  # Dense and depthwise convolutions of int8 need its register (README.md)
      endif()
      string(REPLACE " " "" short ${options})
      set(units)
      if(preset MATCHES "cortex" AND standard EQUAL 20)
        set(units build)
        if(options MATCHES "-O[03]")
          set(units run)
        endif()
      endif()
      add_deep_test(NAME options/${preset}/${short}-c++${standard} COMMAND ${run_options}
        ${preset} ${options} ${standard} ${CMAKE_COMMAND} ${CMAKE_CTEST_COMMAND} ${units}
        WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
      if(units)
        set_deep_properties(options/${preset}/${short}-c++${standard} TIMEOUT 7200 COST 2000)
      endif()
    endforeach()
  endforeach()
endforeach()

# The host's kernels: intrinsics want constants, which a compiler that optimizes nothing must see.
file(GLOB sources CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR}/isa
  ${CMAKE_CURRENT_SOURCE_DIR}/isa/*.cpp)
list(REMOVE_ITEM sources trap.cpp)
if(NOT GRAVEN_AVX2)
  set(sources)
endif()
foreach(compiler IN ITEMS g++ clang++)
  foreach(options IN ITEMS -O0 -Og -Os -O3 "-O2 -flto" "-O1 -fno-omit-frame-pointer")
    foreach(source IN LISTS sources)
      string(REPLACE " " ";" separate ${options})
      string(REPLACE " " "" short ${options})
      cmake_path(REMOVE_EXTENSION source OUTPUT_VARIABLE name)
      add_deep_test(NAME options/${compiler}/isa/${name}${short} COMMAND ${compiler} -std=c++20
        -mavx2 ${separate} -DGRAVEN_SEEDS=1 -I${PROJECT_SOURCE_DIR}/include
        -c ${CMAKE_CURRENT_SOURCE_DIR}/isa/${source} -o /dev/null)
    endforeach()
  endforeach()
endforeach()

# What embedded builds and g++'s sanitizers say: an address may be null.
foreach(preset IN ITEMS cortex-m4 riscv32)
  add_deep_test(NAME options/${preset}/null-pointer-checks COMMAND ${run_options}
    ${preset} "-O2 -fno-delete-null-pointer-checks" 20 ${CMAKE_COMMAND} ${CMAKE_CTEST_COMMAND}
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
endforeach()

add_test(NAME options/addresses/sanitizers COMMAND g++ -std=c++20 -fsanitize=undefined -fsyntax-only
  -I${PROJECT_SOURCE_DIR}/include ${CMAKE_CURRENT_SOURCE_DIR}/options/addresses.cpp)
add_deep_test(NAME options/addresses/cortex-m4 COMMAND arm-none-eabi-g++ -std=c++20 -mcpu=cortex-m4
  -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16 -fno-delete-null-pointer-checks -fsyntax-only
  -I${PROJECT_SOURCE_DIR}/include ${CMAKE_CURRENT_SOURCE_DIR}/options/addresses.cpp)

# Consumers: an installed graven, graven as a subdirectory, and the wheel.
set(prefix ${CMAKE_CURRENT_BINARY_DIR}/consumer/prefix)
add_test(NAME consumer/install
  COMMAND ${CMAKE_COMMAND} --install ${PROJECT_BINARY_DIR} --prefix ${prefix})
set_tests_properties(consumer/install PROPERTIES FIXTURES_SETUP installed)
foreach(kind IN ITEMS find_package add_subdirectory)
  add_test(NAME consumer/${kind} COMMAND ${CMAKE_CTEST_COMMAND}
    --build-and-test ${CMAKE_CURRENT_SOURCE_DIR}/consumer/${kind}
                     ${CMAKE_CURRENT_BINARY_DIR}/consumer/${kind}
    --build-generator ${CMAKE_GENERATOR}
    --build-options -DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER} -DCMAKE_PREFIX_PATH=${prefix}
      -DGRAVEN_EXECUTABLE=${venv}/graven
    --test-command consumer)
  set_tests_properties(consumer/${kind} PROPERTIES FIXTURES_REQUIRED installed)
endforeach()
add_deep_test(NAME consumer/wheel COMMAND ${venv}/python
  ${CMAKE_CURRENT_SOURCE_DIR}/consumer/wheel.py ${PROJECT_SOURCE_DIR}
  ${CMAKE_CURRENT_BINARY_DIR}/consumer/wheel)

add_test(NAME demo COMMAND ${CMAKE_COMMAND} -E env --unset=MAKEFLAGS make demo
  WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})

# Figures against their records and limits. Times differ between machines: twice the limit is much.
set(benchmarks ${PROJECT_SOURCE_DIR}/benchmarks)
foreach(target IN LISTS targets)
  set(add add_deep_test)
  if(target STREQUAL "cortex-m4" OR target IN_LIST short_targets)
    set(add add_test)
  endif()
  set(plan)
  if(NOT GRAVEN_TEST_DEEP)
    set(plan --plan fastest)
  endif()
  cmake_language(CALL ${add} NAME benchmarks/qemu/${target} COMMAND ${venv}/python
    ${benchmarks}/qemu.py --target ${target} ${plan}
    ${PROJECT_SOURCE_DIR}/firmware/models/digits/digits.tflite
    ${PROJECT_SOURCE_DIR}/firmware/models/shapes/shapes.tflite)
  set_deep_properties(benchmarks/qemu/${target} TIMEOUT 2400 COST 200)
endforeach()
add_test(NAME benchmarks/tables COMMAND ${venv}/python ${benchmarks}/qemu.py --recorded --check
  --markdown ${PROJECT_SOURCE_DIR}/docs/benchmarks.md
  --markdown ${PROJECT_SOURCE_DIR}/docs/speed.md --markdown ${PROJECT_SOURCE_DIR}/README.md)
add_test(NAME benchmarks/zoo_tables COMMAND ${venv}/python ${benchmarks}/zoo_tables.py --check)
add_deep_test(NAME benchmarks/operators COMMAND ${venv}/python ${benchmarks}/operators.py)
add_test(NAME benchmarks/plot COMMAND ${venv}/python ${benchmarks}/plot.py --check)
add_deep_test(NAME benchmarks/disagreements COMMAND ${venv}/python ${benchmarks}/disagreements.py)
set_deep_properties(benchmarks/disagreements SKIP_RETURN_CODE 3 TIMEOUT 1200 COST 200)
set(tensorflow ${PROJECT_SOURCE_DIR}/.venv-judges-tensorflow/bin/python)
if(EXISTS ${tensorflow})
  add_deep_test(NAME benchmarks/quantizers COMMAND ${tensorflow} ${benchmarks}/quantizers.py
    --mean 0.2)
  set_deep_properties(benchmarks/quantizers SKIP_RETURN_CODE 3 TIMEOUT 3600 COST 600)
  add_deep_test(NAME benchmarks/native COMMAND ${tensorflow} ${benchmarks}/native.py)
  set_deep_properties(benchmarks/native SKIP_RETURN_CODE 3 TIMEOUT 1200 RUN_SERIAL TRUE)
endif()
add_deep_test(NAME benchmarks/sizes COMMAND ${venv}/python ${benchmarks}/sizes.py --limited)
set_deep_properties(benchmarks/sizes SKIP_RETURN_CODE 77 TIMEOUT 2400 COST 500)
add_deep_test(NAME benchmarks/code_sizes COMMAND ${venv}/python ${benchmarks}/code_sizes.py)
set_deep_properties(benchmarks/code_sizes TIMEOUT 2400 COST 500)
add_deep_test(NAME benchmarks/compile_growth
  COMMAND ${venv}/python ${benchmarks}/compile_growth.py --deep)
set_deep_properties(benchmarks/compile_growth SKIP_RETURN_CODE 77 TIMEOUT 4800 COST 400)
add_test(NAME benchmarks/compile_cost
  COMMAND ${venv}/python ${benchmarks}/compile_cost.py --limited --slack 2)
set_tests_properties(benchmarks/compile_cost PROPERTIES SKIP_RETURN_CODE 77)

# Memory is that of the compiler alone; seconds are those of any machine.
set(budgets kws_dscnn person_detect mobilenet_v2_96 lstm language trainer)
if(GRAVEN_TEST_DEEP)
  list(APPEND budgets mobilenet_v2_224)
endif()
add_test(NAME benchmarks/compile_budgets COMMAND ${venv}/python ${benchmarks}/compile_budgets.py
  ${budgets} --slack 3)
set_tests_properties(benchmarks/compile_budgets PROPERTIES SKIP_RETURN_CODE 3 COST 60)

# Every visible preset but this one, its synonym, and those whose instruction sets are tested above
# or not to be had everywhere; each in its own build folder. What is no target's short form, and
# neither Cortex-M4 nor by the second compiler, is deep.
set(preset_file ${PROJECT_SOURCE_DIR}/CMakePresets.json)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${preset_file})
file(READ ${preset_file} presets)
string(JSON count LENGTH "${presets}" configurePresets)
math(EXPR last "${count} - 1")
foreach(index RANGE ${last})
  string(JSON name GET "${presets}" configurePresets ${index} name)
  string(JSON hidden ERROR_VARIABLE absent GET "${presets}" configurePresets ${index} hidden)
  if(hidden OR name MATCHES "^(gcc|host|gcc-avx.*)$")
    continue()
  endif()
  set(add add_deep_test)
  set(deep ${GRAVEN_TEST_DEEP})
  if(name STREQUAL "cortex-m4")
    set(add add_test)
    if(NOT deep)
      set(deep SOME)
    endif()
  elseif(name MATCHES "clang$" OR name IN_LIST short_targets)
    set(add add_test)
  endif()
  cmake_language(CALL ${add} NAME preset/${name} COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/preset.sh
    ${name} ${CMAKE_COMMAND} ${CMAKE_CTEST_COMMAND} -DGRAVEN_TEST_DEEP=${deep}
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_deep_properties(preset/${name} TIMEOUT 2400 COST 1000)
endforeach()
