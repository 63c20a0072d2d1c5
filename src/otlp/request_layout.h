// The field numbers that lead from a request to its items. All four signals share them; the counts
// in item_count_test.cc agree with admission, which reads the schema.
#pragma once

#include <cstdint>

#include "wire/protobuf.h"

namespace millrace::otlp {

inline constexpr uint32_t kResourceField = 1;  // ExportXServiceRequest.resource_x
inline constexpr uint32_t kScopeField = 2;     // ResourceX.scope_x
inline constexpr uint32_t kItemField = 2;      // ScopeX: spans, log_records, metrics, profiles
inline constexpr uint32_t kPointField = 1;     // Gauge, Sum, …: data_points
inline constexpr uint32_t kSampleField = 2;    // Profile.samples

constexpr uint32_t len_tag(uint32_t field_number) {
  return wire::make_tag(field_number, wire::WireType::kLen);
}

}  // namespace millrace::otlp
