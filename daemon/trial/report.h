// A trial as text for people, or as JSON.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/trial/line_diff.h"
#include "daemon/trial/trial_run.h"

namespace millrace::trial {

struct Looks {
  bool in_colour = false;
};

// The difference of two lists of requests, by lines; unchanged stretches are cut down to three
// lines around each change. Empty when they are equal.
std::string diff_text(const std::vector<std::string>& before, const std::vector<std::string>& after,
                      Looks looks);
std::string to_text(const Trial& trial, Looks looks);
// {"pipeline": …, "items_in": …, "steps": […], "output": […]}
std::string to_json(const Trial& trial);

}  // namespace millrace::trial
