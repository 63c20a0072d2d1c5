// The effective configuration, merged and expanded, as text: what print-config shows.
#pragma once

#include <cstdint>
#include <string>

#include "config/section.h"
#include "yaml/node.h"

namespace millrace::config {

enum class PrintFormat : uint8_t { kYaml, kJson };
enum class SecretMode : uint8_t { kRedacted, kUnredacted };

// `diagnostics` must have seen the components read their sections: that is what marks the secrets.
// Under kRedacted, keys whose name says that they are secret are hidden too, read or not, and in
// URLs user, password and query.
std::string print(const yaml::Node& root, const Diagnostics& diagnostics, PrintFormat format,
                  SecretMode mode);

}  // namespace millrace::config
