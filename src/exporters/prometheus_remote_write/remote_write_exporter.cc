#include "exporters/prometheus_remote_write/remote_write_exporter.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "base/url_text.h"
#include "compress/compressor.h"
#include "compress/snappy_coding.h"
#include "export_client/answer_mapping.h"
#include "export_client/client_setup.h"
#include "export_client/credentialed_sender.h"
#include "export_client/hidden_queries.h"
#include "exporters/prometheus_remote_write/translator.h"
#include "exporters/prometheus_remote_write/write_counters.h"
#include "exporters/prometheus_remote_write/write_table.h"

namespace millrace::exporters {
namespace {

using pipeline::Batch;
using pipeline::Outcome;
using transport::ClientAnswer;

// The request of one attempt, and what is said of it when it has been answered.
struct Built {
  WriteTable::Written request;
  WrittenCounts counts;
};

transport::ClientOptions make_client_options(const RemoteWriteOptions& options,
                                             const RemoteWriteParts& parts) {
  transport::ClientOptions client =
      http_client_options(options, *options.target, parts.loop, parts.budget, parts.log);
  const bool is_1 = options.protocol == WriteProtocol::k1;
  client.content_type = is_1 ? "application/x-protobuf"
                             : "application/x-protobuf;proto=io.prometheus.write.v2.Request";
  client.headers.push_back({"x-prometheus-remote-write-version", is_1 ? "0.1.0" : "2.0.0"});
  client.paths[index_of(Signal::kMetrics)] = options.target->path;
  return client;
}

Outcome outcome_of(Outcome::Kind kind, Code code, std::string message) {
  Outcome outcome;
  outcome.kind = kind;
  outcome.error = {code, std::move(message)};
  return outcome;
}

class RemoteWriteExporter final : public pipeline::Exporter {
 public:
  RemoteWriteExporter(const RemoteWriteOptions& options, const RemoteWriteParts& parts,
                      std::shared_ptr<transport::CredentialSource> credentials)
      : options_(options),
        loop_(parts.loop),
        budget_(parts.budget),
        long_work_(parts.long_work),
        namer_(options_.strategy, options_.metric_namespace, prometheus::Underscores::kKept),
        hasher_(parts.loop.random().next(), parts.loop.random().next()),
        endpoint_(hide_url_secrets(options_.endpoint)),
        counters_(parts.name, endpoint_, parts.log, parts.metrics),
        sender_(parts.loop, std::move(credentials), options_.headers) {
    report_certificates(options_, endpoint_, parts.log);
    if (options_.target->has_no_http_scheme) {
      unusable_ = "unsupported protocol scheme \"" + options_.target->unsupported_scheme +
                  "\": the endpoint has no http:// or https://";
      return;
    }
    queries_.add(options_.target->path);
    client_ = transport::make_http_client(loop_, make_client_options(options_, parts));
  }
  ~RemoteWriteExporter() override { close(); }

  void send_batch(Batch batch, MonotonicTime deadline, Done done) override {
    if (closed_) return end_later(std::move(done), closed_outcome());
    if (client_ == nullptr) {
      return end_later(std::move(done),
                       outcome_of(Outcome::Kind::kRetry, Code::kUnavailable, unusable_));
    }
    const size_t size = batch.bytes.size();
    long_work_.run(size,
                   [this, batch = std::move(batch), deadline, done = std::move(done)]() mutable {
                     Work work = long_work_.work();
                     send_now(std::move(batch), deadline, std::move(done), work.pace);
                   });
  }

  void close() override {
    if (std::exchange(closed_, true)) return;
    sender_.cancel();
    // The client answers what it still has with kCancelled before it is gone.
    client_.reset();
  }

  std::string describe() const override {
    if (closed_) return "closed";
    return endpoint_ + ": " + (client_ == nullptr ? unusable_ : client_->describe());
  }

 private:
  void send_now(Batch batch, MonotonicTime deadline, Done done, Pace& pace) {
    Built built;
    std::optional<Outcome> end = build(batch, pace, built);
    if (!end && built.counts.series == 0) end = delivered(built.counts);
    if (!end) end = compress(built.request, pace);
    if (closed_) end = closed_outcome();  // while it was being made
    if (end) return end_later(std::move(done), std::move(*end));
    batch.bytes = {};
    transport::ClientRequest request;
    request.signal = Signal::kMetrics;
    request.body = Rope(std::move(built.request.bytes));
    request.coding = compress::Coding::kSnappy;
    request.deadline = deadline;
    sender_.send(
        *client_, std::move(request),
        [this, memory = std::move(built.request.memory), counts = std::move(built.counts),
         done = std::move(done)](Result<ClientAnswer> answer, bool has_newer_credentials) mutable {
          memory = Reservation();
          on_answer(std::move(answer), has_newer_credentials, counts, std::move(done));
        });
  }

  // Nothing: `into` is to be sent. The table is gone when this returns.
  std::optional<Outcome> build(const Batch& batch, Pace& pace, Built& into) {
    WriteTable table(options_.protocol, options_.metadata, budget_, hasher_);
    Translator translator(namer_, options_.translation, hasher_, table);
    const Translator::End end = translator.translate(batch.bytes, pace);
    if (end == Translator::End::kNoMemory) return no_memory();
    if (end == Translator::End::kFull) {
      return outcome_of(Outcome::Kind::kTooLarge, Code::kResourceExhausted,
                        "the request would be larger than max_batch_size_bytes (" +
                            std::to_string(options_.translation.bytes_max) + ")");
    }
    Result<WriteTable::Written> request = table.finish(pace);
    if (!request) return no_memory();
    into.request = *std::move(request);
    into.counts = {.refused = translator.refused(),
                   .repaired = translator.repaired_count(),
                   .series = table.series_count(),
                   .samples = table.sample_count()};
    into.counts.refused.add(Refusal::kDuplicateSample, {}, into.request.duplicate_points);
    return std::nullopt;
  }

  std::optional<Outcome> compress(WriteTable::Written& request, Pace& pace) {
    const size_t size = request.bytes.size();
    // The output, and a copy of it that has just its size.
    const size_t most = compress::snappy_bound(compress::Coding::kSnappy, size) + size;
    Reservation memory = Reservation::try_make_to_drain(budget_, MemoryTerm::kEncoded, most);
    if (!memory) return no_memory();
    compress::Compressor compressor(compress::Coding::kSnappy, compress::kDefaultLevel);
    Result<Bytes> compressed = compressor.compress(Rope(std::move(request.bytes)), pace);
    if (!compressed) {
      return outcome_of(Outcome::Kind::kRetry, Code::kUnavailable, compressed.error().message);
    }
    memory.shrink(compressed->size());
    request.bytes = *std::move(compressed);
    request.memory = std::move(memory);
    return std::nullopt;
  }

  void on_answer(Result<ClientAnswer> answer, bool has_newer_credentials,
                 const WrittenCounts& counts, Done done) {
    if (!answer) {
      if (answer.error().code == Code::kCancelled) {
        return end_later(std::move(done), closed_outcome());
      }
      const bool is_final = answer.error().code == Code::kInvalidArgument;
      return end_later(std::move(done),
                       outcome_of(is_final ? Outcome::Kind::kRefused : Outcome::Kind::kRetry,
                                  answer.error().code, answer.error().message));
    }
    queries_.hide_in(answer->message);
    counters_.count_answer(*answer);
    Outcome outcome = map_http_answer(*answer, HttpRules::kRemoteWrite);
    if (has_newer_credentials) outcome.kind = Outcome::Kind::kRetry;
    done(outcome.kind == Outcome::Kind::kDelivered ? delivered(counts) : std::move(outcome));
  }

  Outcome delivered(const WrittenCounts& counts) {
    counters_.count_delivered(counts, loop_.now());
    const uint64_t refused = counts.refused.total();
    if (refused == 0) return {};
    Outcome outcome = outcome_of(Outcome::Kind::kPartial, Code::kInvalidArgument,
                                 "points that cannot be written: " + counts.refused.text());
    outcome.rejected_count = refused;
    return outcome;
  }

  static Outcome no_memory() {
    return outcome_of(Outcome::Kind::kRetry, Code::kUnavailable,
                      "memory budget exhausted while making the request");
  }
  static Outcome closed_outcome() {
    return outcome_of(Outcome::Kind::kCancelled, Code::kCancelled, "the exporter is closed");
  }
  void end_later(Done done, Outcome outcome) {
    loop_.post([done = std::move(done), outcome = std::move(outcome)]() mutable {
      done(std::move(outcome));
    });
  }

  const RemoteWriteOptions options_;
  io::Loop& loop_;
  Budget& budget_;
  io::LongWork& long_work_;
  const prometheus::Namer namer_;
  const KeyHasher hasher_;
  const std::string endpoint_;  // for people
  HiddenQueries queries_;
  std::string unusable_;  // why there is no client
  WriteCounters counters_;
  CredentialedSender sender_;
  std::unique_ptr<transport::Client> client_;
  bool closed_ = false;
};

}  // namespace

std::unique_ptr<pipeline::Exporter> make_remote_write_exporter(
    const RemoteWriteOptions& options, const RemoteWriteParts& parts,
    std::shared_ptr<transport::CredentialSource> credentials) {
  return std::make_unique<RemoteWriteExporter>(options, parts, std::move(credentials));
}

}  // namespace millrace::exporters
