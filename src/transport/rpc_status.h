// google.rpc.Status with the two details OTLP speaks of: RetryInfo (when to try again) and
// BadRequest (which field was wrong). It is gRPC's grpc-status-details-bin and the body of every
// error answer of OTLP/HTTP. Pure functions, safe from any thread.
//
// Source: googleapis google/rpc/status.proto, error_details.proto; OTLP specification, "Failures".
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace millrace::transport {

struct RpcStatus {
  Code code = Code::kUnknown;
  std::string message = {};
  std::optional<Duration> retry_delay = {};  // RetryInfo.retry_delay; negative values read as zero
  std::string bad_field = {};                // the first BadRequest.field_violations[].field
  std::string bad_field_description = {};    // and its description
  friend bool operator==(const RpcStatus&, const RpcStatus&) = default;
};

// Protobuf bytes. BadRequest is written when bad_field is not empty.
std::string encode_rpc_status(const RpcStatus& status);
// The JSON form: {"code":3,"message":"…","details":[{"@type":"type.googleapis.com/…",…}]}.
std::string encode_rpc_status_json(const RpcStatus& status);
// Details of other kinds are skipped; codes that are not known read as kUnknown. Empty when the
// bytes are no protobuf message.
std::optional<RpcStatus> decode_rpc_status(std::span<const uint8_t> bytes);

}  // namespace millrace::transport
