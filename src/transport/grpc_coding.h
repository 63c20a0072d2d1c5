// The content codings of gRPC's messages ("grpc-encoding"), for both sides. The names are those
// that otelcol registers: "snappy" is the framed format there, and a block in HTTP.
#pragma once

#include <optional>
#include <string_view>

#include "compress/coding.h"

namespace millrace::transport {

// The codings that this side reads ("grpc-accept-encoding").
inline constexpr std::string_view kGrpcAcceptedCodings = "identity,gzip,zstd,snappy";

// Nothing: gRPC has no such coding here.
inline std::optional<compress::Coding> coding_of_grpc_name(std::string_view name) {
  const auto coding = compress::coding_from_name(name);
  if (!coding) return std::nullopt;
  switch (*coding) {
    case compress::Coding::kIdentity:
    case compress::Coding::kGzip:
    case compress::Coding::kZstd:
      return coding;
    case compress::Coding::kSnappy:
      return compress::Coding::kSnappyFramed;
    case compress::Coding::kDeflate:
    case compress::Coding::kZlib:
    case compress::Coding::kSnappyFramed:
      break;
  }
  return std::nullopt;
}

inline std::string_view grpc_name_of(compress::Coding coding) {
  return coding == compress::Coding::kSnappyFramed ? "snappy" : compress::coding_name(coding);
}

}  // namespace millrace::transport
