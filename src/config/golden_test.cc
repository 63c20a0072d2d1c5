// Whole configurations and what is said about each: tests/golden/config/NAME.yaml and NAME.txt.
// NAME.over.yaml, where there is one, is a second --config. With MILLRACE_GOLDEN_UPDATE=1 in the
// environment the expected texts are written anew.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "config/batch.h"
#include "config/document.h"
#include "config/exporter_helper.h"
#include "config/memory_limiter.h"
#include "yaml/source.h"

namespace millrace::config {
namespace {

namespace fs = std::filesystem;

std::string file_text(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

const Catalog& catalog() {
  using enum ComponentKind;
  static const Catalog kCatalog({{kReceiver, "otlp"},
                                 {kProcessor, "attributes", kNoProfiles},
                                 {kProcessor, "batch"},
                                 {kProcessor, "memory_limiter"},
                                 {kProcessor, "resource"},
                                 {kExporter, "debug"},
                                 {kExporter, "file"},
                                 {kExporter, "nop"},
                                 {kExporter, "otlp_grpc"},
                                 {kExporter, "otlp_http"},
                                 {kExtension, "health_check"}});
  return kCatalog;
}

// The parts of components that this layer reads; their other keys are their own business.
void read_shared(const Component& component, Diagnostics& diagnostics) {
  Section section(component.node, diagnostics, component.path);
  if (component.id.type == "otlp_grpc" || component.id.type == "otlp_http") {
    ExporterHelperConfig config;
    read_exporter_helper(section, config);
  } else if (component.id.type == "batch") {
    BatchConfig config;
    read_batch(section, config);
    section.finish();
  } else if (component.id.type == "memory_limiter") {
    MemoryLimiterConfig config;
    read_memory_limiter(section, config);
    section.finish();
  }
}

std::string diagnose(const fs::path& path) {
  yaml::Sources sources;
  sources.configs.push_back(path.filename());
  const fs::path over = fs::path(path).replace_extension(".over.yaml");
  if (fs::exists(over)) sources.configs.push_back(over.filename());
  const yaml::World world = {[](const std::string& name) -> std::optional<std::string> {
                               if (name == "TOKEN") return "s3cret";
                               return std::nullopt;
                             },
                             [&](const std::string& name) -> Result<std::string> {
                               const fs::path wanted = path.parent_path() / name;
                               if (!fs::exists(wanted))
                                 return fail(Code::kNotFound, name + ": no such file");
                               return file_text(wanted);
                             }};
  std::vector<yaml::Finding> warnings;
  const auto root = yaml::load(sources, world, warnings);
  if (!root) return root.error().message + "\n";
  Diagnostics diagnostics;
  for (yaml::Finding& warning : warnings) {
    diagnostics.warning(warning.place, "", std::move(warning.message));
  }
  const Document document = read_document(*root, catalog(), diagnostics);
  for (const Component& component : document.components) read_shared(component, diagnostics);
  return diagnostics.to_text();
}

TEST(GoldenTest, EveryConfigurationIsToldItsMistakes) {
  size_t count = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(MILLRACE_GOLDEN_DIR)) {
    const fs::path& path = entry.path();
    if (path.extension() != ".yaml" || path.stem().extension() == ".over") continue;
    const fs::path expected = fs::path(path).replace_extension(".txt");
    const std::string found = diagnose(path);
    if (std::getenv("MILLRACE_GOLDEN_UPDATE") != nullptr) std::ofstream(expected) << found;
    EXPECT_TRUE(fs::exists(expected)) << expected;
    EXPECT_EQ(found, file_text(expected)) << path;
    if (path.filename().string().starts_with("good_")) {
      EXPECT_EQ(found.find("error: "), std::string::npos) << path << "\n" << found;
    }
    ++count;
  }
  EXPECT_GE(count, 8u);
}

}  // namespace
}  // namespace millrace::config
