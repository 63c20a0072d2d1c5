// The content codings that OTLP traffic uses, by their names in Content-Encoding (RFC 9110 8.4.1,
// RFC 8878) and grpc-encoding.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace millrace::compress {

enum class Coding : uint8_t {
  kIdentity,
  kGzip,     // RFC 1952, several members allowed
  kDeflate,  // a zlib stream, RFC 1950; otelcol's "zlib" and "deflate"
  kZstd,     // RFC 8878, several frames allowed
};

// "gzip" in any case, "x-gzip", "zstd", "deflate", "zlib", "identity", "" and "none"; others:
// nothing.
std::optional<Coding> coding_from_name(std::string_view name);
// The name to write on the wire.
std::string_view coding_name(Coding coding);

}  // namespace millrace::compress
