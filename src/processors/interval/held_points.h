// The points of one interval: of each stream the latest.
//
// Every byte is reserved in the budget (term keyed_state) before it is kept. One worker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "item_identity/identity.h"
#include "memory/held_room.h"
#include "metric_streams/point_walk.h"
#include "otlp/rope_writer.h"

namespace millrace::processors::interval {

class HeldPoints {
 public:
  // Of one kept point, metric, scope or resource, beside its bytes.
  static constexpr size_t kOverheadBytes = 400;

  // Room that add() may use; the caller reserves it for a whole request.
  void add_room(Reservation room) { room_.add(std::move(room)); }
  // Gives back what was not used.
  void return_room() { room_.give_back(); }

  // Keeps the point if it is the first of its stream, or later than the one that is kept. Returns
  // whether there is one point more.
  bool add(const metric_streams::WalkedPlace& place, item_identity::Identity stream,
           otlp::MessageBytes point);

  // Counted by walking.
  size_t item_count() const;
  bool empty() const { return resources_.empty(); }

  // Where write_some() continues.
  struct Cursor {
    size_t resource = 0;
    size_t scope = 0;
    size_t metric = 0;
    size_t point = 0;
  };
  // Writes a request with the next points, about `points_max` and `bytes_max`. Returns their
  // number.
  uint32_t write_some(size_t points_max, size_t bytes_max, Cursor& cursor,
                      otlp::RopeWriter& out) const;
  bool is_end(const Cursor& cursor) const { return cursor.resource == resources_.size(); }

 private:
  using Index = std::unordered_map<item_identity::Identity, size_t, item_identity::IdentityHash>;
  struct Point {
    std::string bytes;
    uint64_t time = 0;
  };
  struct Metric {
    std::string fields;  // of Metric, without its data
    std::string data;    // fields of Sum, …, without the points
    uint32_t type = 0;   // the field number of the data
    std::vector<Point> points;
    Index by_stream;
  };
  struct Scope {
    std::string fields;  // of ScopeMetrics, without the metrics
    std::vector<Metric> metrics;
    Index by_identity;
  };
  struct Resource {
    std::string fields;  // of ResourceMetrics, without the scopes
    std::vector<Scope> scopes;
    Index by_identity;
  };

  Metric& metric_of(const metric_streams::WalkedPlace& place);
  class Writing;

  std::vector<Resource> resources_;
  Index by_identity_;
  HeldRoom room_;
};

}  // namespace millrace::processors::interval
