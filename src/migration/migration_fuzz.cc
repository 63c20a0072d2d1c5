// Any text is migrated: the result is YAML, and migrating it again changes nothing.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string_view>

#include "base/check.h"
#include "migration/migrate.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto once = migration::migrate(text, "fuzz");
  if (!once) return 0;
  if (once->changes.empty()) {
    MILLRACE_CHECK(once->text == text);
    return 0;
  }
  // YAML allows at most 1,024 characters before the ":" of a key that is printed.
  if (!once->keeps_comments && size > 1000) return 0;
  const auto twice = migration::migrate(once->text, "again");
  if (!twice) std::fprintf(stderr, "%s\n%s", twice.error().message.c_str(), once->text.c_str());
  MILLRACE_CHECK(twice.has_value());
  if (!twice->changes.empty()) std::fprintf(stderr, "%s", once->text.c_str());
  MILLRACE_CHECK(twice->changes.empty());
  return 0;
}
