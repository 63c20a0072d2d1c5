#include "exporters/kafka/kafka_exporter.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "exporters/kafka/attempts.h"
#include "exporters/kafka/messages.h"

namespace millrace::exporters::kafka {
namespace {

using pipeline::Batch;
using pipeline::Outcome;

// What librdkafka allocates for a message beside its bytes.
constexpr size_t kMessageBytes = 512;
constexpr size_t kSendUnits = 2000;  // of a pace, for a message

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return result;
}

class KafkaExporter final : public pipeline::Exporter {
 public:
  KafkaExporter(std::shared_ptr<const KafkaOptions> options, std::shared_ptr<Producer> producer,
                io::Loop& loop, io::LongWork& long_work)
      : options_(std::move(options)),
        long_work_(long_work),
        producer_(std::move(producer)),
        attempts_(std::make_shared<Attempts>(loop)),
        self_(std::make_shared<KafkaExporter*>(this)) {
    for (const std::string& name : options_->include_metadata_keys) {
      metadata_headers_.push_back({.name = name, .value = lower(name)});
    }
  }
  ~KafkaExporter() override { close(); }

  void send_batch(Batch batch, MonotonicTime, Done done) override {
    const Attempts::Id id = attempts_->begin(std::move(done));
    if (closed_) {
      return attempts_->settle(id, {.kind = Outcome::Kind::kCancelled,
                                    .error = {Code::kCancelled, "the exporter is closed"}});
    }
    std::string topic = topic_of(batch);
    // Copied: it is used whether or not the limit is known.
    auto job = std::make_shared<Job>(Job{id, std::move(batch), topic});
    const std::optional<size_t> limit =
        producer_->limit_of(topic, [self = self_, job](size_t answer) {
          if (*self != nullptr) (*self)->run(job, answer);
        });
    if (limit) run(job, *limit);
  }

  void close() override {
    if (std::exchange(closed_, true)) return;
    *self_ = nullptr;
    attempts_->cancel_all();
  }

  std::string describe() const override { return closed_ ? "closed" : producer_->describe(); }

 private:
  struct Job {
    Attempts::Id id;
    Batch batch;
    std::string topic;
  };

  std::string topic_of(const Batch& batch) const {
    const SignalOptions& signal = options_->signals[index_of(batch.signal)];
    if (!signal.topic_from_metadata_key.empty() && batch.metadata != nullptr) {
      const std::string_view named = batch.metadata->find(signal.topic_from_metadata_key);
      if (!named.empty()) return std::string(named);
    }
    return signal.topic;
  }

  std::optional<std::string> key_of(const Batch& batch) const {
    const SignalOptions& signal = options_->signals[index_of(batch.signal)];
    if (signal.message_key_from_metadata_key.empty() || batch.metadata == nullptr) {
      return std::nullopt;
    }
    const std::string_view value = batch.metadata->find(signal.message_key_from_metadata_key);
    if (value.empty()) return std::nullopt;
    return std::string(value);
  }

  std::vector<MetadataEntry> headers_of(const Batch& batch) const {
    std::vector<MetadataEntry> headers = options_->record_headers;
    if (options_->has_signal_header) {
      headers.push_back(
          {.name = "otelcol.signal", .value = std::string(signal_name(batch.signal))});
    }
    if (batch.metadata == nullptr) return headers;
    for (const auto& [name, lowered] : metadata_headers_) {
      for (const MetadataEntry& entry : batch.metadata->entries) {
        if (entry.name == lowered) headers.push_back({.name = name, .value = entry.value});
      }
    }
    return headers;
  }

  void run(const std::shared_ptr<Job>& job, size_t record_bytes_max) {
    long_work_.run(job->batch.bytes.size(), [self = self_, job, record_bytes_max] {
      if (*self == nullptr) return;
      (*self)->make_and_send(*job, record_bytes_max);
    });
  }

  void make_and_send(Job& job, size_t record_bytes_max) {
    const std::vector<MetadataEntry> headers = headers_of(job.batch);
    size_t around = kRecordOverheadBytes;
    for (const MetadataEntry& header : headers) {
      around += header.name.size() + header.value.size() + kHeaderOverheadBytes;
    }
    Work work = long_work_.work();
    const std::shared_ptr<KafkaExporter*> self = self_;
    MadeMessages made =
        make_messages(job.batch, options_->signals[index_of(job.batch.signal)], key_of(job.batch),
                      record_bytes_max - std::min(around, record_bytes_max), work);
    // Meanwhile others may have run.
    if (*self == nullptr || !attempts_->is_under_way(job.id)) return;
    if (made.failure) return attempts_->settle(job.id, *std::move(made.failure));
    std::vector<Reservation> memory;
    if (!reserve(made.messages, around, work.pool.budget(), memory)) {
      return attempts_->settle(
          job.id, {.kind = Outcome::Kind::kRetry,
                   .error = {Code::kUnavailable, "memory budget exhausted by Kafka messages"}});
    }
    for (size_t i = 0; i < made.messages.size(); ++i) {
      work.pace.step(kSendUnits);
      if (*self == nullptr) return;
      Message& message = made.messages[i];
      attempts_->owe_one_more(job.id);
      producer_->send({.topic = job.topic,
                       .key = message.key ? &*message.key : nullptr,
                       .headers = headers,
                       .value = std::move(message.value),
                       .memory = std::move(memory[i])},
                      [attempts = attempts_, id = job.id](Outcome outcome) {
                        attempts->settle(id, std::move(outcome));
                      });
    }
    attempts_->settle(job.id, {});
  }

  // The library copies the key and the headers, which are `around` bytes, and compresses a copy of
  // the value.
  bool reserve(const std::vector<Message>& messages, size_t around, Budget& budget,
               std::vector<Reservation>& into) const {
    for (const Message& message : messages) {
      const size_t bytes = kMessageBytes + around + (message.key ? message.key->size() : 0) +
                           (options_->is_compressed ? message.value.size() : 0);
      into.push_back(Reservation::try_make_to_drain(budget, MemoryTerm::kEncoded, bytes));
      if (!into.back()) return false;
    }
    return true;
  }

  const std::shared_ptr<const KafkaOptions> options_;  // shared by the workers
  io::LongWork& long_work_;
  std::shared_ptr<Producer> producer_;           // shared by the signals of this worker
  std::shared_ptr<Attempts> attempts_;           // shared by deliveries, which may end later
  std::vector<MetadataEntry> metadata_headers_;  // the name of a header, and that of its metadata
  bool closed_ = false;
  std::shared_ptr<KafkaExporter*> self_;  // points to null after close(): for tasks
};

}  // namespace

std::unique_ptr<pipeline::Exporter> make_kafka_exporter(std::shared_ptr<const KafkaOptions> options,
                                                        std::shared_ptr<Producer> producer,
                                                        io::Loop& loop, io::LongWork& long_work) {
  return std::make_unique<KafkaExporter>(std::move(options), std::move(producer), loop, long_work);
}

}  // namespace millrace::exporters::kafka
