// An application with an OpenTelemetry SDK: numbers its items, exports them at its own rate over
// one of the three protocols, retries as the specification says, and gives up after a while.
//
// It records the result of each export for the checks.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/random.h"
#include "compress/compressor.h"
#include "io/loop.h"
#include "pipeline/exporter.h"
#include "tests/sim/coverage.h"
#include "tests/sim/numbered_items.h"
#include "tests/sim/scenario.h"
#include "transport/client/client.h"

namespace millrace::sim_test {

enum class Fate : uint8_t {
  kPending,
  kAcknowledged,  // OK, perhaps with rejected items
  kRefused,       // permanently
  kGivenUp,       // after the last attempt
};

struct Export {
  Signal signal = Signal::kTraces;
  std::vector<uint64_t> numbers;
  bool is_bad = false;
  uint32_t attempts = 0;
  // Attempts that ended without an answer: the collector may have admitted the request.
  uint32_t unanswered = 0;
  Fate fate = Fate::kPending;
};

class SdkClient {
 public:
  // The numbers of its items have `index` + 1 in the upper half.
  SdkClient(io::Loop& loop, const ClientScenario& scenario, size_t index, uint64_t seed,
            SentItems& sent, Coverage& coverage);
  ~SdkClient();
  SdkClient(const SdkClient&) = delete;
  SdkClient& operator=(const SdkClient&) = delete;

  bool is_done() const { return next_export_ == scenario_.requests && pending_count_ == 0; }
  ClientKind kind() const { return scenario_.kind; }
  std::vector<const Export*> exports() const;
  // The longest time of an attempt until an answer arrived or was known to be missing.
  Duration slowest_attempt() const { return slowest_attempt_; }

 private:
  struct UnderWay {
    Export record;
    transport::ClientRequest request;
    std::unique_ptr<io::Timer> retry_timer;
  };
  void make_export();
  Result<Rope> encode(Signal signal, const Bytes& message, compress::Coding& coding);
  void attempt(UnderWay& one);
  void on_answer(UnderWay& one, const transport::ClientAnswer& answer);
  void on_success(UnderWay& one, const transport::ClientAnswer& answer);
  void retry_or_give_up(UnderWay& one, Duration wish);
  void end(UnderWay& one, Fate fate, const char* what);

  io::Loop& loop_;
  const ClientScenario scenario_;
  Random random_;
  SentItems& sent_;
  Coverage& coverage_;
  compress::Compressor gzip_;
  uint64_t next_number_;
  uint32_t next_export_ = 0;
  uint32_t pending_count_ = 0;
  bool closing_ = false;
  Duration slowest_attempt_ = 0s;
  std::vector<std::unique_ptr<UnderWay>> exports_;
  std::unique_ptr<io::Timer> pace_timer_;
  std::unique_ptr<transport::Client> client_;
};

}  // namespace millrace::sim_test
