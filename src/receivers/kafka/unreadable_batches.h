// Batches of messages that librdkafka cannot read: damaged, or not decompressible. librdkafka
// fetches such a batch again and again, and its partition stands still until the offset of the
// group is moved past the batch. Each is counted once, and logged once a minute with its place.
//
// One loop.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "base/log.h"
#include "base/time.h"
#include "kafka/library.h"
#include "metrics/registry.h"

namespace millrace::receivers::kafka {

class UnreadableBatches {
 public:
  // `log` and `metrics` outlive this.
  UnreadableBatches(std::string receiver, Logger& log, metrics::Registry& metrics);

  // An event of the type RD_KAFKA_EVENT_ERROR. False: it says something else.
  bool note(const millrace::kafka::Library& api, rd_kafka_event_t* event, MonotonicTime now);

 private:
  struct Batch {
    int64_t offset = -1;  // of its first message
    MonotonicTime next_line{};
  };
  const std::string receiver_;
  Logger& log_;
  metrics::Counter& count_;
  std::map<std::pair<std::string, int32_t>, Batch> last_;  // by partition
};

}  // namespace millrace::receivers::kafka
