// The tree of a trace's spans, in the order in which a waterfall shows them.
//
// Whatever parents say: orphans are roots, and the spans of a cycle hang below the earliest of
// them. Of several spans with one id the first is the parent of those that name it. O(n log n),
// no recursion. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace millrace::extensions::console {

struct SpanNode {
  std::string_view id;      // 8 bytes
  std::string_view parent;  // empty: a root
  uint64_t start = 0;
  uint64_t end = 0;
};

struct TreePlace {
  size_t span = 0;  // index into the spans
  uint32_t depth = 0;
  bool is_orphan = false;  // its parent is not there, or it opens a cycle
};

// Each span once: parents before children, siblings by start.
std::vector<TreePlace> order_as_tree(const std::vector<SpanNode>& spans);
// From the root that starts first, always the child that ends last: what the end of the trace
// waited for. Indices into the spans. `order`: of order_as_tree.
std::vector<size_t> critical_path(const std::vector<SpanNode>& spans,
                                  const std::vector<TreePlace>& order);

}  // namespace millrace::extensions::console
