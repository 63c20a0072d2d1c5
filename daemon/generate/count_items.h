// Counts the items of a request and finds their numbered ids. Reads nothing else: groups and
// unknown fields are skipped, strings are not checked. A few nanoseconds an item.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/signal.h"

namespace millrace::load {

// One span or log record. An absent id is empty.
struct ItemView {
  std::span<const uint8_t> trace_id;
  std::span<const uint8_t> span_id;
  uint64_t time_unix_nano = 0;  // a span's start, a log record's time
};

class ItemVisitor {
 public:
  virtual void on_item(const ItemView& item) = 0;

 protected:
  ~ItemVisitor() = default;
};

// The number of spans, metric points or log records in one Export…ServiceRequest; for profiles, the
// number of profiles. Nothing when the bytes are not a message. `visitor` may be null; it is called
// for spans and log records only, and also for those before an error.
std::optional<uint64_t> count_items(Signal signal, std::span<const uint8_t> request,
                                    ItemVisitor* visitor);

}  // namespace millrace::load
