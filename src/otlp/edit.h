// Edits of a request as a new rope: kept stretches stay slices of the received bytes, only changed
// fields and the length prefixes above them are written anew. A ResourceX in which nothing changes
// keeps its very bytes.
//
// The request must have passed admission, the result would pass again. One thread. Cost: the keys
// of every edited message are looked at; writing costs only where something changed.
#pragma once

#include <functional>

#include "base/bytes.h"
#include "base/signal.h"
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
};

using AttributeEditor = std::function<void(const EditContext&, AttributeList&)>;

// The attributes of each Resource; of all signals. A ResourceX without a resource gets one when an
// attribute is set; a resource in several parts becomes one.
Rope edit_resource_attributes(Signal signal, const Rope& request, const AttributeEditor& edit);

// The attributes of each InstrumentationScope, likewise.
Rope edit_scope_attributes(Signal signal, const Rope& request, const AttributeEditor& edit);

// The attributes of each span, log record or data point. Profiles stay as they are.
Rope edit_item_attributes(Signal signal, const Rope& request, const AttributeEditor& edit);

}  // namespace millrace::otlp
