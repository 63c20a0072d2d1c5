#include "tests/sim/sdk_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "export_client/answer_mapping.h"
#include "exporters/otlp/partial_success.h"
#include "otlp/json/encode.h"

namespace millrace::sim_test {
namespace {

constexpr Duration kBackoffMin = 100ms;
constexpr Duration kBackoffMax = 5s;

transport::ClientOptions client_options(ClientKind kind) {
  transport::ClientOptions options;
  options.host = "collector";
  options.port = kind == ClientKind::kGrpc ? 4317 : 4318;
  options.user_agent = "sim-sdk";
  options.paths[index_of(Signal::kTraces)] = "/v1/traces";
  options.paths[index_of(Signal::kMetrics)] = "/v1/metrics";
  options.paths[index_of(Signal::kLogs)] = "/v1/logs";
  if (kind == ClientKind::kHttpJson) options.content_type = "application/json";
  options.reconnect_max = 5s;
  return options;
}

const char* kind_name(ClientKind kind) {
  switch (kind) {
    case ClientKind::kGrpc:
      return "client.grpc";
    case ClientKind::kHttpProtobuf:
      return "client.http_protobuf";
    case ClientKind::kHttpJson:
      break;
  }
  return "client.http_json";
}

}  // namespace

SdkClient::SdkClient(io::Loop& loop, const ClientScenario& scenario, size_t index, uint64_t seed,
                     SentItems& sent, Coverage& coverage)
    : loop_(loop),
      scenario_(scenario),
      random_(seed),
      sent_(sent),
      coverage_(coverage),
      gzip_(compress::Coding::kGzip, compress::kDefaultLevel),
      next_number_(uint64_t{index + 1} << 32),
      pace_timer_(loop.make_timer([this] { make_export(); })),
      client_(scenario.kind == ClientKind::kGrpc
                  ? transport::make_grpc_client(loop, client_options(scenario.kind))
                  : transport::make_http_client(loop, client_options(scenario.kind))) {
  coverage_.count(kind_name(scenario.kind));
  pace_timer_->arm_at(loop_.now() + Duration(random_.below(1'000'000'000)));
}

SdkClient::~SdkClient() {
  closing_ = true;
  client_.reset();
}

std::vector<const Export*> SdkClient::exports() const {
  std::vector<const Export*> all;
  for (const auto& one : exports_) all.push_back(&one->record);
  return all;
}

void SdkClient::make_export() {
  constexpr Signal kSent[] = {Signal::kTraces, Signal::kMetrics, Signal::kLogs};
  const Signal signal = kSent[random_.below(3)];
  const auto items_about = 1 + static_cast<uint32_t>(random_.below(scenario_.items_max));
  NumberedRequest made = make_request(signal, next_number_, items_about, random_);
  next_number_ += made.items.size();
  exports_.push_back(std::make_unique<UnderWay>());
  UnderWay& one = *exports_.back();
  one.record.signal = signal;
  one.record.is_bad = random_.chance(scenario_.bad_data);
  for (const NumberedItem& item : made.items) {
    one.record.numbers.push_back(item.number);
    if (!one.record.is_bad) sent_.add(signal, item);
  }
  one.request.signal = signal;
  auto body = encode(signal, made.message, one.request.coding);
  if (one.record.is_bad) {
    // A length that exceeds the end, or an object that is never closed: no walk may accept it.
    const Bytes whole = made.message;
    const bool json = scenario_.kind == ClientKind::kHttpJson;
    body = Rope(whole);
    body->append(Bytes::copy_of(std::string_view("\x0a\x7f\x01", 3)));
    if (json) body = Rope(Bytes::copy_of("{\"resourceSpans\": [{"));
    one.request.coding = compress::Coding::kIdentity;
  }
  one.request.body = std::move(*body);
  if (scenario_.names_tenants && !random_.chance(0.1)) {
    coverage_.count("client.names_a_tenant");
    one.request.metadata = std::make_shared<const Metadata>(
        Metadata{.entries = {{"x-tenant", fmt::format("tenant-{}", random_.below(3))}},
                 .client_address = {}});
  }
  one.retry_timer = loop_.make_timer([this, &one] { attempt(one); });
  ++next_export_;
  ++pending_count_;
  attempt(one);
  if (next_export_ < scenario_.requests) {
    pace_timer_->arm_at(loop_.now() + Duration(random_.below(
                                          static_cast<uint64_t>(scenario_.interval_max.count()))));
  }
}

Result<Rope> SdkClient::encode(Signal signal, const Bytes& message, compress::Coding& coding) {
  Bytes body = message;
  if (scenario_.kind == ClientKind::kHttpJson) {
    std::string text;
    auto encoded = otlp::json::encode_request(signal, message.view(), &text);
    if (!encoded) return fail(encoded.error());
    body = Bytes::copy_of(text);
  }
  if (!random_.chance(scenario_.gzip)) return Rope(std::move(body));
  coverage_.count("client.gzip");
  coding = compress::Coding::kGzip;
  auto compressed = gzip_.compress(Rope(std::move(body)));
  if (!compressed) return fail(compressed.error());
  return Rope(std::move(*compressed));
}

void SdkClient::attempt(UnderWay& one) {
  ++one.record.attempts;
  transport::ClientRequest request = one.request;
  request.deadline = loop_.now() + scenario_.timeout;
  client_->send(std::move(request), [this, &one, began = loop_.now()](const auto& answer) {
    if (closing_) return;
    slowest_attempt_ = std::max(slowest_attempt_, loop_.now() - began);
    on_answer(one, answer);
  });
}

void SdkClient::on_answer(UnderWay& one, const transport::ClientAnswer& answer) {
  using AnswerKind = transport::ClientAnswer::Kind;
  if (answer.kind == AnswerKind::kBroken || answer.kind == AnswerKind::kTimedOut) {
    ++one.record.unanswered;
  }
  const pipeline::Outcome outcome =
      scenario_.kind == ClientKind::kGrpc
          ? exporters::map_grpc_answer(answer, exporters::BareExhausted::kRefuse)
          : exporters::map_http_answer(answer);
  using Kind = pipeline::Outcome::Kind;
  switch (outcome.kind) {
    case Kind::kDelivered:
    case Kind::kPartial:
      on_success(one, answer);
      break;
    case Kind::kRetry:
      retry_or_give_up(one, outcome.retry_after.value_or(0s));
      break;
    case Kind::kBadData:
      end(one, Fate::kRefused, one.record.is_bad ? "client.bad_data_refused" : "client.refused");
      break;
    case Kind::kTooLarge:
    case Kind::kRefused:
    case Kind::kCancelled:
      end(one, Fate::kRefused, "client.refused");
      break;
  }
}

void SdkClient::on_success(UnderWay& one, const transport::ClientAnswer& answer) {
  bool is_partial = answer.body_is_json && answer.body.text().find("artial") != std::string::npos;
  if (!answer.body_is_json) {
    const auto partial = exporters::parse_partial_success(answer.body.view());
    is_partial = partial && !partial->empty();
  }
  end(one, Fate::kAcknowledged, is_partial ? "client.partial_success" : "client.acknowledged");
}

void SdkClient::retry_or_give_up(UnderWay& one, Duration wish) {
  if (one.record.attempts >= scenario_.attempts_max) {
    end(one, Fate::kGivenUp, "client.given_up");
    return;
  }
  coverage_.count(wish > 0s ? "client.retried_as_wished" : "client.retried");
  const Duration backoff = std::min(kBackoffMax, kBackoffMin * (1 << one.record.attempts));
  const auto jitter = Duration(random_.below(static_cast<uint64_t>(backoff.count())));
  one.retry_timer->arm_at(loop_.now() + std::max(wish, backoff / 2 + jitter));
}

void SdkClient::end(UnderWay& one, Fate fate, const char* what) {
  coverage_.count(what);
  one.record.fate = fate;
  --pending_count_;
}

}  // namespace millrace::sim_test
