#include "daemon/trial/line_diff.h"

#include <algorithm>
#include <iterator>
#include <span>

namespace millrace::trial {
namespace {

using Lines = std::span<const std::string>;
using Kind = DiffLine::Kind;

// Myers' greedy algorithm: round d finds, for each diagonal (position in `before` minus position in
// `after`), how far d removals and additions can reach.
class Search {
 public:
  Search(Lines before, Lines after)
      : before_(before),
        after_(after),
        differences_max_(std::min(before.size() + after.size(), kDifferencesMax)) {}

  // False: there are more than kDifferencesMax differences.
  bool run() {
    std::vector<int64_t> reached(2 * differences_max_ + 3, 0);
    const auto offset = static_cast<int64_t>(differences_max_ + 1);
    for (int64_t d = 0; d <= static_cast<int64_t>(differences_max_); ++d) {
      rounds_.push_back({reached.begin() + offset - d - 1, reached.begin() + offset + d + 2});
      for (int64_t diagonal = -d; diagonal <= d; diagonal += 2) {
        int64_t& at = reached[static_cast<size_t>(offset + diagonal)];
        at = first_of(reached.data() + offset, d, diagonal);
        while (are_equal(at, at - diagonal)) ++at;
        if (at == size(before_) && at - diagonal == size(after_)) return true;
      }
    }
    return false;
  }

  // The lines from the end to the beginning.
  std::vector<DiffLine> trace_back() const {
    std::vector<DiffLine> lines;
    int64_t at = size(before_);
    int64_t to = size(after_);
    for (auto d = static_cast<int64_t>(rounds_.size()) - 1; at > 0 || to > 0; --d) {
      const int64_t* const middle = rounds_[static_cast<size_t>(d)].data() + d + 1;
      const int64_t diagonal = at - to;
      const bool is_added = comes_by_adding(middle, d, diagonal);
      const int64_t begin = d == 0 ? 0 : first_of(middle, d, diagonal);
      for (; at > begin; --at, --to) lines.push_back({Kind::kSame, text(before_, at - 1)});
      if (d == 0) break;
      if (is_added) {
        lines.push_back({Kind::kAdded, text(after_, --to)});
      } else {
        lines.push_back({Kind::kRemoved, text(before_, --at)});
      }
    }
    return lines;
  }

 private:
  static int64_t size(Lines lines) { return static_cast<int64_t>(lines.size()); }
  static const std::string& text(Lines lines, int64_t at) { return lines[static_cast<size_t>(at)]; }
  bool are_equal(int64_t at, int64_t to) const {
    return at < size(before_) && to < size(after_) && to >= 0 &&
           text(before_, at) == text(after_, to);
  }
  // Whether the last step of round `d` onto the diagonal is an addition (from the diagonal above).
  static bool comes_by_adding(const int64_t* reached, int64_t d, int64_t diagonal) {
    return diagonal == -d || (diagonal != d && reached[diagonal - 1] < reached[diagonal + 1]);
  }
  static int64_t first_of(const int64_t* reached, int64_t d, int64_t diagonal) {
    if (d == 0) return 0;
    return comes_by_adding(reached, d, diagonal) ? reached[diagonal + 1]
                                                 : reached[diagonal - 1] + 1;
  }

  const Lines before_;
  const Lines after_;
  const size_t differences_max_;
  // Before each round: how far the round before it has reached, by diagonal from -d - 1 to d + 1.
  std::vector<std::vector<int64_t>> rounds_;
};

void append(std::vector<DiffLine>& lines, Kind kind, Lines texts) {
  for (const std::string& text : texts) lines.push_back({kind, text});
}

}  // namespace

std::vector<DiffLine> diff_lines(const std::vector<std::string>& before,
                                 const std::vector<std::string>& after) {
  const auto [first, other] = std::ranges::mismatch(before, after);
  const auto head = static_cast<size_t>(first - before.begin());
  size_t tail = 0;
  while (tail < std::min(before.size(), after.size()) - head &&
         before[before.size() - 1 - tail] == after[after.size() - 1 - tail]) {
    ++tail;
  }
  const Lines removed = Lines(before).subspan(head, before.size() - head - tail);
  const Lines added = Lines(after).subspan(head, after.size() - head - tail);

  std::vector<DiffLine> lines;
  append(lines, Kind::kSame, Lines(before).first(head));
  if (Search search(removed, added); search.run()) {
    std::vector<DiffLine> middle = search.trace_back();
    std::ranges::reverse(middle);
    std::ranges::move(middle, std::back_inserter(lines));
  } else {
    append(lines, Kind::kRemoved, removed);
    append(lines, Kind::kAdded, added);
  }
  append(lines, Kind::kSame, Lines(before).last(tail));
  return lines;
}

}  // namespace millrace::trial
