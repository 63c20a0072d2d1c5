// Cutting requests at message boundaries. Joining needs no function: the concatenation of two
// requests of traces, metrics or logs is a request (Rope::append); profiles are never joined.
//
// A cut lies between two ResourceX messages where that suffices. Inside one, each part repeats what
// surrounds its items: resource, scope, schema_url and unknown fields, and for a cut inside one
// Metric its name, description, unit, metadata, aggregation_temporality and is_monotonic. Items
// keep their order and their bytes: what is not cut stays a slice of the received bytes, only the
// lengths around a cut are written anew. Of a Metric with several members of `data`, a cut keeps
// the last, which is the one that holds.
//
// What is repeated is bounded: a message whose surroundings would take more than its content and
// kRepeatedBytesMax, all parts together, or lie in a thousand places between its items, is not cut
// inside and comes as one part. So what cutting
// makes of a request is at most a few times the request.
//
// The request must have passed admission. It may consist of many pieces ending anywhere; a
// ResourceX that must be cut and lies in several pieces is first copied together. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/signal.h"
#include "memory/work.h"
#include "otlp/rope_reader.h"
#include "wire/writer.h"

namespace millrace::otlp {

inline constexpr size_t kRepeatedBytesMax = 16 << 20;

struct CutLimits {
  uint32_t items_max = UINT32_MAX;  // at least 1
  size_t bytes_max = SIZE_MAX;
};

struct Part {
  Rope bytes;
  uint32_t item_count = 0;
  // A single item (with what surrounds it) that is larger than bytes_max; it comes alone. The
  // caller decides whether to send or drop it.
  bool is_oversized = false;
};

// Spans, metric data points, log records; profiles: samples. Hops from length to length.
uint32_t count_items(Signal signal, const Rope& request, Pace* pace = nullptr);

// Takes parts off the front of one request, each with its own limits. The incremental form,
// for filling batches: nothing behind the part is looked at, except that a ResourceX which is
// cut is scanned for its other fields once.
class Cutter {
 public:
  // With `work` (null: none) copies are reserved in the budget, and what it has no room for is not
  // cut; its pace is told.
  Cutter(Signal signal, Rope request, Work* work = nullptr);
  Cutter(const Cutter&) = delete;
  Cutter& operator=(const Cutter&) = delete;

  // The largest part from the front that keeps the limits, or one oversized item. Nothing when all
  // is taken. Profiles come whole, whatever the limits. Parts may stay a few bytes under
  // bytes_max, because lengths are reckoned at their largest.
  std::optional<Part> next(const CutLimits& limits);

  // What is left, as one request; empty when all was taken. The cutter is done afterwards.
  Rope take_rest();

 private:
  // What kind of message a node is: decides which of its fields are cut apart.
  enum class Level : uint8_t { kResource, kScope, kMetric, kData };

  // A message being cut.
  struct Node {
    Level level;
    uint32_t field_number;      // in the message around it
    std::vector<Bytes> header;  // every field that is repeated in each part
    size_t header_size = 0;
    Bytes content;
    size_t at = 0;           // in content: behind the last child taken
    std::vector<Bytes> out;  // children for the part being made
    size_t out_size = 0;
    bool is_open = false;  // the part being made pays for the header and the length
  };
  struct Child {
    Bytes whole;    // tag, length and content
    Bytes content;  // without
    uint32_t field_number = 0;
  };

  bool place_next(const CutLimits& limits);
  bool place_request_field(const CutLimits& limits);
  bool place_child(const CutLimits& limits);
  std::optional<Child> peek_child(Node* node);
  bool is_child(Level level, uint32_t tag) const;
  uint32_t count_in_child(Level level, const Child& child);
  bool fits(const CutLimits& limits, uint32_t item_count, size_t size) const;
  void add(const Bytes& bytes, uint32_t item_count);
  void open_node(Level level, uint32_t field_number, Bytes content);
  bool open_child(const Child& child, uint32_t item_count, const CutLimits& limits);
  bool open_metric(const Child& child, uint32_t item_count, const CutLimits& limits);
  bool read_header(Node* node, uint32_t item_count, const CutLimits& limits);
  std::optional<Bytes> joined(const Rope& message);
  Pace* pace() { return work_ == nullptr ? nullptr : &work_->pace; }
  void step(size_t units) {
    if (work_ != nullptr) work_->pace.step(units);
  }
  void close_innermost();
  void write_innermost();
  Rope finish_part();

  Signal signal_;
  Work* const work_;
  Rope request_;
  RopeReader reader_;
  std::vector<Node> nodes_;  // outermost first
  wire::Writer lengths_;

  std::vector<Bytes> out_;  // of the part being made
  size_t out_size_ = 0;     // what it will have, at most
  uint32_t out_items_ = 0;
  bool out_is_empty_ = true;
};

// All parts of a request that has `item_count` items. Costs nothing when the limits hold already.
std::vector<Part> split(Signal signal, Rope request, uint32_t item_count, const CutLimits& limits);

// The first part, leaving the rest in `*request`. For several in a row a Cutter is cheaper.
Part take_front(Signal signal, Rope* request, const CutLimits& limits);

}  // namespace millrace::otlp
