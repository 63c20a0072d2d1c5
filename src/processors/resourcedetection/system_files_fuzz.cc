// The readers of system files end, and what they find stands in the file.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "processors/resourcedetection/system_files.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace::processors::resourcedetection;
  const std::string_view text = millrace::testing::FuzzInput(data, size).rest_text();
  const std::string name = canonical_name_in_hosts(text, "box");
  MILLRACE_CHECK(text.contains(name) && (name.empty() || text.contains("box")));
  for (const auto& [key, value] : read_os_release(text)) {
    MILLRACE_CHECK(text.contains(key) && value.size() < text.size());
  }
  const Processor processor = first_processor(text);
  MILLRACE_CHECK(text.contains(processor.model_name));
  for (const char* path : {"/etc/redhat-release", "/etc/debian_version", "/etc/os-release"}) {
    const Platform platform = read_platform([&](const std::string& asked) {
      return asked == path ? std::optional<std::string>(text) : std::nullopt;
    });
    MILLRACE_CHECK(platform.version.size() <= text.size());
  }
  return 0;
}
