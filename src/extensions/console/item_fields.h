// An item as a list of fields with the paths that OTTL statements use: name, attributes["key"],
// resource.attributes["key"], status.code, events[0].name. For people and for differences.
//
// Bounded: kFieldsMax fields of kFieldTextBytesMax each; the rest is left out. One thread.
#pragma once

#include <string>
#include <vector>

#include "base/signal.h"
#include "otlp/views.h"

namespace millrace::extensions::console {

inline constexpr size_t kFieldsMax = 400;
inline constexpr size_t kFieldTextBytesMax = 2048;

struct ItemField {
  std::string path;
  std::string value;  // UTF-8
};
struct ItemFields {
  std::vector<ItemField> fields;  // paths may repeat, as attributes may
  bool is_cut = false;
};

// Of a span, a log record, a metric with its points, or a profile: with its resource and scope.
ItemFields fields_of_item(Signal signal, const otlp::ResourceView& resource,
                          const otlp::ScopeView& scope, otlp::MessageBytes item);

enum class Change : uint8_t { kSame, kChanged, kAdded, kRemoved };
struct FieldChange {
  std::string path;
  Change change = Change::kSame;
  std::string before;  // kChanged, kRemoved
  std::string after;   // all but kRemoved
};
// In the order of `before`, then what is new. Fields of one path are paired in order.
std::vector<FieldChange> compare(const ItemFields& before, const ItemFields& after);

}  // namespace millrace::extensions::console
