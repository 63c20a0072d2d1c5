// Any text is an htpasswd file or an error with a line; an accepted file can be queried.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "extensions/basicauth/htpasswd.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  millrace::extensions::Htpasswd users;
  const millrace::Status added = users.add(text, "users");
  if (!added) {
    MILLRACE_CHECK(added.error().message.starts_with("users:"));
    return 0;
  }
  constexpr uint32_t kCheap = 16;
  if (users.user_count() > 0 && users.cost("nobody") <= kCheap) {
    MILLRACE_CHECK(!users.verify("no such name\n", "password"));
  }
  return 0;
}
