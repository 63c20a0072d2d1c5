# Writes ${OUTPUT}, a header with the commit that is built, when it has changed. Run by the build.
#   cmake -DSOURCE=… -DOUTPUT=… -DCOMMIT=… -P write_commit.cmake
# COMMIT takes precedence; without it git names the commit, and without git it is "unknown".
if(NOT COMMIT)
  execute_process(COMMAND git -C ${SOURCE} rev-parse --short=12 HEAD OUTPUT_VARIABLE COMMIT
                  OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
  if(NOT failed EQUAL 0 OR NOT COMMIT)
    set(COMMIT unknown)
  endif()
endif()
set(text "#pragma once\n#define MILLRACE_COMMIT \"${COMMIT}\"\n")
set(before "")
if(EXISTS ${OUTPUT})
  file(READ ${OUTPUT} before)
endif()
if(NOT text STREQUAL before)
  file(WRITE ${OUTPUT} "${text}")
endif()
