// The nearest name is one of the offered names, none is nearer, and the distance is the same
// from either side and never more than replacing everything.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "config/nearest.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  testing::FuzzInput input(data, size);
  std::vector<std::string_view> names;
  for (size_t count = input.choice(6); count > 0; --count) names.push_back(input.text());
  const std::string_view wanted = input.rest_text().substr(0, 100);
  const std::string_view nearest = config::nearest_name(wanted, names);
  MILLRACE_CHECK(nearest.empty() || std::ranges::find(names, nearest) != names.end());
  for (const std::string_view name : names) {
    const size_t distance = config::edit_distance(wanted, name);
    MILLRACE_CHECK(distance == config::edit_distance(name, wanted));
    MILLRACE_CHECK(distance <= std::max(wanted.size(), name.size()));
    if (wanted == name) MILLRACE_CHECK(distance == 0);
    if (wanted.size() > 64 || (distance > 0 && nearest.empty())) continue;
    MILLRACE_CHECK(config::edit_distance(wanted, nearest) <= distance);
  }
  return 0;
}
