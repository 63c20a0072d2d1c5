// Keys of log records: two that otelcol's log_dedup takes for the same have the same key
// (item_identity/identity.h).
#pragma once

#include <optional>
#include <span>

#include "item_identity/identity.h"
#include "otlp/views.h"
#include "processors/logdedup/options.h"

namespace millrace::processors::logdedup {

using RecordKey = item_identity::Identity;
using RecordKeyHash = item_identity::IdentityHash;

// Attributes, body and severity.
RecordKey key_of_record(const item_identity::IdentityMaker& maker,
                        const otlp::LogRecordView& record);
// The values at these places; nothing when the record has none of them.
std::optional<RecordKey> key_of_fields(const item_identity::IdentityMaker& maker,
                                       const otlp::LogRecordView& record,
                                       std::span<const FieldPath> fields);

}  // namespace millrace::processors::logdedup
