// Edits of a request as a new rope: kept stretches stay slices of the received bytes, only changed
// fields and the length prefixes above them are written anew. A request in which nothing changes
// keeps its very bytes.
//
// Everything an edit writes is reserved in the budget first, and bounded: a request of millions of
// empty items grows by what the edit adds to each. Nothing else bounds the items of a request, so
// the cost of an edit is bounded by the bytes it may write and by the pace of the work, which gives
// the event loop back in between.
//
// The request must have passed admission, the result would pass again. One thread. Cost: the keys
// of every edited message are looked at; writing costs only where something changed.
#pragma once

#include <cstdint>
#include <functional>

#include "base/bytes.h"
#include "base/result.h"
#include "base/signal.h"
#include "memory/work.h"
#include "otlp/attribute_list.h"
#include "otlp/views.h"

namespace millrace::otlp {

// Where the attributes stand that are being edited.
struct EditContext {
  Signal signal = Signal::kTraces;
  const ResourceView* resource = nullptr;
  const ScopeView* scope = nullptr;  // items only
  std::string_view metric_name;      // data points only
  MessageBytes item;                 // items only: the span, log record or data point
  // Change with each resource, scope and metric: what an editor finds out about one of them is to
  // be kept for its items. Without that a large resource in front of many small items costs their
  // product.
  uint64_t resource_number = 0;
  uint64_t scope_number = 0;
  uint64_t metric_number = 0;
};

using AttributeEditor = std::function<void(const EditContext&, AttributeList&)>;

// What an edited request may have: so much, or twice what it had before, whichever is more.
inline constexpr size_t kEditedBytesMax = 64 << 20;

// All three:
//   kResourceExhausted  more than that, or an item with more than kAttributesMax attributes: final
//   kUnavailable        the budget refused; the message begins with "memory"

// The attributes of each Resource; of all signals. A ResourceX without a resource gets one when an
// attribute is set; a resource in several parts becomes one.
Result<Rope> edit_resource_attributes(Signal signal, const Rope& request,
                                      const AttributeEditor& edit, Work& work);

// The attributes of each InstrumentationScope, likewise.
Result<Rope> edit_scope_attributes(Signal signal, const Rope& request, const AttributeEditor& edit,
                                   Work& work);

// The attributes of each span, log record or data point. Profiles stay as they are.
Result<Rope> edit_item_attributes(Signal signal, const Rope& request, const AttributeEditor& edit,
                                  Work& work);

}  // namespace millrace::otlp
