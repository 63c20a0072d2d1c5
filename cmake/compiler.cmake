# Warnings, code generation and sanitizers, in one place.
add_compile_options(-Wall -Wextra -Wpedantic -Wshadow
                    $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor> -Werror)
add_compile_options(-Wno-missing-field-initializers -fno-strict-aliasing -fvisibility=hidden)
# Guarded fields are used under their mutexes (src/base/mutex.h). Only clang knows the attributes.
set(MILLRACE_THREAD_SAFETY_OPTIONS "")
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  set(MILLRACE_THREAD_SAFETY_OPTIONS -Wthread-safety -Werror=thread-safety)
  add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:${MILLRACE_THREAD_SAFETY_OPTIONS}>")
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports false positives of these kinds in its own standard library at -O2.
  add_compile_options(-Wno-error=maybe-uninitialized -Wno-error=stringop-overflow
                      -Wno-error=array-bounds -Wno-error=restrict -Wno-error=dangling-pointer
                      -Wno-error=free-nonheap-object -Wno-error=stringop-overread)
endif()

set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")
set(CMAKE_C_FLAGS_RELEASE "-O2 -g1")
# Tests run at -O1: sanitized code at -O0 triples the time of the suite.
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1 -D_GLIBCXX_ASSERTIONS -DMILLRACE_DEBUG_CHECKS=1")
set(CMAKE_C_FLAGS_DEBUG "-O1 -g1")

if(MILLRACE_SANITIZE)
  add_compile_options(-fsanitize=${MILLRACE_SANITIZE} -fno-omit-frame-pointer
                      -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${MILLRACE_SANITIZE})
  if(MILLRACE_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
  endif()
endif()
# A test's own code runs once and is compiled often: it needs neither the optimizer nor the fuzzer's
# coverage, which together are half of its compilation. What it tests keeps both.
set(MILLRACE_TEST_OPTIONS "")
if(MILLRACE_SANITIZE)
  list(APPEND MILLRACE_TEST_OPTIONS -O0)
  if(MILLRACE_FUZZ)
    list(APPEND MILLRACE_TEST_OPTIONS -fno-sanitize=fuzzer-no-link)
  endif()
endif()
# A third of a compilation is reading the standard library's headers, or gmock.h in a test, so the
# sanitizers' presets read them precompiled: -26 % of a component's file. Both are compiled from a header of the
# system, named relative to the build folder: then their bytes, and with them the compiler cache's key, are the
# same in every clone (a header of our own would put its path into them). ccache needs the sloppiness to accept a
# precompiled header.
set(MILLRACE_STANDARD_HEADERS
  algorithm array atomic charconv chrono concepts cstdint cstring deque functional map memory mutex optional ranges
  set span string string_view tuple unordered_map unordered_set utility variant)
# millrace_use_precompiled(target name header source …): `name` is gmock_header or standard_header.
function(millrace_use_precompiled target name header)
  if(NOT TARGET ${name})
    return()
  endif()
  set(object CMakeFiles/${name}.dir${header}.o)
  target_compile_options(${target} PRIVATE "$<$<COMPILE_LANGUAGE:CXX>:SHELL:-include-pch ${object}>")
  set_source_files_properties(${ARGN} PROPERTIES OBJECT_DEPENDS ${CMAKE_BINARY_DIR}/${object})
  if(CMAKE_CXX_COMPILER_LAUNCHER STREQUAL "ccache")
    set_target_properties(${target} PROPERTIES
      CXX_COMPILER_LAUNCHER "env;CCACHE_SLOPPINESS=pch_defines,time_macros;ccache")
  endif()
endfunction()
# millrace_precompile_tests(target source …), millrace_precompile_component(target source …)
function(millrace_precompile_tests target)
  millrace_use_precompiled(${target} gmock_header "${MILLRACE_GMOCK_HEADER}" ${ARGN})
endfunction()
function(millrace_precompile_component target)
  millrace_use_precompiled(${target} standard_header "${MILLRACE_STANDARD_HEADER}" ${ARGN})
endfunction()
# millrace_precompile(name header option …): with the options of what uses it; another one makes clang refuse it.
function(millrace_precompile name header)
  add_library(${name} OBJECT EXCLUDE_FROM_ALL ${header})
  set_source_files_properties(${header} PROPERTIES LANGUAGE CXX)
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF CXX_COMPILER_LAUNCHER "")
  target_compile_options(${name} PRIVATE ${ARGN} -x c++-header -Xclang -fno-pch-timestamp
                         -fpch-instantiate-templates)
endfunction()
if(MILLRACE_SANITIZE AND CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  find_file(MILLRACE_STANDARD_HEADER vector PATHS ${CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES} NO_DEFAULT_PATH)
  if(MILLRACE_STANDARD_HEADER)
    set(includes "")
    foreach(header ${MILLRACE_STANDARD_HEADERS})
      list(APPEND includes "SHELL:-include ${header}")
    endforeach()
    millrace_precompile(standard_header ${MILLRACE_STANDARD_HEADER} -fPIC ${includes})
  endif()
  if(MILLRACE_TESTS)
    find_file(MILLRACE_GMOCK_HEADER gmock/gmock.h)
  endif()
  if(MILLRACE_GMOCK_HEADER)
    # As a test is compiled.
    millrace_precompile(gmock_header ${MILLRACE_GMOCK_HEADER} -fPIE ${MILLRACE_TEST_OPTIONS})
    target_compile_definitions(gmock_header PRIVATE GTEST_HAS_PTHREAD=1)
  endif()
endif()
find_program(MILLRACE_MOLD mold)
if(MILLRACE_MOLD)
  add_link_options(-fuse-ld=mold)
endif()
