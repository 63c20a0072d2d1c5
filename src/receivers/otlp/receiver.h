// The otlp receiver: what happens to a request between the transport and the pipelines.
//
//   JSON to protobuf (if JSON) → admission → the intake of its signal → the answer
//
// A large request comes from inside of a piece of long work and may be suspended in JSON, in
// admission and in the processors; others pass it meanwhile.
//
// One instance per worker and receiver; used on that worker's loop only. Cost beyond admission: a
// handful of relaxed atomic adds a request.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/signal.h"
#include "otlp/json/decode.h"
#include "pipeline/verdict.h"
#include "reception/receiver.h"
#include "reception/request_counters.h"
#include "transport/server/server.h"

namespace millrace::receivers {

class OtlpReceiver final : public reception::Receiver {
 public:
  // When OK is said, by the protocol that asked.
  struct Policies {
    pipeline::Policy grpc = pipeline::Policy::kDurable;
    pipeline::Policy http = pipeline::Policy::kDurable;
  };
  // `parts.message_bytes_max` bounds the protobuf that JSON becomes.
  OtlpReceiver(reception::ReceiverParts parts, Policies policies);

  void on_request(transport::Request request, transport::Exchange exchange) override;
  void on_rejected(transport::Protocol protocol, std::optional<Signal> signal,
                   std::string_view reason, std::string_view detail,
                   std::string_view peer) override;

 private:
  // The message as protobuf, admitted; or the answer that says what is wrong with it.
  struct Admission {
    Bytes message;
    uint32_t item_count = 0;
  };
  std::optional<Admission> admit(const transport::Request& request, transport::Reply& refusal,
                                 std::string_view& reason);

  const reception::ReceiverParts parts_;
  const Policies policies_;
  otlp::json::Decoder json_;
  metrics::Counter& long_json_;  // bodies beyond otlp::json::kBytesInASlice
  reception::RequestCounters counters_;
};

}  // namespace millrace::receivers
