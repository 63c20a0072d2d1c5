// The extensions that are accepted without effect. One warning for each says why.
#pragma once

#include <span>
#include <string_view>

#include "config/section.h"

namespace millrace::extensions {

struct WithoutEffect {
  std::string_view type;
  std::string_view why;
};

std::span<const WithoutEffect> extensions_without_effect();

// Accepts every key. `place` is where the extension is configured.
void read_without_effect(config::Section& section, const WithoutEffect& extension,
                         const yaml::Place& place);

}  // namespace millrace::extensions
