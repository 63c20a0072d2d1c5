// The error codes of HTTP/2 (RFC 9113, section 7), as numbers on the wire.
#pragma once

#include <cstdint>
#include <string_view>

namespace millrace::http {

enum class Http2ErrorCode : uint32_t {
  kNoError = 0x0,
  kProtocolError = 0x1,
  kInternalError = 0x2,
  kFlowControlError = 0x3,
  kSettingsTimeout = 0x4,
  kStreamClosed = 0x5,
  kFrameSizeError = 0x6,
  kRefusedStream = 0x7,
  kCancel = 0x8,
  kCompressionError = 0x9,
  kConnectError = 0xa,
  kEnhanceYourCalm = 0xb,
  kInadequateSecurity = 0xc,
  kHttp11Required = 0xd,
};

// "ENHANCE_YOUR_CALM".
std::string_view http2_error_name(Http2ErrorCode code);

}  // namespace millrace::http
