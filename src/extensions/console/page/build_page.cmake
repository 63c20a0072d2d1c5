# Bundles the page and writes OUTPUT, the C++ file that holds it. Never fails: without npm, or if npm fails, the page is
# page_not_built.html, and a warning says why.
#   cmake -DNPM=… -DSOURCE=… -DOUTPUT=… -P build_page.cmake
# The packages are installed in SOURCE/node_modules, once for all build folders, and again only when the
# locked versions have changed: a build with the packages in place needs no network.
cmake_minimum_required(VERSION 3.25)
get_filename_component(folder ${OUTPUT} DIRECTORY)
set(bundle ${folder}/page)

function(run_npm result)
  execute_process(COMMAND ${NPM} ${ARGN} WORKING_DIRECTORY ${SOURCE} RESULT_VARIABLE code TIMEOUT 300
                  OUTPUT_VARIABLE text ERROR_VARIABLE text)
  set(${result} "" PARENT_SCOPE)
  if(NOT code EQUAL 0)
    list(JOIN ARGN " " words)
    set(${result} "npm ${words} failed (${code}): ${text}" PARENT_SCOPE)
  endif()
endfunction()

function(install_packages result)
  set(${result} "" PARENT_SCOPE)
  file(SHA256 ${SOURCE}/package-lock.json locked)
  set(stamp ${SOURCE}/node_modules/.locked)
  # Two build folders may get here at the same time.
  file(LOCK ${SOURCE}/.npm.lock GUARD FUNCTION TIMEOUT 600 RESULT_VARIABLE locking)
  if(EXISTS ${stamp})
    file(READ ${stamp} installed)
    if(installed STREQUAL locked)
      return()
    endif()
  endif()
  run_npm(failure ci --omit=dev --prefer-offline)
  set(${result} "${failure}" PARENT_SCOPE)
  if(NOT failure)
    file(WRITE ${stamp} ${locked})
  endif()
endfunction()

# One file of the page as a C++ array and as an entry of the table.
function(embed file path content_type)
  file(READ ${file} bytes HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  string(MAKE_C_IDENTIFIER "k${path}" name)
  set(arrays "${arrays}constexpr uint8_t ${name}[] = {${bytes}};\n" PARENT_SCOPE)
  set(entries "${entries}    {\"${path}\", \"${content_type}\", ${name}},\n" PARENT_SCOPE)
endfunction()

set(failure "npm was not found")
if(NPM)
  install_packages(failure)
  if(NOT failure)
    run_npm(failure run build --silent -- ${bundle})
  endif()
endif()

set(arrays "")
set(entries "")
if(failure)
  message(WARNING "The console's page is not built: ${failure}")
  execute_process(COMMAND gzip -9n INPUT_FILE ${SOURCE}/page_not_built.html OUTPUT_FILE ${folder}/page_not_built.gz
                  COMMAND_ERROR_IS_FATAL ANY)
  embed(${folder}/page_not_built.gz /index.html "text/html; charset=utf-8")
else()
  embed(${bundle}/index.html.gz /index.html "text/html; charset=utf-8")
  embed(${bundle}/app.js.gz /app.js "text/javascript; charset=utf-8")
  embed(${bundle}/app.css.gz /app.css "text/css; charset=utf-8")
  embed(${bundle}/theme.js.gz /theme.js "text/javascript; charset=utf-8")
  embed(${bundle}/icon.svg.gz /icon.svg "image/svg+xml")
endif()
file(WRITE ${OUTPUT} "// Made by build_page.cmake.
#include \"extensions/console/page/page_files.h\"

namespace millrace::extensions::console {
namespace {
${arrays}
constexpr PageFile kFiles[] = {
${entries}};
}  // namespace

std::span<const PageFile> page_files() { return kFiles; }

}  // namespace millrace::extensions::console
")
