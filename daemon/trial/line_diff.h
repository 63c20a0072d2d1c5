// The difference of two texts by lines: the fewest lines removed and added.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace millrace::trial {

struct DiffLine {
  enum class Kind : uint8_t { kSame, kRemoved, kAdded };
  Kind kind = Kind::kSame;
  std::string text;
  friend bool operator==(const DiffLine&, const DiffLine&) = default;
};

// All lines of both, in order; of a change the removed ones first. Costs time and memory by the
// number of lines times the number of differences; beyond kDifferencesMax differences everything
// between the first and the last of them is removed and added as a whole. Any thread.
inline constexpr size_t kDifferencesMax = 2000;
std::vector<DiffLine> diff_lines(const std::vector<std::string>& before,
                                 const std::vector<std::string>& after);

}  // namespace millrace::trial
