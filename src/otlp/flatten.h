// The reference for cutting in tests: one line for each item with everything that surrounds it.
// Two requests are equivalent exactly when their lines are equal, however they were cut.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/signal.h"
#include "otlp/schema.h"
#include "wire/protobuf.h"

namespace millrace::otlp {

inline bool wraps_items(Message message, const wire::Field& field) {
  if (field.type != wire::WireType::kLen) return false;
  for (const FieldRule& rule : fields_of(message)) {
    if (rule.number != field.number || rule.kind != Kind::kMessage) continue;
    if (message == Message::kMetric) return is_metric_data(rule.number);
    return rule.repeated &&
           (is_item(rule.message) || rule.number == 2 || message == request_of(Signal::kTraces) ||
            message == request_of(Signal::kMetrics) || message == request_of(Signal::kLogs));
  }
  return false;
}

inline Message message_of(Message parent, uint32_t number) {
  for (const FieldRule& rule : fields_of(parent)) {
    if (rule.number == number) return rule.message;
  }
  return Message::kNone;
}

inline void flatten_into(Message message, std::span<const uint8_t> bytes, std::string around,
                         std::vector<std::string>* lines) {
  if (is_item(message)) {
    lines->push_back(around + "item:" + std::string(as_text(bytes)));
    return;
  }
  std::vector<wire::Field> children;
  wire::FieldReader reader(bytes);
  for (wire::Field field; reader.next(&field);) {
    if (wraps_items(message, field)) {
      children.push_back(field);
    } else if (message != request_of(Signal::kTraces) && message != request_of(Signal::kLogs) &&
               message != request_of(Signal::kMetrics)) {
      around += as_text(field.whole);
    }
  }
  // The effective member of the oneof: the last run of one number, merged by concatenation.
  if (message == Message::kMetric && !children.empty()) {
    size_t first = children.size() - 1;
    while (first > 0 && children[first - 1].number == children.back().number) first--;
    std::string merged;
    for (size_t i = first; i < children.size(); i++) merged += children[i].text();
    flatten_into(message_of(message, children.back().number), as_span(merged),
                 around + "data" + std::to_string(children.back().number), lines);
    return;
  }
  for (const wire::Field& child : children) {
    flatten_into(message_of(message, child.number), child.bytes, around + "/", lines);
  }
}

inline std::vector<std::string> flatten(Signal signal, const Rope& request) {
  std::vector<std::string> lines;
  const Bytes bytes = request.to_bytes();
  flatten_into(request_of(signal), bytes.view(), "", &lines);
  return lines;
}

}  // namespace millrace::otlp
