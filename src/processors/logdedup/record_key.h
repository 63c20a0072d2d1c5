// Keys of resources, scopes and log records: two that otelcol's log_dedup takes for the same have
// the same key. The order of the entries of a mapping has no meaning.
//
// A key is a hash of 128 bits with a secret seed: senders cannot make two records that share one.
// Cost: one pass over the message; no memory.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/pace.h"
#include "otlp/views.h"
#include "processors/logdedup/options.h"

namespace millrace::processors::logdedup {

struct RecordKey {
  uint64_t low = 0;
  uint64_t high = 0;
  friend bool operator==(const RecordKey&, const RecordKey&) = default;
};
struct RecordKeyHash {
  size_t operator()(const RecordKey& key) const { return key.low; }
};

class KeyMaker {
 public:
  KeyMaker(RecordKey seed, Pace& pace) : seed_(seed), pace_(pace) {}

  // The key of a Resource: its attributes.
  RecordKey of_resource(otlp::MessageBytes resource) const;
  // Name, version and attributes.
  RecordKey of_scope(const otlp::ScopeView& scope) const;
  // Attributes, body and severity.
  RecordKey of_record(const otlp::LogRecordView& record) const;
  // The values at these places; nothing when the record has none of them.
  std::optional<RecordKey> of_fields(const otlp::LogRecordView& record,
                                     std::span<const FieldPath> fields) const;

 private:
  RecordKey of_text(std::string_view text, uint64_t kind) const;
  RecordKey of_value(otlp::MessageBytes any_value) const;
  RecordKey of_elements(const otlp::AnyValueView& value) const;
  RecordKey of_entry(otlp::MessageBytes key_value) const;
  RecordKey of_attributes(otlp::MessageBytes message, uint32_t field_number) const;
  std::optional<otlp::MessageBytes> value_at(const otlp::LogRecordView& record,
                                             const FieldPath& field) const;

  const RecordKey seed_;
  Pace& pace_;
};

}  // namespace millrace::processors::logdedup
