// Metric points one after the other, each a Metric of its own, become Metrics with several data
// points: those of the same name, unit, description, kind, temporality and is_monotonic. It saves
// the receiver (and the network) the texts, and is what back ends are used to.
//
// Done once on the loop's thread, when a chunk is about to become a request; threads that collect
// do not look at each other's points. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace millrace::library {

class PointJoiner {
 public:
  // `items` are fields 2 of ScopeMetrics as Buffer::collect() writes them, of items as
  // MetricPointBuilder does. Rewritten in place, never larger; returns the new size. Points of one
  // Metric keep their order, Metrics stand in the order of their first points.
  size_t join(std::span<uint8_t> items);

 private:
  using Piece = std::string_view;
  // What must be the same: everything up to the tag of the data, and what lies in the data before
  // the point.
  struct Key {
    Piece head;
    Piece settings;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct KeyHash {
    size_t operator()(const Key& key) const {
      return std::hash<Piece>()(key.head) * 31 + std::hash<Piece>()(key.settings);
    }
  };
  struct Metric {
    Key key;
    size_t points_size = 0;
    std::vector<Piece> points;  // field 1 of the data, with its tag
  };

  // False when the bytes are not such items; nothing is joined then.
  bool read(std::span<const uint8_t> items);
  void write(const Metric& metric);

  std::unordered_map<Key, size_t, KeyHash> places_;
  std::vector<Metric> metrics_;
  size_t metric_count_ = 0;  // of metrics_, whose room is kept
  size_t point_count_ = 0;
  std::vector<uint8_t> joined_;
};

}  // namespace millrace::library
