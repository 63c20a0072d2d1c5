// Any text as a configuration: parsed, expanded, read and printed. What print-config shows must
// read back as the same configuration.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "base/check.h"
#include "config/document.h"
#include "config/explain.h"
#include "config/print.h"
#include "wire/utf8.h"
#include "yaml/parse.h"
#include "yaml/source.h"

namespace {

using namespace millrace;

// YAML allows at most 1,024 characters before the ":" of a key.
bool has_long_key(const yaml::Node& node) {
  for (const auto& child : node.sequence) {
    if (has_long_key(child)) return true;
  }
  for (const auto& entry : node.mapping) {
    if (entry.key.size() > 100 || has_long_key(entry.value)) return true;
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const yaml::World world = {[&](const std::string& name) -> std::optional<std::string> {
                               if (name == "SELF") return text;
                               if (name == "LIST") return "[1, ${env:TEXT}]";
                               if (name == "TEXT") return "some: text: here";
                               return std::nullopt;
                             },
                             [](const std::string& path) -> Result<std::string> {
                               if (path == "f") return "a: ${LIST}\n";
                               return fail(Code::kNotFound, path + ": no such file");
                             }};
  std::vector<yaml::Finding> warnings;
  const auto root =
      yaml::load({{"fuzz"}, {}, {}},
                 {world.environment,
                  [&](const std::string& path) {
                    return path == "fuzz" ? Result<std::string>(text) : world.read_file(path);
                  }},
                 warnings);
  if (!root) return 0;
  const config::Catalog catalog(
      {{config::ComponentKind::kReceiver, "otlp"}, {config::ComponentKind::kExporter, "debug"}});
  config::Diagnostics diagnostics;
  const config::Document document = config::read_document(*root, catalog, diagnostics);
  for (const auto& pipeline : document.pipelines) {
    for (const size_t index : pipeline.receivers)
      MILLRACE_CHECK(index < document.components.size());
  }
  MILLRACE_CHECK(diagnostics.all().empty() == diagnostics.to_text().empty());
  // A line for each key, and the last one with their number.
  const std::string explained = config::explain(*root, diagnostics);
  const auto lines = std::ranges::count(explained, '\n');
  MILLRACE_CHECK(explained.contains(std::to_string(lines - 1) + " keys: "));
  // JSON cannot have other bytes than UTF-8, as YAML should not.
  if (has_long_key(*root) || !wire::is_utf8(text)) return 0;
  using config::PrintFormat;
  using config::SecretMode;
  const auto printed =
      config::print(*root, diagnostics, PrintFormat::kYaml, SecretMode::kUnredacted);
  const auto again = yaml::parse(printed, "printed");
  if (!again) std::fprintf(stderr, "%s\n%s", again.error().message.c_str(), printed.c_str());
  MILLRACE_CHECK(again.has_value());
  MILLRACE_CHECK(config::print(*again, diagnostics, PrintFormat::kJson, SecretMode::kUnredacted) ==
                 config::print(*root, diagnostics, PrintFormat::kJson, SecretMode::kUnredacted));
  return 0;
}
