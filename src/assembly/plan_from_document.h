// From a configuration to a plan: every component's own section is read by the component itself,
// and every mistake is collected, so that one run shows them all.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "assembly/plan.h"
#include "base/result.h"
#include "config/document.h"
#include "config/section.h"
#include "io/writable_place.h"

namespace millrace::assembly {

// What of the machine decides defaults.
struct MachineFacts {
  uint64_t memory_bytes = 0;  // of the machine or the cgroup; 0: unknown
  // Whether the start will be able to write there (io/writable_place.h); empty: it is not asked.
  std::function<Status(const std::string& directory, io::MissingDirectory missing)>
      check_directory = {};
  std::function<Status(const std::string& path, io::MissingDirectory missing)> check_file = {};
};

// Nothing when `diagnostics` has errors. Unused components are read too, so that their mistakes
// show, and left out of the plan.
std::optional<Plan> make_plan(const config::Document& document, const MachineFacts& machine,
                              config::Diagnostics& diagnostics);

}  // namespace millrace::assembly
