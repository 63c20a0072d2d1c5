// Several configurations and --set give a tree or an error; merging a tree into itself changes
// nothing; the value of --set is found at its path.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "yaml/merge.h"
#include "yaml/source.h"

namespace {

using namespace millrace;
using yaml::Node;

bool same(const Node& a, const Node& b) {
  if (a.kind != b.kind || a.scalar != b.scalar || a.sequence.size() != b.sequence.size() ||
      a.mapping.size() != b.mapping.size()) {
    return false;
  }
  for (size_t i = 0; i < a.sequence.size(); ++i) {
    if (!same(a.sequence[i], b.sequence[i])) return false;
  }
  for (size_t i = 0; i < a.mapping.size(); ++i) {
    if (a.mapping[i].key != b.mapping[i].key) return false;
    if (!same(a.mapping[i].value, b.mapping[i].value)) return false;
  }
  return true;
}

Result<Node> load(std::vector<std::string> configs, std::vector<std::string> sets) {
  const yaml::World world = {[](const std::string& name) -> std::optional<std::string> {
                               return name == "A" ? std::optional<std::string>("[1, ${B:-2}]")
                                                  : std::nullopt;
                             },
                             [](const std::string& path) -> Result<std::string> {
                               if (path == "f") return "a: {b: 1}\n";
                               return fail(Code::kNotFound, path + ": no such file");
                             }};
  std::vector<yaml::Finding> warnings;
  return yaml::load({.configs = std::move(configs), .sets = std::move(sets)}, world, warnings);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  testing::FuzzInput input(data, size);
  const std::string set(input.text());
  const std::string first(input.text());
  const std::string second = "yaml:" + std::string(input.rest_text());
  static_cast<void>(load({first, second, "f"}, {set}));
  const auto once = load({second}, {});
  const auto twice = load({second, second}, {});
  MILLRACE_CHECK(once.has_value() == twice.has_value());
  if (once) MILLRACE_CHECK(same(*once, *twice));
  if (once) {
    Node laid = *once;
    Node copy = *once;
    yaml::merge(laid, std::move(copy));
    MILLRACE_CHECK(same(laid, *once));
  }
  // A path of plain letters that overrides the file.
  std::string path;
  for (const char c : set.substr(0, 8)) path += static_cast<char>('a' + (c & 1));
  if (path.empty()) return 0;
  std::string dotted(1, path[0]);
  for (const char c : path.substr(1)) dotted += std::string(".") + c;
  const auto changed = load({"f"}, {dotted + "=word"});
  MILLRACE_CHECK(changed.has_value());
  const Node* at = &*changed;
  for (const char c : path) {
    at = at->find(std::string(1, c));
    MILLRACE_CHECK(at != nullptr);
  }
  MILLRACE_CHECK(at->scalar == "word");
  return 0;
}
