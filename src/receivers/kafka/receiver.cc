#include "receivers/kafka/receiver.h"

#include <functional>
#include <string>
#include <utility>

namespace millrace::receivers::kafka {

KafkaReceiver::KafkaReceiver(reception::ReceiverParts parts, std::shared_ptr<const Options> options)
    : parts_(std::move(parts)), options_(std::move(options)), counters_(parts_, {"kafka"}) {}

Result<std::unique_ptr<KafkaReceiver>> KafkaReceiver::make(
    reception::ReceiverParts parts, std::shared_ptr<const Options> options,
    const std::shared_ptr<const millrace::kafka::Library>& library) {
  std::unique_ptr<KafkaReceiver> receiver(new KafkaReceiver(std::move(parts), std::move(options)));
  const reception::ReceiverParts& own = receiver->parts_;
  const size_t first = std::hash<std::string>()(own.name);
  for (const Signal signal : kSignals) {
    if (own.intakes[index_of(signal)] == nullptr) continue;
    if ((first + index_of(signal)) % own.worker_count != own.worker_index) continue;
    auto consumer = Consumer::make(signal, *receiver->options_, library, own, receiver->counters_);
    if (!consumer) return fail(consumer.error());
    receiver->consumers_.push_back(*std::move(consumer));
  }
  return receiver;
}

void KafkaReceiver::stop() {
  for (const auto& consumer : consumers_) consumer->stop();
}

}  // namespace millrace::receivers::kafka
