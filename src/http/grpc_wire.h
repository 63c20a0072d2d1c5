// The small pieces of gRPC over HTTP/2: message prefix, timeouts, percent-encoded messages, binary
// metadata and how HTTP and stream errors read as status codes.
//
// Source: grpc/doc/PROTOCOL-HTTP2.md, grpc/doc/http-grpc-status-mapping.md. Pure functions, safe
// from any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace millrace::http {

inline constexpr size_t kGrpcPrefixBytes = 5;

enum class GrpcCompression : uint8_t { kNone = 0, kCompressed = 1 };

struct GrpcPrefix {
  GrpcCompression compression = GrpcCompression::kNone;
  uint32_t length = 0;
};

// Empty when the flag byte is neither 0 nor 1.
std::optional<GrpcPrefix> parse_grpc_prefix(std::span<const uint8_t, kGrpcPrefixBytes> bytes);
std::array<uint8_t, kGrpcPrefixBytes> write_grpc_prefix(GrpcPrefix prefix);

// "100m" is 100 ms: at most eight digits and one of H M S m u n. Empty when it is anything else;
// what does not fit in a Duration is the largest Duration.
std::optional<Duration> parse_grpc_timeout(std::string_view text);
// The finest unit in which the value fits eight digits, rounded up; a timeout that has passed
// (zero or negative) is "1n".
std::string write_grpc_timeout(Duration timeout);

// grpc-message: bytes outside 0x20..0x7e and '%' become %XX.
std::string percent_encode_grpc_message(std::string_view text);
// Never fails: a '%' that does not start two hex digits stays as it is.
std::string percent_decode_grpc_message(std::string_view text);

// Values of "-bin" fields. Written without padding, read with or without.
std::string encode_base64(std::string_view bytes);
// The same with padding, as Basic credentials have it (RFC 7617).
std::string encode_padded_base64(std::string_view bytes);
std::optional<std::string> decode_base64(std::string_view text);

// The value of "grpc-status". Numbers that are not known are kUnknown; empty when not a number.
std::optional<Code> parse_grpc_status(std::string_view text);
// "0" to "16"; static storage.
std::string_view grpc_status_text(Code code);

// The code of a response without grpc-status (http-grpc-status-mapping.md).
Code code_of_http_status(int http_status);
// The code of a stream that ended with RST_STREAM (PROTOCOL-HTTP2.md, "Errors").
Code code_of_http2_error(uint32_t http2_error);

}  // namespace millrace::http
