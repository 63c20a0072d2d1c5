// Edits a request into a new rope: unchanged stretches stay slices of the received bytes; only
// changed fields and the length prefixes above them are written. A request without changes keeps
// its original bytes.
//
// All written bytes are reserved in the budget first and are bounded: a request of millions of
// empty items grows by what the edit adds to each item. The number of items has no other limit, so
// the cost of an edit is bounded by the bytes that it may write and by the pace of the work, which
// yields the event loop in between.
//
// Precondition: the request has passed admission; the result would pass as well. One thread. Cost:
// the keys of every edited message are read; writing costs only where there are changes.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/signal.h"
#include "memory/work.h"
#include "otlp/attribute_list.h"
#include "otlp/views.h"

namespace millrace::otlp {

// The position of the attributes that are being edited.
struct EditContext {
  Signal signal = Signal::kTraces;
  const ResourceView* resource = nullptr;
  const ScopeView* scope = nullptr;  // items only
  std::string_view metric_name;      // data points only
  MessageBytes item;                 // items only: the span, log record or data point
  // They change with each resource, scope and metric. An editor must cache what it derives from one
  // of them for its items; otherwise a large resource with many small items costs their
  // product.
  uint64_t resource_number = 0;
  uint64_t scope_number = 0;
  uint64_t metric_number = 0;
};

// Changes the attributes, and may replace other fields of the message (list.replace()). Attributes
// are read when the editor first asks for them.
using AttributeEditor = std::function<void(const EditContext&, AttributeList&)>;

// Gives texts among the values of attributes other texts, while the message is written: cheaper
// than an AttributeEditor, which reads all attributes first.
class TextEditor {
 public:
  // Whether the message certainly stays as it is.
  virtual bool has_nothing(MessageBytes message) = 0;
  // The text for a value that is a string, valid until the next call; nothing: the same.
  virtual std::optional<std::string_view> edit(std::string_view key, std::string_view text) = 0;
  // The walk ends with this error.
  virtual const std::optional<Error>& failure() const = 0;

 protected:
  ~TextEditor() = default;
};

// The editors of one walk; what has none is not edited. A resource is edited before its scopes, and
// a scope before its items; in the context they are as they were received.
struct Editors {
  AttributeEditor resource = nullptr;  // each Resource, of all signals
  AttributeEditor scope = nullptr;     // each InstrumentationScope, of all signals
  AttributeEditor item = nullptr;      // each span, log record or data point; not of profiles
  // In place of `item`: the attributes of each span and its events, log record or data point.
  TextEditor* item_texts = nullptr;
  std::string_view schema_url = {};  // UTF-8, for each ResourceX that has none; empty: for none
};

// The limit of an edited request: this size, or twice its size before, whichever is larger.
inline constexpr size_t kEditedBytesMax = 64 << 20;

// A ResourceX without a resource gets one when an attribute is set, a ScopeX without a scope as
// well; a resource or scope in several parts becomes one. Errors:
//   kResourceExhausted  over the limit, or an item with more than kAttributesMax attributes: final
//   kUnavailable        the budget refused; the message begins with "memory"
//   AttributeList::fail()'s
Result<Rope> edit_request(Signal signal, const Rope& request, const Editors& editors, Work& work);

// With one editor.
Result<Rope> edit_resource_attributes(Signal signal, const Rope& request,
                                      const AttributeEditor& edit, Work& work);
// The same; also gives `schema_url` (UTF-8) to each ResourceX that has none.
Result<Rope> edit_resources(Signal signal, const Rope& request, const AttributeEditor& edit,
                            std::string_view schema_url, Work& work);
Result<Rope> edit_scope_attributes(Signal signal, const Rope& request, const AttributeEditor& edit,
                                   Work& work);
Result<Rope> edit_item_attributes(Signal signal, const Rope& request, const AttributeEditor& edit,
                                  Work& work);

}  // namespace millrace::otlp
