// One walk over a request from the outside in: resource, scope, item, and the events of a span or
// the data points of a metric. A Visitor runs its statements on each message that it wants; changed
// messages become rope edits and removed ones are left out. What was not changed stays the received
// bytes, and nothing is allocated for it.
//
// A statement of a lower context may change a message around it (`changed_below`): later visits see
// the change, and it is written when the walk leaves that message.
//
// The walk calls work.pace for each item and may be suspended there. All output is reserved in the
// budget before it is written; what statements make is reserved beyond Scratch::kBytesFree.
// Precondition: the request passed admission, and the result would. Traces, metrics and logs.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/signal.h"
#include "memory/work.h"
#include "ottl/evaluation.h"
#include "wire/text_search.h"

namespace millrace::ottl {

// A bit for each Context.
using ContextSet = uint8_t;
constexpr ContextSet context_bit(Context context) {
  return static_cast<ContextSet>(1u << static_cast<unsigned>(context));
}

enum class Fate : uint8_t { kKeep, kRemove, kStop };

class Visitor {
 public:
  virtual ~Visitor() = default;
  // The records of `item` are those of `context` and of the contexts around it. What the statements
  // make lives in `scratch`. kStop: the walk ends with failure().
  virtual Fate visit(Context context, Item& item, Scratch& scratch) = 0;
  // Items that were not visited, because none of WalkOptions::required_texts stands in them.
  virtual void pass_over(Context /*context*/, uint64_t /*count*/) {}
  virtual Error failure() { return {Code::kInternal, "the walk was stopped"}; }
};

struct WalkOptions {
  ContextSet visited = 0;
  // Messages that visits of a lower context may change.
  ContextSet changed_below = 0;
  // Visits remove messages. As otelcol does, the walk then removes resources, scopes and metrics
  // without a child as well, down to the lowest context that is visited. Cannot be combined with
  // changes.
  bool removes = false;
  // Each visit reads several fields: see MessageIndex.
  bool reads_often = false;
  // Spans and log records are visited only where one of these stands in their bytes. Empty: each of
  // them. Not with visits of a lower context.
  std::vector<wire::TextSearch> required_texts = {};
  std::string_view what = "editing";  // a literal for errors
};

struct Walked {
  Rope request;
  uint32_t removed_count = 0;  // spans, data points or log records
};

// Errors: those of the visitor, and those of otlp/edit.h.
Result<Walked> walk_request(const WalkOptions& options, Signal signal, const Rope& request,
                            Visitor& visitor, Work& work);

}  // namespace millrace::ottl
