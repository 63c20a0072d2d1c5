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

}  // namespace

ConsoleSite::ConsoleSite(const Plan& plan, Budget& budget)
    : options_(*plan.console),
      store_(budget, std::min(options_.bytes_max, plan.budget_bytes / kBudgetPart),
             names_of_pipelines(plan)),
      page_budget_(kPageBudgetBytes) {}

ConsoleSite::~ConsoleSite() { close(); }

void ConsoleSite::close() {
  server_.reset();
  console_.reset();
  pool_.reset();
}

Status ConsoleSite::serve(io::Loop& loop, extensions::console::Source& source,
                          std::vector<transport::PageRoute> more_routes) {
  console_ = std::make_unique<extensions::console::Console>(
      extensions::console::Console::Parts{.loop = &loop,
                                          .source = &source,
                                          .store = &store_,
                                          .senders = &senders_,
                                          .refusals = &refusals_,
                                          .token = options_.token});
  transport::ServerOptions options;
  options.serves_grpc = false;
  options.port_protocol = transport::Protocol::kHttp;
  options.connections_max = kConnectionsMax;
  options.page_routes = std::move(more_routes);
  for (auto& route : console_->routes()) options.page_routes.push_back(std::move(route));
  pool_ = std::make_unique<ChunkPool>(page_budget_, 1);
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
  return facts;
}

}  // namespace millrace::assembly
