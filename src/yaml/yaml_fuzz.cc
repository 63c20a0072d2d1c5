// Any text gives a tree within the limits or an error with the file's name.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "yaml/parse.h"

namespace {

void check_tree(const millrace::yaml::Node& node, size_t depth) {
  MILLRACE_CHECK(depth <= millrace::yaml::kDepthMax + 1);
  MILLRACE_CHECK(node.sequence.empty() || node.mapping.empty());
  for (const auto& child : node.sequence) check_tree(child, depth + 1);
  for (const auto& entry : node.mapping) {
    MILLRACE_CHECK(node.find(entry.key) == &entry.value);  // keys are unique
    check_tree(entry.value, depth + 1);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto tree = millrace::yaml::parse(text, "fuzz.yaml");
  if (tree) {
    check_tree(*tree, 0);
  } else {
    MILLRACE_CHECK(tree.error().message.starts_with("fuzz.yaml"));
  }
  return 0;
}
