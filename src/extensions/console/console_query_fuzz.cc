// A query is refused, or its parts are UTF-8 and read the same when they are encoded again.
#include <string>

#include "base/check.h"
#include "extensions/console/query.h"
#include "wire/utf8.h"

namespace {

std::string encode(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using millrace::extensions::console::Query;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto query = Query::parse(text);
  if (!query) return 0;
  static_cast<void>(query->number("limit", 1, 1, 500));
  static_cast<void>(query->real("min_duration_ms", 0));
  static_cast<void>(query->boolean("error", false));
  std::string again;
  for (const std::string& value : query->all("attribute")) {
    MILLRACE_CHECK(millrace::wire::is_utf8(value));
    again += "attribute=" + encode(value) + "&";
  }
  const auto second = Query::parse(again);
  MILLRACE_CHECK(second.has_value());
  MILLRACE_CHECK(second->all("attribute") == query->all("attribute"));
  return 0;
}
