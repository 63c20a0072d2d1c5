// What becomes of a receiver's requests, counted: otelcol's counters of accepted, refused and
// failed items, requests rejected by reason, and the ledger's refusals; and the way of an admitted
// request to its intake and of the verdict to the sender.
//
// One for each receiver and worker; used on that worker's loop only. Cost: a handful of relaxed
// atomic adds a request; no lock of the registry but for the first request of its kind.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/signal.h"
#include "metrics/registry.h"
#include "pipeline/intake.h"
#include "pipeline/verdict.h"
#include "reception/receiver.h"
#include "transport/server/server.h"

namespace millrace::reception {

class RequestCounters {
 public:
  // `transports`: the values of otelcol's label `transport`, which the methods take by index.
  RequestCounters(const ReceiverParts& parts, std::vector<std::string> transports);

  // Makes the counters of accepted, refused and failed items appear, as otelcol does with the first
  // request of their kind.
  void show(size_t transport, Signal signal) { counters(transport, signal); }
  // A request that the receiver itself refused, for `reason`: counts and logs it. The caller
  // answers. `peer` is the sender's address, or empty.
  void refuse(size_t transport, Signal signal, std::string_view reason, std::string_view message,
              std::string_view peer = {});
  // A request that the server refused.
  void on_rejected(size_t transport, std::optional<Signal> signal, std::string_view reason,
                   std::string_view detail, std::string_view peer);

  // Hands the payload to its signal's intake, counts the verdict and answers `exchange`.
  // Precondition: the signal has an intake. This and the parts outlive the answer.
  void submit(pipeline::Payload payload, pipeline::Policy policy, MonotonicTime deadline,
              size_t transport, transport::Exchange exchange, const RequestOrigin& origin = {});
  // The same for what the receiver fetched from `peer` by itself. `then` (may be empty) hears the
  // verdict: within this call, or in a later turn.
  void submit_fetched(pipeline::Payload payload, pipeline::Policy policy, MonotonicTime deadline,
                      size_t transport, std::string peer, pipeline::VerdictCallback then = nullptr);

 private:
  struct ItemCounters {
    metrics::Counter* accepted = nullptr;
    metrics::Counter* refused = nullptr;
    metrics::Counter* failed = nullptr;
  };
  struct Seen {
    uint64_t requests = 0;
    uint64_t items = 0;
  };
  ItemCounters& counters(size_t transport, Signal signal);
  void count_rejected(size_t transport, std::string_view reason);
  // To the watcher, if there is one.
  void report_refused(size_t transport, std::optional<Signal> signal, std::string_view reason,
                      std::string_view detail, std::string_view peer);
  // Refused for want of memory, mostly before it was read, so that its number of items is unknown:
  // it counts as many as the requests of its signal had until now on average, at least one.
  void count_memory_refusal(size_t transport, Signal signal);
  // Precondition: own spans are recorded.
  pipeline::VerdictCallback with_span(const pipeline::Payload& payload, size_t transport,
                                      std::string_view format,
                                      const std::optional<http::TraceContext>& parent,
                                      pipeline::VerdictCallback on_verdict);
  void hand_in(pipeline::Payload payload, pipeline::Policy policy, MonotonicTime deadline,
               pipeline::VerdictCallback on_verdict);
  void count(size_t transport, Signal signal, uint32_t item_count, const pipeline::Verdict& verdict,
             std::string_view peer);

  const ReceiverParts& parts_;
  const std::vector<std::string> transports_;
  std::vector<std::array<ItemCounters, kSignalCount>> counters_;  // by transport
  // By transport and reason, of which there are a few dozen.
  std::vector<std::map<std::string, metrics::Counter*, std::less<>>> rejected_;
  std::array<Seen, kSignalCount> seen_{};  // what passed admission here
};

}  // namespace millrace::reception
