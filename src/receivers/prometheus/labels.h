// The labels of one series or target while it is looked at: names and values as views, of the text
// they were read from or of texts that the set keeps itself. One set is used for all samples of a
// body. One thread.
//
// A name is in the set at most once, unless add() was used; a label with an empty value is no label
// (Prometheus), so set() removes it. Cost: linear in the number of labels, which parsers bound.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::receivers::prometheus {

inline constexpr std::string_view kMetricName = "__name__";
// The most labels that a sample may have; finding one is linear.
inline constexpr size_t kLabelsMax = 1000;

struct Label {
  std::string_view name;
  std::string_view value;
  friend bool operator==(const Label&, const Label&) = default;
};

// Labels with texts of their own, in any order.
using LabelList = std::vector<std::pair<std::string, std::string>>;

class LabelSet {
 public:
  void clear();
  // Empty when there is none.
  std::string_view get(std::string_view name) const;
  bool has(std::string_view name) const { return find(name) != nullptr; }
  // Without a look at the others; both texts must outlive the next clear().
  void add(std::string_view name, std::string_view value) { labels_.push_back({name, value}); }
  // Both texts must outlive the next clear(); keep() makes such texts.
  void set(std::string_view name, std::string_view value);
  void remove(std::string_view name);
  std::string_view keep(std::string_view text);

  // By name. Parsers' sets are not sorted.
  void sort();
  // Precondition: sorted. A name that is there twice; empty: none is.
  std::string_view duplicate() const;
  void remove_empty();

  const std::vector<Label>& all() const { return labels_; }
  size_t size() const { return labels_.size(); }

 private:
  const Label* find(std::string_view name) const;

  std::vector<Label> labels_;
  std::deque<std::string> kept_;  // a deque, because views of short strings must not move
  size_t kept_count_ = 0;         // the others are free to be used again
};

}  // namespace millrace::receivers::prometheus
