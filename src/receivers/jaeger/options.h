// The jaeger receiver's options, with otelcol's names. Plain data; a protocol that is absent here
// is not served.
#pragma once

#include <cstddef>
#include <optional>

#include "config/section.h"
#include "reception/listener_options.h"
#include "reception/receiver.h"

namespace millrace::receivers::jaeger {

inline constexpr std::string_view kDefaultGrpc = "localhost:14250";
inline constexpr std::string_view kDefaultThriftHttp = "localhost:14268";
inline constexpr std::string_view kDefaultThriftCompact = "localhost:6831";
inline constexpr std::string_view kDefaultThriftBinary = "localhost:6832";

// Thrift over UDP, as Jaeger's agent received it.
struct UdpOptions : reception::ListenerOptions {
  reception::DatagramListening datagrams;
};

struct Options {
  std::optional<reception::GrpcListenerOptions> grpc;
  std::optional<reception::HttpListenerOptions> thrift_http;
  std::optional<UdpOptions> thrift_compact;
  std::optional<UdpOptions> thrift_binary;
};

// `section` is the receiver's own; the caller finishes it.
void read_options(config::Section& section, Options& into);

}  // namespace millrace::receivers::jaeger
