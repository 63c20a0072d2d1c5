// --config and --set to a checked configuration: what run, validate and print-config begin with.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/document.h"
#include "config/section.h"
#include "yaml/source.h"

namespace millrace::cli {

// What the command line says about the collector itself.
struct CollectorArguments {
  yaml::Sources sources;
  std::vector<std::string> feature_gates;  // "id", "+id" or "-id"
};

struct Configuration {
  yaml::Node root;  // merged and expanded
  config::Document document;
  config::Diagnostics diagnostics;  // with errors, the document must not be run
};

// Lets every component read its own section, so that all mistakes are known before anything runs.
using CheckComponents = std::function<void(const config::Document&, config::Diagnostics&)>;

// Fails only when there is no tree at all (no such file, not YAML). Unset variables become
// warnings in the diagnostics.
Result<Configuration> load_configuration(const yaml::Sources& sources, const yaml::World& world,
                                         const config::Catalog& catalog,
                                         const CheckComponents& check_components);

}  // namespace millrace::cli
