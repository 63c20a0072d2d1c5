# Writes openapi.cc with the text of openapi.json, in pieces that every compiler takes.
file(READ ${SOURCE} hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
string(REGEX REPLACE "((0x[0-9a-f][0-9a-f],){24})" "\\1\n" bytes "${bytes}")
file(WRITE ${OUTPUT} "#include \"extensions/console/openapi.h\"

#include <cstdint>

namespace millrace::extensions::console {
namespace {

constexpr uint8_t kText[] = {
${bytes}};

}  // namespace

std::string_view openapi_text() {
  return {reinterpret_cast<const char*>(kText), sizeof kText};
}

}  // namespace millrace::extensions::console
")
