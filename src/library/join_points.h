// Joins metric points that follow one another, each in a Metric of its own, into Metrics with
// several data points: those with equal name, unit, description, kind, temporality and
// is_monotonic. That saves the texts on the network and in the receiver, and back ends expect it.
//
// Runs on the loop's thread when a chunk becomes a request; collecting threads do not read each
// other's points. One thread.
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
  // `items` are fields 2 of ScopeMetrics as Buffer::collect() writes them, with items as
  // MetricPointBuilder writes them. Rewrites them in place, never larger, and returns the new size.
  // Points of one Metric keep their order; Metrics have the order of their first points.
  size_t join(std::span<uint8_t> items);

 private:
  using Piece = std::string_view;
  // The bytes that must be equal: everything up to the tag of the data, and the data before
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

  // False when the bytes are not such items; nothing is then joined.
  bool read(std::span<const uint8_t> items);
  void write(const Metric& metric);

  std::unordered_map<Key, size_t, KeyHash> places_;
  std::vector<Metric> metrics_;
  size_t metric_count_ = 0;  // used entries of metrics_, whose memory is kept
  size_t point_count_ = 0;
  std::vector<uint8_t> joined_;
};

}  // namespace millrace::library
