#include "assembly/console_site.h"

#include <algorithm>
#include <utility>

#include "assembly/redaction_rules.h"

namespace millrace::assembly {
namespace {

// For answers of some megabytes that wait for their readers.
constexpr size_t kPageBudgetBytes = 48 << 20;
// A browser opens up to six connections, and events keep one open each.
constexpr uint32_t kConnectionsMax = 512;
// The store takes at most this part of the memory budget.
constexpr size_t kBudgetPart = 4;

std::vector<std::string> names_of_pipelines(const Plan& plan) {
  std::vector<std::string> names;
  for (const PipelinePlan& pipeline : plan.pipelines) names.push_back(pipeline.id);
  return names;
}

// See Facts::Pipeline::steps.
std::vector<size_t> steps_of(const Plan& plan, const PipelinePlan& pipeline) {
  std::vector<size_t> steps = {0};
  for (const size_t processor : pipeline.processors) {
    steps.push_back(steps.back() + (plan.processors[processor].factory != nullptr ? 1 : 0));
  }
  return steps;
}

// How many points of each pipeline are watched.
std::vector<size_t> points_of(const Plan& plan) {
  std::vector<size_t> counts;
  for (const PipelinePlan& pipeline : plan.pipelines) {
    counts.push_back(
        std::min(steps_of(plan, pipeline).back() + 1, recent::EdgeTaps::kPositionsMax));
  }
  return counts;
}

// See Facts::Pipeline::open_from: also a redaction behind a connector counts. Connectors form no
// cycle.
size_t open_from(const Plan& plan, size_t index) {
  const PipelinePlan& pipeline = plan.pipelines[index];
  const size_t end = pipeline.processors.size() + 1;
  for (const size_t exporter : pipeline.exporters) {
    const auto& connector = plan.exporters[exporter].connector;
    if (!connector || !connector->makes(pipeline.signal, pipeline.signal)) continue;
    for (const std::vector<size_t>& group : connector->groups) {
      for (const size_t fed : group) {
        if (plan.pipelines[fed].signal == pipeline.signal && open_from(plan, fed) > 0) return end;
      }
    }
  }
  for (size_t i = pipeline.processors.size(); i > 0; --i) {
    if (plan.processors[pipeline.processors[i - 1]].rules_hash != 0) return i;
  }
  return 0;
}

}  // namespace

ConsoleSite::ConsoleSite(const Plan& plan, Budget& budget, io::Loop& loop, recent::Run run)
    : plan_(plan),
      budget_(budget),
      loop_(loop),
      options_(*plan.console),
      sample_(options_.sample_rate),
      store_(budget, std::min(options_.bytes_max, plan.budget_bytes / kBudgetPart),
             names_of_pipelines(plan), std::move(run)),
      taps_(budget, plan.pipelines.size()),
      flow_(points_of(plan)),
      rule_log_({}, nullptr, [] { return int64_t{0}; }),
      servers_(loop, {.budget_bytes = kPageBudgetBytes, .connections_max = kConnectionsMax}) {}

ConsoleSite::~ConsoleSite() { close(); }

Status ConsoleSite::open_file(const FileParts& parts) {
  if (options_.file_directory.empty()) return {};
  constexpr std::string_view kWhat = "console: file: ";
  if (parts.disk == nullptr || !parts.make_lane) {
    return fail(Code::kFailedPrecondition, std::string(kWhat) + "there is no disk");
  }
  auto opened = recent_file::RecentFile::open(
      {.directory = options_.file_directory,
       .bytes_max = options_.file_bytes_max,
       .redaction_hash = hash_of_redaction(plan_)},
      {.disk = parts.disk, .store = &store_, .budget = &budget_, .log = parts.log});
  if (!opened) return fail(opened.error().code, std::string(kWhat) + opened.error().message);
  file_ = std::move(*opened);
  file_->follow(loop_, parts.make_lane("console-file"));
  return {};
}

std::optional<extensions::console::RecentFileState> ConsoleSite::file_state() const {
  if (file_ == nullptr) return std::nullopt;
  const recent_file::RecentFile::Numbers numbers = file_->numbers();
  return extensions::console::RecentFileState{.directory = file_->directory(),
                                              .bytes = numbers.bytes,
                                              .bytes_max = numbers.bytes_max,
                                              .read_requests = numbers.read_requests,
                                              .written_requests = numbers.written_requests,
                                              .lost_requests = numbers.lost_requests,
                                              .trouble = file_->trouble()};
}

bool ConsoleSite::give_back() {
  const bool has_taps = taps_.give_back();
  return store_.give_back() || has_taps;
}

void ConsoleSite::make_rules() {
  wall_clock_ = [&loop = loop_] { return loop.wall_now(); };
  for (const PipelinePlan& pipeline : plan_.pipelines) {
    auto& rules = rules_.emplace_back();
    for (const size_t index : pipeline.processors) {
      const ProcessorPlan& processor = plan_.processors[index];
      auto& steps = rules.emplace_back();
      if (processor.factory == nullptr) continue;
      steps = processor.factory->rule_steps({.name = processor.id,
                                             .signal = pipeline.signal,
                                             .random = loop_.random(),
                                             .wall_clock = wall_clock_,
                                             .metrics = rule_metrics_,
                                             .log = rule_log_});
    }
  }
}

void ConsoleSite::close() {
  servers_.close();
  console_.reset();
}

Status ConsoleSite::serve(extensions::console::Source& source,
                          std::vector<transport::PageRoute> more_routes) {
  make_rules();
  console_ = std::make_unique<extensions::console::Console>(
      extensions::console::Console::Parts{.loop = &loop_,
                                          .source = &source,
                                          .store = &store_,
                                          .senders = &senders_,
                                          .refusals = &refusals_,
                                          .taps = &taps_,
                                          .flow = &flow_,
                                          .rules = &rules_,
                                          .pool = &servers_.pool(),
                                          .token = options_.token});
  for (auto& route : console_->routes()) more_routes.push_back(std::move(route));
  return servers_.serve(std::move(more_routes), {.host = options_.host, .port = options_.port},
                        "the console's endpoint");
}

extensions::console::Facts console_facts(const Plan& plan, const std::vector<uint16_t>& ports,
                                         size_t worker_count, WallTime started_at) {
  extensions::console::Facts facts{.version = MILLRACE_VERSION,
                                   .started_at = started_at,
                                   .worker_count = worker_count,
                                   .sample_rate = plan.console ? plan.console->sample_rate : 1,
                                   .listeners = {},
                                   .pipelines = {},
                                   .connectors = {}};
  const auto is_of_datagrams = [](const ListenerPlan& listener) {
    return listener.listener.datagrams.has_value();
  };
  size_t datagram_count = 0;
  for (const ReceiverPlan& receiver : plan.receivers) {
    datagram_count +=
        static_cast<size_t>(std::ranges::count_if(receiver.listeners, is_of_datagrams));
  }
  size_t next_port = 0;
  // Their ports stand behind all others (Listeners::listen).
  size_t next_datagram_port = ports.size() - std::min(ports.size(), datagram_count);
  for (const ReceiverPlan& receiver : plan.receivers) {
    for (const ListenerPlan& listener : receiver.listeners) {
      size_t& next = is_of_datagrams(listener) ? next_datagram_port : next_port;
      facts.listeners.push_back({.receiver = receiver.id,
                                 .protocol = listener.listener.protocol,
                                 .endpoint = listener.listener.options.endpoint,
                                 .port = next < ports.size() ? ports[next] : uint16_t{0},
                                 .has_tls = listener.tls != nullptr});
      ++next;
    }
  }
  for (const PipelinePlan& planned : plan.pipelines) {
    extensions::console::Facts::Pipeline pipeline{.signal = planned.signal, .id = planned.id};
    for (const size_t index : planned.receivers) {
      pipeline.receivers.push_back(plan.receivers[index].id);
    }
    for (const size_t index : planned.processors) {
      pipeline.processors.push_back(plan.processors[index].id);
    }
    for (const size_t index : planned.exporters) {
      pipeline.exporters.push_back(plan.exporters[index].id);
    }
    pipeline.steps = steps_of(plan, planned);
    facts.pipelines.push_back(std::move(pipeline));
  }
  for (const ExporterPlan& exporter : plan.exporters) {
    if (!exporter.connector) continue;
    extensions::console::Facts::Connector connector{.name = exporter.id};
    for (const std::vector<size_t>& group : exporter.connector->groups) {
      for (const size_t index : group) {
        connector.feeds.push_back(plan.pipelines[index].id);
        facts.pipelines[index].receivers.push_back(exporter.id);
      }
    }
    facts.connectors.push_back(std::move(connector));
  }
  for (size_t index = 0; index < plan.pipelines.size(); ++index) {
    if (plan.console && plan.console->shows_before_redaction) break;
    facts.pipelines[index].open_from = open_from(plan, index);
  }
  return facts;
}

}  // namespace millrace::assembly
