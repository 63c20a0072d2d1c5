// The jaeger receiver: what happens to a request or a packet between the transport and the
// pipelines.
//
//   Jaeger spans to OTLP (translate.h) → admission → the intake of traces → the answer
//
// A packet has no answer: what is refused is counted and lost, as with Jaeger's agent.
// One instance per worker and receiver; used on that worker's loop only.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "receivers/jaeger/translate.h"
#include "reception/receiver.h"
#include "reception/request_counters.h"
#include "transport/server/server.h"

namespace millrace::receivers::jaeger {

// otelcol's names of the transports of packets.
inline constexpr std::string_view kCompactTransport = "udp_thrift_compact";
inline constexpr std::string_view kBinaryTransport = "udp_thrift_binary";

class JaegerReceiver final : public reception::Receiver {
 public:
  struct Options {
    pipeline::Policy grpc_policy = pipeline::Policy::kDurable;
    pipeline::Policy http_policy = pipeline::Policy::kDurable;
    std::vector<Format> formats = {};  // by listener
  };
  JaegerReceiver(reception::ReceiverParts parts, Options options);

  void on_request(transport::Request request, transport::Exchange exchange) override;
  void on_datagram(size_t listener, const io::Datagram& datagram) override;
  void on_rejected(transport::Protocol protocol, std::optional<Signal> signal,
                   std::string_view reason, std::string_view detail,
                   std::string_view peer) override;

 private:
  struct Admitted {
    Bytes bytes;
    uint32_t item_count = 0;
  };
  Result<Admitted> admit(Format format, std::span<const uint8_t> body, Work work);
  pipeline::Payload payload_of(Admitted admitted);

  const reception::ReceiverParts parts_;
  const Options options_;
  reception::RequestCounters counters_;
};

}  // namespace millrace::receivers::jaeger
