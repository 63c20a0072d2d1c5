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

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/signal.h"
#include "io/long_work.h"
#include "ledger/ledger.h"
#include "metrics/registry.h"
#include "otlp/json/decode.h"
#include "pipeline/intake.h"
#include "transport/server.h"

namespace millrace::receivers {

class OtlpReceiver final : public transport::RequestHandler, public transport::ServerObserver {
 public:
  struct Parts {
    std::string name;  // "otlp/internal"
    // By signal; null where no pipeline has this receiver (the server then has no route either).
    std::array<pipeline::Intake*, kSignalCount> intakes{};
    std::array<ledger::Refusals*, kSignalCount> refusals{};
    // When OK is said, by the protocol that asked.
    pipeline::Policy grpc_policy = pipeline::Policy::kAccepted;
    pipeline::Policy http_policy = pipeline::Policy::kAccepted;
    io::Loop* loop = nullptr;
    io::LongWork* long_work = nullptr;  // the worker's
    // Of the protobuf that JSON becomes.
    size_t message_bytes_max = 64 << 20;
    metrics::Registry* metrics = nullptr;
    // By signal: what the memory_limiters of the fed pipelines count as refused.
    std::array<std::vector<metrics::Counter*>, kSignalCount> memory_refused{};
    Logger* log = nullptr;
    std::atomic<int64_t>* connection_count = nullptr;  // all workers', for the status page
  };
  explicit OtlpReceiver(Parts parts);

  void on_request(transport::Request request, transport::Exchange exchange) override;
  void on_rejected(transport::Protocol protocol, std::optional<Signal> signal,
                   std::string_view reason, std::string_view detail,
                   std::string_view peer) override;
  void on_connections(int change) override;

 private:
  // otelcol's three counters; they appear together, with the first request of their kind.
  struct Counters {
    metrics::Counter* accepted = nullptr;
    metrics::Counter* refused = nullptr;
    metrics::Counter* failed = nullptr;
  };
  Counters& counters(transport::Protocol protocol, Signal signal);
  // The message as protobuf, admitted; or the answer that says what is wrong with it.
  struct Admission {
    Bytes message;
    uint32_t item_count = 0;
  };
  std::optional<Admission> admit(const transport::Request& request, transport::Reply& refusal,
                                 std::string_view& reason);
  void answer(transport::Exchange& exchange, transport::Protocol protocol, Signal signal,
              uint32_t item_count, const pipeline::Verdict& verdict);
  void count_rejected(transport::Protocol protocol, std::string_view reason);
  // Refused for want of memory, mostly before it was read: nobody knows how many items it had. It
  // counts as many as the requests of its signal had until now on average, at least one.
  void count_memory_refusal(transport::Protocol protocol, Signal signal);

  Parts parts_;
  otlp::json::Decoder json_;
  std::array<std::array<Counters, kSignalCount>, 2> counters_{};
  // By protocol and reason, of which there are a few dozen: a refused request takes no lock of the
  // registry.
  std::array<std::map<std::string, metrics::Counter*, std::less<>>, 2> rejected_{};
  struct Seen {
    uint64_t requests = 0;
    uint64_t items = 0;
  };
  std::array<Seen, kSignalCount> seen_{};  // what passed admission here
};

}  // namespace millrace::receivers
