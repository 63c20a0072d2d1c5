// The zipkin receiver: what happens to a request between the transport and the pipelines.
//
//   Zipkin spans to OTLP (translate.h) → admission → the intake of traces → the answer, 202
//
// One instance per worker and receiver; used on that worker's loop only.
#pragma once

#include <optional>
#include <string_view>

#include "reception/receiver.h"
#include "reception/request_counters.h"
#include "transport/server/server.h"

namespace millrace::receivers::zipkin {

class ZipkinReceiver final : public reception::Receiver {
 public:
  struct Options {
    pipeline::Policy policy = pipeline::Policy::kDurable;
    bool parse_string_tags = false;
  };
  ZipkinReceiver(reception::ReceiverParts parts, Options options);

  void on_request(transport::Request request, transport::Exchange exchange) override;
  void on_rejected(transport::Protocol protocol, std::optional<Signal> signal,
                   std::string_view reason, std::string_view detail,
                   std::string_view peer) override;

 private:
  const reception::ReceiverParts parts_;
  const Options options_;
  reception::RequestCounters counters_;
};

}  // namespace millrace::receivers::zipkin
