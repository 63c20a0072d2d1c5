#include "daemon/doctor/check_destinations.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "io/epoll/epoll.h"
#include "io/file.h"
#include "io/long_work.h"
#include "memory/budget.h"
#include "memory/chunk_pool.h"
#include "pipeline/exporter.h"

namespace millrace::doctor {
namespace {

using pipeline::Outcome;

constexpr size_t kBudgetBytes = 64 << 20;
// Behind the deadline of the attempts, for them to say themselves why they failed.
constexpr Duration kGrace = 500ms;

struct Attempt {
  const assembly::ExporterPlan* exporter = nullptr;
  Signal signal = Signal::kTraces;
  std::string host;
  std::string port;
  // A unix socket has no port.
  std::string where() const { return port.empty() || port == "0" ? host : host + ":" + port; }
  std::unique_ptr<pipeline::Exporter> client;
  MonotonicTime begun_at{};
  Duration took{};
  std::optional<Outcome> outcome = {};
};

std::string label(const metrics::Labels& labels, std::string_view name) {
  for (const auto& [key, value] : labels) {
    if (key == name) return value;
  }
  return {};
}

// Exporters that have a server; files and connectors have none.
std::vector<std::unique_ptr<Attempt>> attempts_of(const assembly::Plan& plan) {
  std::vector<std::unique_ptr<Attempt>> attempts;
  for (const assembly::PipelinePlan& pipeline : plan.pipelines) {
    for (const size_t index : pipeline.exporters) {
      const assembly::ExporterPlan& exporter = plan.exporters[index];
      const bool is_known = std::ranges::any_of(attempts, [&](const auto& each) {
        return each->exporter == &exporter && each->signal == pipeline.signal;
      });
      if (is_known || exporter.factory == nullptr) continue;
      const metrics::Labels labels = exporter.factory->labels(pipeline.signal);
      std::string host = label(labels, "server_address");
      if (host.empty()) continue;
      attempts.push_back(std::make_unique<Attempt>(Attempt{.exporter = &exporter,
                                                           .signal = pipeline.signal,
                                                           .host = std::move(host),
                                                           .port = label(labels, "server_port"),
                                                           .client = nullptr}));
    }
  }
  return attempts;
}

std::string milliseconds(Duration duration) {
  return std::to_string(std::chrono::ceil<std::chrono::milliseconds>(duration).count()) + " ms";
}

bool speaks_of(const Error& error, std::string_view word) {
  return error.message.find(word) != std::string::npos;
}

// What to change when an attempt ended so; the error says what is wrong.
std::string advice(const Attempt& attempt, const Outcome& outcome) {
  const std::string id = "exporters::" + attempt.exporter->id;
  const Error& error = outcome.error;
  switch (error.code) {
    case Code::kUnauthenticated:
    case Code::kPermissionDenied:
      return "correct the credentials of " + id + " (auth or headers), or what the back end allows";
    case Code::kUnimplemented:
    case Code::kNotFound:
      return "let the back end of " + id + " take " + std::string(signal_name(attempt.signal)) +
             ", correct the endpoint, or take the exporter out of the pipelines of that signal";
    default:
      break;
  }
  if (speaks_of(error, "ALPN")) {
    return "point " + id +
           " at a port that offers gRPC over TLS (HTTP/2 by ALPN), or use otlp_http";
  }
  if (speaks_of(error, "certificate") || speaks_of(error, "TLS") || speaks_of(error, "tls")) {
    return "correct tls of " + id + " (ca_file, server_name_override, insecure), or the back end's";
  }
  if (outcome.kind == Outcome::Kind::kRetry) {
    return "see that the back end of " + id + " runs and listens at " + attempt.where() +
           ", or correct the endpoint";
  }
  return "see what the back end of " + id + " has against the request";
}

Finding judge(const Attempt& attempt) {
  const std::string where = attempt.where();
  Finding finding{.area = "destinations", .subject = attempt.exporter->id};
  if (!attempt.outcome) {
    finding.level = Level::kProblem;
    finding.text = where + " did not answer in time; " + attempt.client->describe();
    finding.change = advice(attempt, {.kind = Outcome::Kind::kRetry});
    return finding;
  }
  const Outcome& outcome = *attempt.outcome;
  if (outcome.kind == Outcome::Kind::kDelivered || outcome.kind == Outcome::Kind::kPartial) {
    finding.text = where + " accepts requests";
    return finding;
  }
  // Most errors name the address that was tried.
  const bool names_it = !attempt.port.empty() && speaks_of(outcome.error, ":" + attempt.port);
  finding.text = (names_it ? "" : where + ": ") + outcome.error.message;
  // It is there and answers; not every back end takes a request that holds nothing.
  const bool is_peculiar = outcome.kind == Outcome::Kind::kBadData;
  finding.level = is_peculiar ? Level::kWarning : Level::kProblem;
  if (is_peculiar) {
    finding.text =
        where + " answers, but refuses a request without items: " + outcome.error.message;
  } else {
    finding.change = advice(attempt, outcome);
  }
  return finding;
}

// Signals that fared alike are one line.
void report_all(const std::vector<std::unique_ptr<Attempt>>& attempts, Report& report) {
  std::vector<bool> is_reported(attempts.size());
  for (size_t i = 0; i < attempts.size(); ++i) {
    if (is_reported[i]) continue;
    Finding finding = judge(*attempts[i]);
    std::string signals;
    Duration slowest{};
    for (size_t k = i; k < attempts.size(); ++k) {
      if (attempts[k]->exporter != attempts[i]->exporter) continue;
      if (judge(*attempts[k]).text != finding.text) continue;
      is_reported[k] = true;
      slowest = std::max(slowest, attempts[k]->took);
      signals += (signals.empty() ? "" : ", ") + std::string(signal_name(attempts[k]->signal));
    }
    if (finding.level == Level::kOk) {
      finding.text += " (" + milliseconds(slowest) + " with connecting)";
    }
    finding.subject += " (" + signals + ")";
    report.add(std::move(finding));
  }
}

void run_all(std::vector<std::unique_ptr<Attempt>>& attempts, io::Loop& loop, Duration timeout) {
  const auto open_count = std::make_shared<size_t>(attempts.size());
  const auto timer = loop.make_timer([&loop] { loop.stop(); });
  loop.post([&] {
    timer->arm_at(loop.now() + timeout + kGrace);
    for (const auto& attempt : attempts) {
      attempt->begun_at = loop.now();
      attempt->client->send_batch({.signal = attempt->signal, .bytes = {}, .metadata = {}},
                                  loop.now() + timeout,
                                  [&loop, open_count, each = attempt.get()](Outcome outcome) {
                                    // A request that is cancelled at the end had no answer in time.
                                    if (outcome.kind == Outcome::Kind::kCancelled) return;
                                    each->took = loop.read_clock() - each->begun_at;
                                    each->outcome = std::move(outcome);
                                    if (--*open_count == 0) loop.stop();
                                  });
    }
  });
  loop.run();
}

}  // namespace

void check_destinations(const assembly::Plan& plan, Duration timeout, Report& report) {
  std::vector<std::unique_ptr<Attempt>> attempts = attempts_of(plan);
  if (attempts.empty()) {
    report.add({.area = "destinations", .text = "no exporter has a back end to reach"});
    return;
  }
  auto made = io::make_epoll_loop();
  if (!made) {
    report.add({.level = Level::kProblem, .area = "destinations", .text = made.error().message});
    return;
  }
  const std::unique_ptr<io::Loop> loop = std::move(*made);
  Budget budget(kBudgetBytes);
  ChunkPool pool(budget, 1);
  io::LongWork long_work(*loop, pool);
  Logger no_log({}, nullptr, [] { return int64_t{0}; });
  metrics::Registry no_metrics;
  const assembly::Outputs no_outputs;
  const std::unique_ptr<io::FileSystem> files = io::make_file_system();
  const std::function<WallTime()> clock = [] { return WallTime(std::chrono::system_clock::now()); };
  std::erase_if(attempts, [&](const std::unique_ptr<Attempt>& attempt) {
    auto client = attempt->exporter->factory->make({.name = attempt->exporter->id,
                                                    .loop = *loop,
                                                    .pool = pool,
                                                    .long_work = long_work,
                                                    .log = no_log,
                                                    .unsampled_log = no_log,
                                                    .metrics = no_metrics,
                                                    .outputs_of_process = no_outputs,
                                                    .files = *files,
                                                    .wall_clock = clock,
                                                    .credentials = attempt->exporter->credentials},
                                                   attempt->signal);
    if (client) {
      attempt->client = std::move(*client);
      return false;
    }
    report.add({.level = Level::kProblem,
                .area = "destinations",
                .subject = attempt->exporter->id,
                .text = client.error().message});
    return true;
  });
  if (!attempts.empty()) run_all(attempts, *loop, timeout);
  report_all(attempts, report);
  // Requests that are still under way end as cancelled; their results are not used.
  long_work.finish();
  for (const auto& attempt : attempts) attempt->client->close();
  attempts.clear();
  loop->drop_tasks();
}

}  // namespace millrace::doctor
