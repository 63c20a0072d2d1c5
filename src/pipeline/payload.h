// What flows: admitted OTLP bytes with what must never get lost on the way.
#pragma once

#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "base/metadata.h"
#include "base/result.h"
#include "base/signal.h"
#include "base/time.h"

namespace millrace::pipeline {

class Completion;  // completion.h; counts the required destinations that still owe an answer

// One Export<Signal>ServiceRequest that passed admission, or what processors made of it. Movable;
// copying shares the bytes and the completion.
struct Payload {
  Signal signal = Signal::kTraces;
  uint32_t item_count = 0;  // spans, metric points, log records or samples
  Rope bytes;               // valid: after admission views trust it
  MetadataRef metadata;     // null unless the receiver includes it
  // Null under `accepted`: no sender waits any more. Otherwise shared by every queue it lies in.
  std::shared_ptr<Completion> completion;
  MonotonicTime admitted_at;
};

}  // namespace millrace::pipeline
