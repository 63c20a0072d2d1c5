// The content codings that OTLP traffic uses, by their names in Content-Encoding (RFC 9110 8.4.1,
// RFC 8878, snappy's format_description.txt and framing_format.txt). gRPC's names differ in one
// point: transport/grpc_coding.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace millrace::compress {

enum class Coding : uint8_t {
  kIdentity,
  kGzip,     // RFC 1952, several members allowed
  kDeflate,  // a zlib stream, RFC 1950
  kZlib,     // the same bytes as kDeflate, by otelcol's other name
  kZstd,     // RFC 8878, several frames allowed
  // A snappy block. As otelcol does for older senders, a body of this name that begins as framed
  // snappy is read as such.
  kSnappy,
  kSnappyFramed,  // snappy's framing format, "x-snappy-framed"
};

// "gzip" in any case, "x-gzip", "zstd", "deflate", "zlib", "snappy", "x-snappy-framed", "identity",
// "" and "none"; others: nothing.
std::optional<Coding> coding_from_name(std::string_view name);
// The name to write on the wire.
std::string_view coding_name(Coding coding);

}  // namespace millrace::compress
