// The kafka receiver on one worker: a consumer for each signal that this worker has.
#pragma once

#include <memory>
#include <vector>

#include "kafka/library.h"
#include "receivers/kafka/consumer.h"
#include "receivers/kafka/options.h"
#include "reception/receiver.h"
#include "reception/request_counters.h"

namespace millrace::receivers::kafka {

class KafkaReceiver final : public reception::Receiver {
 public:
  // Each signal's consumer is on one worker, so that a process is one member of the group.
  static Result<std::unique_ptr<KafkaReceiver>> make(
      reception::ReceiverParts parts, std::shared_ptr<const Options> options,
      const std::shared_ptr<const millrace::kafka::Library>& library);
  void stop() override;

 private:
  KafkaReceiver(reception::ReceiverParts parts, std::shared_ptr<const Options> options);

  const reception::ReceiverParts parts_;
  const std::shared_ptr<const Options> options_;  // shared by the workers
  reception::RequestCounters counters_;
  std::vector<std::unique_ptr<Consumer>> consumers_;
};

}  // namespace millrace::receivers::kafka
