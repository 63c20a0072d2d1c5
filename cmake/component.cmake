if(MILLRACE_FUZZ)
  add_custom_target(fuzz_targets)  # all of them; tests/fuzz/run.py builds it
endif()

# Under the address sanitizer the tests of these components fail for a large allocation without a name
# (src/memory/testing/test_main.cc). The other components have not been examined yet.
set(MILLRACE_NAMES_ALLOCATIONS
  queue metrics ledger wire http compress io otlp transport segment_log graph receiver_otlp reception exporter_debug
  exporter_file forward failover assembly library)

# millrace_component(NAME otlp LAYER 3 SOURCES … [TESTS …] [FUZZ …] [BENCH …]
#                    [DEPENDS component …] [LIBRARIES target …] [TEST_LIBRARIES target …]
#                    [FUZZ_RUNS count] [FUZZ_LONG …] [TSAN])
#
# Declares one component: a static library millrace_<name>, its unit tests as one program
# <name>_test, one program per fuzz target and one per microbenchmark. A component may depend
# only on components of a strictly lower layer; anything else stops the configuration.
# FUZZ_RUNS: inputs of each fuzz target's smoke round, if the usual 20000 take too long.
# FUZZ_LONG: targets with so slow inputs that a tenth of the runs is sufficient.
# TSAN marks a component whose tests also run under the thread sanitizer.
function(millrace_component)
  cmake_parse_arguments(C "TSAN" "NAME;LAYER;FUZZ_RUNS"
    "SOURCES;TESTS;FUZZ;FUZZ_LONG;BENCH;DEPENDS;LIBRARIES;TEST_LIBRARIES" ${ARGN})
  set(target millrace_${C_NAME})
  if(C_SOURCES)
    add_library(${target} STATIC ${C_SOURCES})
    millrace_precompile_component(${target} ${C_SOURCES})
    set(scope PUBLIC)
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(${target} ${scope} ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/include)
  set_property(GLOBAL PROPERTY MILLRACE_LAYER_${C_NAME} ${C_LAYER})
  set_property(GLOBAL APPEND PROPERTY MILLRACE_COMPONENTS ${C_NAME})
  foreach(dependency ${C_DEPENDS})
    get_property(layer GLOBAL PROPERTY MILLRACE_LAYER_${dependency})
    if(layer STREQUAL "")
      message(FATAL_ERROR "${C_NAME}: unknown component ${dependency}")
    endif()
    if(NOT layer LESS C_LAYER)
      message(FATAL_ERROR
        "${C_NAME} (layer ${C_LAYER}) may not depend on ${dependency} (layer ${layer})")
    endif()
    target_link_libraries(${target} ${scope} millrace_${dependency})
  endforeach()
  target_link_libraries(${target} ${scope} ${C_LIBRARIES})

  if(MILLRACE_TESTS AND C_TESTS)
    add_executable(${C_NAME}_test ${C_TESTS})
    target_compile_options(${C_NAME}_test PRIVATE ${MILLRACE_TEST_OPTIONS})
    millrace_precompile_tests(${C_NAME}_test ${C_TESTS})
    set(main GTest::gtest_main)
    if(TARGET millrace_test_main AND C_NAME IN_LIST MILLRACE_NAMES_ALLOCATIONS)
      set(main millrace_test_main)
    endif()
    target_link_libraries(${C_NAME}_test PRIVATE ${target} ${C_TEST_LIBRARIES} GTest::gmock ${main})
    add_test(NAME ${C_NAME} COMMAND ${C_NAME}_test)
    set_tests_properties(${C_NAME} PROPERTIES TIMEOUT 600)
    if(C_TSAN)
      set_tests_properties(${C_NAME} PROPERTIES LABELS "threads")
    endif()
  endif()
  if(MILLRACE_FUZZ)
    set(runs 20000)
    if(C_FUZZ_RUNS)
      set(runs ${C_FUZZ_RUNS})
    endif()
    foreach(source ${C_FUZZ})
      get_filename_component(name ${source} NAME_WE)
      add_executable(${name} ${source})
      target_link_libraries(${name} PRIVATE ${target} ${C_TEST_LIBRARIES})
      target_link_options(${name} PRIVATE -fsanitize=fuzzer)
      # As the component's files are compiled, so that it can read their precompiled header.
      target_compile_options(${name} PRIVATE -fPIC)
      millrace_precompile_component(${name} ${source})
      set(corpus ${CMAKE_SOURCE_DIR}/fuzz/${name})
      if(NOT EXISTS ${corpus})
        set(corpus "")
      endif()
      set(dictionary "")
      if(EXISTS ${CMAKE_SOURCE_DIR}/fuzz/${name}.dict)
        set(dictionary -dict=${CMAKE_SOURCE_DIR}/fuzz/${name}.dict)
      endif()
      set(name_runs ${runs})
      if(name IN_LIST C_FUZZ_LONG)
        math(EXPR name_runs "${runs} / 10")
      endif()
      # A smoke round: the seeds and a bounded number of mutations, counted, not timed, and the same each
      # time, so that a change is judged by what it changes. tests/fuzz/run.py looks for new ones.
      add_test(NAME fuzz.${name} COMMAND ${name} -seed=1 -runs=${name_runs} -rss_limit_mb=2048 -max_len=65536
               ${dictionary} ${CMAKE_BINARY_DIR}/corpus/${name} ${corpus})
      file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/corpus/${name})
      set_tests_properties(fuzz.${name} PROPERTIES TIMEOUT 600 LABELS "fuzz")
      add_dependencies(fuzz_targets ${name})
    endforeach()
  endif()
  if(MILLRACE_BENCH)
    foreach(source ${C_BENCH})
      get_filename_component(name ${source} NAME_WE)
      add_executable(${name} ${source})
      target_link_libraries(${name} PRIVATE ${target} ${C_TEST_LIBRARIES} benchmark::benchmark_main)
    endforeach()
  endif()
endfunction()
