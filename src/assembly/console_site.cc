#include "assembly/console_site.h"

#include <algorithm>
#include <utility>

#include "assembly/listeners.h"

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

bool is_redaction(const ProcessorPlan& processor) {
  constexpr std::string_view kType = "redaction";
  return processor.id == kType || processor.id.starts_with(std::string(kType) + "/");
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
    if (is_redaction(plan.processors[pipeline.processors[i - 1]])) return i;
  }
  return 0;
}

}  // namespace

ConsoleSite::ConsoleSite(const Plan& plan, Budget& budget)
    : plan_(plan),
      options_(*plan.console),
      sample_(options_.sample_rate),
      store_(budget, std::min(options_.bytes_max, plan.budget_bytes / kBudgetPart),
             names_of_pipelines(plan)),
      taps_(budget, plan.pipelines.size()),
      rule_log_({}, nullptr, [] { return int64_t{0}; }),
      page_budget_(kPageBudgetBytes) {}

ConsoleSite::~ConsoleSite() { close(); }

bool ConsoleSite::give_back() {
  const bool has_taps = taps_.give_back();
  return store_.give_back() || has_taps;
}

void ConsoleSite::make_rules(io::Loop& loop) {
  wall_clock_ = [&loop] { return loop.wall_now(); };
  for (const PipelinePlan& pipeline : plan_.pipelines) {
    auto& rules = rules_.emplace_back();
    for (const size_t index : pipeline.processors) {
      const ProcessorPlan& processor = plan_.processors[index];
      auto& steps = rules.emplace_back();
      if (processor.factory == nullptr) continue;
      steps = processor.factory->rule_steps({.name = processor.id,
                                             .signal = pipeline.signal,
                                             .random = loop.random(),
                                             .wall_clock = wall_clock_,
                                             .metrics = rule_metrics_,
                                             .log = rule_log_});
    }
  }
}

void ConsoleSite::close() {
  server_.reset();
  console_.reset();
  pool_.reset();
}

Status ConsoleSite::serve(io::Loop& loop, extensions::console::Source& source,
                          std::vector<transport::PageRoute> more_routes) {
  make_rules(loop);
  pool_ = std::make_unique<ChunkPool>(page_budget_, 1);
  console_ = std::make_unique<extensions::console::Console>(
      extensions::console::Console::Parts{.loop = &loop,
                                          .source = &source,
                                          .store = &store_,
                                          .senders = &senders_,
                                          .refusals = &refusals_,
                                          .taps = &taps_,
                                          .rules = &rules_,
                                          .pool = pool_.get(),
                                          .token = options_.token});
  transport::ServerOptions options;
  options.serves_grpc = false;
  options.port_protocol = transport::Protocol::kHttp;
  options.connections_max = kConnectionsMax;
  options.page_routes = std::move(more_routes);
  for (auto& route : console_->routes()) options.page_routes.push_back(std::move(route));
  server_ = transport::make_server(loop, *pool_, std::move(options), *this);
  const Result<uint16_t> listening =
      server_->listen({.host = options_.host, .port = options_.port});
  if (!listening) {
    return fail(listening.error().code,
                "console: " + listening.error().message +
                    listen_advice(listening.error().code, "the console's endpoint"));
  }
  return {};
}

extensions::console::Facts console_facts(const Plan& plan, const std::vector<uint16_t>& ports,
                                         size_t worker_count, WallTime started_at) {
  extensions::console::Facts facts{.version = MILLRACE_VERSION,
                                   .started_at = started_at,
                                   .worker_count = worker_count,
                                   .listeners = {},
                                   .pipelines = {},
                                   .connectors = {}};
  size_t next_port = 0;
  for (const ReceiverPlan& receiver : plan.receivers) {
    for (const ListenerPlan& listener : receiver.listeners) {
      facts.listeners.push_back({.receiver = receiver.id,
                                 .protocol = listener.listener.protocol,
                                 .endpoint = listener.listener.options.endpoint,
                                 .port = next_port < ports.size() ? ports[next_port] : uint16_t{0},
                                 .has_tls = listener.tls != nullptr});
      ++next_port;
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
