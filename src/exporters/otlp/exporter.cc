#include "exporters/otlp/exporter.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "base/url_text.h"
#include "export_client/answer_mapping.h"
#include "export_client/client_setup.h"
#include "export_client/credentialed_sender.h"
#include "export_client/hidden_queries.h"
#include "exporters/otlp/body_encoder.h"
#include "exporters/otlp/partial_success.h"
#include "memory/budget.h"
#include "memory/chunk_pool.h"
#include "otlp/json/decode.h"
#include "transport/client/client.h"

namespace millrace::exporters {
namespace {

using pipeline::Batch;
using pipeline::Outcome;
using transport::ClientAnswer;

otlp::json::MessageId response_message(Signal signal) {
  constexpr std::array<otlp::json::MessageId, kSignalCount> kMessages = {
      otlp::json::MessageId::kTracesResponse, otlp::json::MessageId::kMetricsResponse,
      otlp::json::MessageId::kLogsResponse, otlp::json::MessageId::kProfilesResponse};
  return kMessages[index_of(signal)];
}

// Makes protobuf of a peer's JSON. Rare, so its contexts are made when first needed; they are
// reserved in the process's budget, as the text and the result are.
class JsonResponses {
 public:
  explicit JsonResponses(Budget& budget) : budget_(budget) {}
  // kUnavailable: no memory for it now.
  Result<Bytes> to_protobuf(Signal signal, const Bytes& json) {
    if (parts_ == nullptr) parts_ = std::make_unique<Parts>(budget_);
    Result<Bytes> decoded =
        parts_->decoder.decode(response_message(signal), json, parts_->pool, kResponseBytesMax);
    // Copied out of the pool's large chunk, which goes back at once.
    if (decoded) return Bytes::copy_of(decoded->view());
    return decoded;
  }

 private:
  struct Parts {
    explicit Parts(Budget& budget) : pool(budget, 0) {}
    ChunkPool pool;
    otlp::json::Decoder decoder;
  };
  Budget& budget_;
  std::unique_ptr<Parts> parts_;
};

// One attempt's way: encode, compress, send, map. The clients of both protocols look the same.
class OtlpExporter final : public pipeline::Exporter {
 public:
  using Mapper = Outcome (*)(const ClientAnswer&, BareExhausted);

  struct Setup {
    std::vector<std::unique_ptr<transport::Client>> clients;
    std::array<transport::Client*, kSignalCount> by_signal{};  // null: no endpoint for it
    // Why there is no client for a signal though an endpoint is configured; else empty.
    std::array<std::string, kSignalCount> unusable{};
    Mapper map = nullptr;
    BareExhausted bare_exhausted = BareExhausted::kRefuse;
    Encoding encoding = Encoding::kProto;
    std::string endpoint;  // for people
    HiddenQueries queries;
    std::shared_ptr<transport::CredentialSource> credentials;  // null: none
  };

  OtlpExporter(io::Loop& loop, const ClientSettings& options, Setup setup, Budget& budget,
               Logger& logger, io::LongWork* long_work)
      : loop_(loop),
        long_work_(long_work),
        logger_(logger),
        setup_(std::move(setup)),
        body_encoder_(setup_.encoding, options.compression, options.compression_level, budget,
                      long_work),
        json_responses_(budget),
        sender_(loop, setup_.credentials, options.headers) {}
  ~OtlpExporter() override { close(); }

  void send_batch(Batch batch, MonotonicTime deadline, Done done) override {
    const std::string& unusable = setup_.unusable[index_of(batch.signal)];
    if (!unusable.empty() && !closed_) {
      return end_later(std::move(done), retry({Code::kUnavailable, unusable}));
    }
    if (setup_.by_signal[index_of(batch.signal)] == nullptr) {
      return end_later(std::move(done), closed_ ? closed_outcome() : no_endpoint(batch.signal));
    }
    const bool is_long = long_work_ != nullptr && !body_encoder_.is_identity() &&
                         long_work_->is_long(batch.bytes.size());
    if (!is_long) {
      Pace pace;
      return send_now(std::move(batch), deadline, std::move(done), pace);
    }
    const size_t size = batch.bytes.size();
    long_work_->run(size,
                    [this, batch = std::move(batch), deadline, done = std::move(done)]() mutable {
                      Work work = long_work_->work();
                      send_now(std::move(batch), deadline, std::move(done), work.pace);
                    });
  }

  void close() override {
    if (std::exchange(closed_, true)) return;
    setup_.by_signal = {};
    sender_.cancel();
    // Each client answers what it still has with kCancelled before it is gone.
    auto clients = std::move(setup_.clients);
    clients.clear();
  }

  std::string describe() const override {
    if (closed_) return "closed";
    std::string text = setup_.endpoint + ": ";
    for (const auto& client : setup_.clients) {
      if (client != setup_.clients.front()) text += " / ";
      text += client->describe();
    }
    return text;
  }

 private:
  void send_now(Batch batch, MonotonicTime deadline, Done done, Pace& pace) {
    Result<BodyEncoder::Body> body = body_encoder_.encode(batch.signal, batch.bytes, pace);
    if (closed_) return end_later(std::move(done), closed_outcome());  // while it was being made
    transport::Client* const client = setup_.by_signal[index_of(batch.signal)];
    if (!body) {
      Outcome outcome;
      outcome.kind =
          body.error().code == Code::kUnavailable ? Outcome::Kind::kRetry : Outcome::Kind::kRefused;
      outcome.error = body.error();
      return end_later(std::move(done), std::move(outcome));
    }
    transport::ClientRequest request;
    request.signal = batch.signal;
    request.body = std::move(body->bytes);
    request.coding = body->coding;
    request.metadata = std::move(batch.metadata);
    request.deadline = deadline;
    sender_.send(
        *client, std::move(request),
        [this, signal = batch.signal, memory = std::move(body->memory), done = std::move(done)](
            Result<ClientAnswer> answer, bool has_newer_credentials) mutable {
          memory = Reservation();
          if (!answer) return end_without_credentials(std::move(done), answer.error());
          setup_.queries.hide_in(answer->message);
          done(has_newer_credentials ? retry({answer->code, answer->message})
                                     : to_outcome(signal, *answer));
        });
  }

  void end_without_credentials(Done done, const Error& error) {
    if (error.code == Code::kCancelled) return end_later(std::move(done), closed_outcome());
    Outcome outcome = retry(error);
    if (error.code == Code::kInvalidArgument) outcome.kind = Outcome::Kind::kRefused;
    end_later(std::move(done), std::move(outcome));
  }
  static Outcome retry(Error error) {
    Outcome outcome;
    outcome.kind = Outcome::Kind::kRetry;
    outcome.error = std::move(error);
    return outcome;
  }

  Outcome to_outcome(Signal signal, const ClientAnswer& answer) {
    Outcome outcome = setup_.map(answer, setup_.bare_exhausted);
    if (outcome.kind != Outcome::Kind::kDelivered) {
      outcome.error.message += hint_of_closed_signal(answer, signal);
      return outcome;
    }
    if (!answer.message.empty()) warn(signal, answer.message);
    if (!answer.body.empty()) read_response(signal, answer, outcome);
    return outcome;
  }

  void read_response(Signal signal, const ClientAnswer& answer, Outcome& outcome) {
    // The peer has taken the batch; what it says in so many words would hold up the loop.
    constexpr std::string_view kTooLarge = "the response message is too large to be looked into";
    if (answer.body_is_json && answer.body.size() > transport::kInterpretedBytesMax) {
      return warn(signal, kTooLarge);
    }
    std::optional<PartialSuccess> partial;
    if (answer.body_is_json) {
      auto protobuf = json_responses_.to_protobuf(signal, answer.body);
      if (protobuf) {
        partial = parse_partial_success(protobuf->view());
      } else if (protobuf.error().code == Code::kUnavailable) {
        return warn(signal, "the response message was not read: no memory for it");
      }
    } else {
      partial = parse_partial_success(answer.body.view());
    }
    if (!partial) {
      // gRPC has said OK apart from the message. In HTTP the body is the answer, and one that
      // can't be read is, as in otelcol, a permanent error.
      if (answer.http_status == 0) return warn(signal, "the response message could not be read");
      outcome.kind = Outcome::Kind::kRefused;
      outcome.error = {Code::kInternal, "HTTP status " + std::to_string(answer.http_status) +
                                            ", but the response could not be read"};
    } else if (partial->has_too_many_fields) {
      warn(signal, kTooLarge);
    } else if (partial->rejected_count > 0) {
      setup_.queries.hide_in(partial->message);
      outcome.kind = Outcome::Kind::kPartial;
      outcome.rejected_count = partial->rejected_count;
      outcome.error = {Code::kInvalidArgument, partial->message};
      logger_.warn("the destination rejected a part of a batch",
                   {{"endpoint", setup_.endpoint},
                    {"signal", signal_name(signal)},
                    {"rejected", partial->rejected_count},
                    {"message", partial->message}});
    } else if (!partial->message.empty()) {
      setup_.queries.hide_in(partial->message);
      warn(signal, partial->message);
    }
  }

  void warn(Signal signal, std::string_view message) {
    logger_.warn(
        "the destination took a batch with a warning",
        {{"endpoint", setup_.endpoint}, {"signal", signal_name(signal)}, {"message", message}});
  }

  void end_later(Done done, Outcome outcome) {
    loop_.post([done = std::move(done), outcome = std::move(outcome)]() mutable {
      done(std::move(outcome));
    });
  }
  static Outcome closed_outcome() {
    Outcome outcome;
    outcome.kind = Outcome::Kind::kCancelled;
    outcome.error = {Code::kCancelled, "the exporter is closed"};
    return outcome;
  }
  static Outcome no_endpoint(Signal signal) {
    Outcome outcome;
    outcome.kind = Outcome::Kind::kRefused;
    outcome.error = {Code::kFailedPrecondition,
                     "no endpoint is configured for " + std::string(signal_name(signal))};
    return outcome;
  }

  io::Loop& loop_;
  io::LongWork* const long_work_;
  Logger& logger_;
  Setup setup_;
  BodyEncoder body_encoder_;
  JsonResponses json_responses_;
  CredentialedSender sender_;
  bool closed_ = false;
};

Outcome map_http(const ClientAnswer& answer, BareExhausted) { return map_http_answer(answer); }

}  // namespace

std::unique_ptr<pipeline::Exporter> make_otlp_grpc_exporter(
    io::Loop& loop, const GrpcOptions& options, Budget& budget, Logger& logger,
    std::shared_ptr<transport::CredentialSource> credentials, io::LongWork* long_work) {
  report_certificates(options, hide_url_secrets(options.endpoint), logger);
  transport::ClientOptions client =
      client_options(options, options.target, options.uses_tls(), loop, budget, logger);
  if (!options.authority.empty()) client.authority = options.authority;
  client.pick_first = options.pick_first;
  client.ping_after = options.ping_after;
  client.ping_timeout = options.ping_timeout;
  OtlpExporter::Setup setup;
  setup.credentials = std::move(credentials);
  setup.clients.push_back(transport::make_grpc_client(loop, std::move(client)));
  setup.by_signal.fill(setup.clients.front().get());
  setup.map = map_grpc_answer;
  setup.bare_exhausted =
      options.retry_resource_exhausted ? BareExhausted::kRetry : BareExhausted::kRefuse;
  setup.endpoint = hide_url_secrets(options.endpoint);
  return std::make_unique<OtlpExporter>(loop, options, std::move(setup), budget, logger, long_work);
}

std::unique_ptr<pipeline::Exporter> make_otlp_http_exporter(
    io::Loop& loop, const HttpOptions& options, Budget& budget, Logger& logger,
    std::shared_ptr<transport::CredentialSource> credentials, io::LongWork* long_work) {
  report_certificates(options, hide_url_secrets(options.endpoint), logger);
  // One client for each server, however many signals go there.
  struct Server {
    const ClientEndpoint* target;
    transport::ClientOptions client;
    std::vector<size_t> signals;
  };
  std::vector<Server> servers;
  OtlpExporter::Setup setup;
  setup.credentials = std::move(credentials);
  for (size_t i = 0; i < kSignalCount; ++i) {
    if (!options.targets[i]) continue;
    const ClientEndpoint& target = *options.targets[i];
    if (target.has_no_http_scheme) {
      setup.unusable[i] = "unsupported protocol scheme \"" + target.unsupported_scheme +
                          "\": the endpoint has no http:// or https://";
      continue;
    }
    auto server = std::ranges::find_if(servers, [&](const Server& known) {
      return known.target->scheme == target.scheme && known.target->host == target.host &&
             known.target->port == target.port;
    });
    if (server == servers.end()) {
      servers.push_back({&target, http_client_options(options, target, loop, budget, logger), {}});
      server = servers.end() - 1;
      transport::ClientOptions& client = server->client;
      client.content_type =
          options.encoding == Encoding::kJson ? "application/json" : "application/x-protobuf";
      if (!setup.endpoint.empty()) setup.endpoint += " / ";
      setup.endpoint += client.scheme + "://" + client.authority;
    }
    server->client.paths[i] = target.path;
    setup.queries.add(target.path);
    server->signals.push_back(i);
  }
  for (Server& server : servers) {
    setup.clients.push_back(transport::make_http_client(loop, std::move(server.client)));
    for (const size_t i : server.signals) setup.by_signal[i] = setup.clients.back().get();
  }
  setup.map = map_http;
  setup.encoding = options.encoding;
  return std::make_unique<OtlpExporter>(loop, options, std::move(setup), budget, logger, long_work);
}

}  // namespace millrace::exporters
