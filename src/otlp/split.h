// Cutting requests at message boundaries. Joining needs no function: the concatenation of two
// requests of traces, metrics or logs is a request (Rope::append); profiles are never joined.
//
// A request is cut between two ResourceX messages if that is sufficient. A cut inside one repeats
// the surroundings of the items in each part: resource, scope, schema_url and unknown fields, and
// inside a Metric its name, description, unit, metadata, aggregation_temporality and is_monotonic.
// Items keep their order and their bytes: uncut bytes stay slices of the received bytes, only the
// lengths around a cut are written. Of a Metric with several members of `data`, a cut keeps
// the last, which is the effective one.
//
// Repetition is bounded. A message is not cut inside, but becomes one part, when its surroundings
// in all parts together would take more than its content and kRepeatedBytesMax, or are in a
// thousand places between its items. So the parts take at most a few times its size.
//
// Precondition: the request has passed admission. It may consist of pieces that end anywhere. A
// ResourceX that must be cut and is in several pieces is first copied together. One thread.
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
  // A single item that is, with its surroundings, larger than bytes_max; it is a part of its own.
  // The caller decides whether to send or drop it.
  bool is_oversized = false;
};

// Takes parts from the front of one request, each with its own limits: for filling batches one
// after the other. Bytes behind the part are not read, except that a ResourceX which is
// cut is scanned once for its other fields.
class Cutter {
 public:
  // With `work` (null: none) copies are reserved in the budget, and its pace is called. They may
  // pass the limit as ChunkPool::acquire_to_drain() does, since a full process must be able to send
  // batches that its back end accepts. A message is not cut when there is no room for the copy even
  // so.
  Cutter(Signal signal, Rope request, Work* work = nullptr);
  Cutter(const Cutter&) = delete;
  Cutter& operator=(const Cutter&) = delete;

  // Returns the largest part from the front that keeps the limits, or one oversized item; nothing
  // when all is taken. Profiles are one part, whatever the limits. Parts may be a few bytes smaller
  // than bytes_max allows, because lengths are assumed at their largest.
  std::optional<Part> next(const CutLimits& limits);

  // Returns the rest as one request; empty when all was taken. Do not use the cutter afterwards.
  Rope take_rest();

 private:
  // The kind of a node's message; it determines which fields are cut apart.
  enum class Level : uint8_t { kResource, kScope, kMetric, kData };

  // A message that is being cut.
  struct Node {
    Level level;
    uint32_t field_number;      // in the enclosing message
    std::vector<Bytes> header;  // the fields that each part repeats
    size_t header_size = 0;
    Bytes content;
    size_t at = 0;           // in content: behind the last child taken
    std::vector<Bytes> out;  // children for the current part
    size_t out_size = 0;
    bool is_open = false;  // the current part includes the header and the length
  };
  struct Child {
    Bytes whole;    // tag, length and content
    Bytes content;  // the content alone
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

  std::vector<Bytes> out_;  // of the current part
  size_t out_size_ = 0;     // the maximum of its size
  uint32_t out_items_ = 0;
  bool out_is_empty_ = true;
};

// All parts of a request that has `item_count` items. Costs nothing if the limits are kept already.
std::vector<Part> split(Signal signal, Rope request, uint32_t item_count, const CutLimits& limits);

// Returns the first part and leaves the rest in `*request`. A Cutter is cheaper for several parts.
Part take_front(Signal signal, Rope* request, const CutLimits& limits);

}  // namespace millrace::otlp
