// Turns --config and --set into a checked configuration, for run, validate and print-config.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/document.h"
#include "config/section.h"
#include "yaml/source.h"

namespace millrace::cli {

// The arguments that describe the collector itself.
struct CollectorArguments {
  yaml::Sources sources;
  std::vector<std::string> feature_gates;  // "id", "+id" or "-id"
};

struct Configuration {
  yaml::Node root;  // merged and expanded
  config::Document document;
  config::Diagnostics diagnostics;  // with errors the document must not be run
};

// Makes every component read its own section, so that all mistakes are found before anything runs.
using CheckComponents = std::function<void(const config::Document&, config::Diagnostics&)>;

// Fails only when there is no tree at all (a missing file, invalid YAML). Unset variables become
// warnings in the diagnostics.
Result<Configuration> load_configuration(const yaml::Sources& sources, const yaml::World& world,
                                         const config::Catalog& catalog,
                                         const CheckComponents& check_components);

}  // namespace millrace::cli
