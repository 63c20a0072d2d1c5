#include "extensions/console/span_tree.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace millrace::extensions::console {
namespace {

constexpr size_t kNone = SIZE_MAX;

class TreeWalk {
 public:
  explicit TreeWalk(const std::vector<SpanNode>& spans)
      : spans_(spans), parent_(spans.size(), kNone), children_(spans.size()) {
    std::unordered_map<std::string_view, size_t> by_id;
    for (size_t i = 0; i < spans.size(); ++i) {
      if (!spans[i].id.empty()) by_id.try_emplace(spans[i].id, i);
    }
    for (size_t i = 0; i < spans.size(); ++i) {
      if (spans[i].parent.empty()) continue;
      const auto found = by_id.find(spans[i].parent);
      if (found == by_id.end() || found->second == i) continue;
      parent_[i] = found->second;
    }
    // In the order of their starts, so that each list of children has it too.
    by_start_.resize(spans.size());
    for (size_t i = 0; i < spans.size(); ++i) by_start_[i] = i;
    std::ranges::sort(by_start_, [&](size_t a, size_t b) {
      return std::pair(spans[a].start, a) < std::pair(spans[b].start, b);
    });
    for (const size_t i : by_start_) {
      if (parent_[i] != kNone) children_[parent_[i]].push_back(i);
    }
  }

  std::vector<TreePlace> walk() {
    for (const size_t i : by_start_) {
      if (parent_[i] == kNone) visit(i, !spans_[i].parent.empty());
    }
    // Those that no root leads to lie on cycles, or below them.
    for (const size_t i : by_start_) {
      if (!is_placed(i)) visit(i, true);
    }
    return std::move(order_);
  }

 private:
  bool is_placed(size_t span) const { return !placed_.empty() && placed_[span]; }

  void visit(size_t root, bool is_orphan) {
    placed_.resize(spans_.size());
    std::vector<TreePlace> waiting = {{.span = root, .depth = 0, .is_orphan = is_orphan}};
    while (!waiting.empty()) {
      const TreePlace place = waiting.back();
      waiting.pop_back();
      if (placed_[place.span]) continue;
      placed_[place.span] = true;
      order_.push_back(place);
      const auto& children = children_[place.span];
      for (auto child = children.rbegin(); child != children.rend(); ++child) {
        if (!placed_[*child]) waiting.push_back({.span = *child, .depth = place.depth + 1});
      }
    }
  }

  const std::vector<SpanNode>& spans_;
  std::vector<size_t> parent_;
  std::vector<std::vector<size_t>> children_;
  std::vector<size_t> by_start_;
  std::vector<bool> placed_;
  std::vector<TreePlace> order_;
};

}  // namespace

std::vector<TreePlace> order_as_tree(const std::vector<SpanNode>& spans) {
  return TreeWalk(spans).walk();
}

std::vector<size_t> critical_path(const std::vector<SpanNode>& spans,
                                  const std::vector<TreePlace>& order) {
  std::vector<size_t> path;
  // In the order of the tree the children of a span stand behind it, one deeper, until one that is
  // not deeper.
  for (size_t at = 0; at < order.size();) {
    path.push_back(order[at].span);
    size_t next = kNone;
    for (size_t i = at + 1; i < order.size() && order[i].depth > order[at].depth; ++i) {
      if (order[i].depth != order[at].depth + 1) continue;
      if (next == kNone || spans[order[i].span].end > spans[order[next].span].end) next = i;
    }
    if (next == kNone) break;
    at = next;
  }
  return path;
}

}  // namespace millrace::extensions::console
