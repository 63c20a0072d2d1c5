// The connectors this build has: one line each.
#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "assembly/catalogue.h"
#include "assembly/function_factory.h"
#include "connectors/count/count.h"
#include "connectors/exceptions/exceptions.h"
#include "connectors/failover/failover.h"
#include "connectors/forward/forward.h"
#include "connectors/servicegraph/service_graph.h"
#include "connectors/spanmetrics/span_metrics.h"
#include "connectors/sum/sum.h"

namespace millrace::assembly {
namespace {

using config::ComponentKind;
using config::Section;

config::ExporterHelperConfig connector_helper(Section& section) {
  config::ExporterHelperConfig helper;
  config::read_connector_helper(section, helper);
  return helper;
}

ConnectorReading read_forward(Section& section, const std::string&) {
  return {
      .factory = std::make_shared<FunctionFactory>(
          [](const ExporterParts& parts, Signal) -> Result<std::unique_ptr<pipeline::Exporter>> {
            return connectors::make_forward(parts.loop, *parts.outputs);
          }),
      .helper = connector_helper(section)};
}

ConnectorReading read_failover(Section& section, const std::string& id) {
  connectors::FailoverOptions options;
  connectors::read_failover(section, options);
  return {
      .factory = std::make_shared<FunctionFactory>(
          [id, interval = options.retry_interval](
              const ExporterParts& parts, Signal) -> Result<std::unique_ptr<pipeline::Exporter>> {
            return connectors::make_failover(parts.loop, id, interval, *parts.outputs, &parts.log);
          }),
      .helper = connector_helper(section),
      .groups = options.priority_levels,
      .takes_over = true};
}

// Connectors that make one number of the items of a batch.
template <void (*kRead)(Section&, item_totals::Options&), auto kMake>
ConnectorReading read_totals(Section& section, const std::string&) {
  auto options = std::make_shared<item_totals::Options>();
  kRead(section, *options);
  return {.factory = std::make_shared<FunctionFactory>(
              [options](const ExporterParts& parts,
                        Signal) -> Result<std::unique_ptr<pipeline::Exporter>> {
                return kMake(options, {.loop = parts.loop,
                                       .long_work = parts.long_work,
                                       .log = parts.log,
                                       .wall_clock = parts.wall_clock,
                                       .outputs = *parts.outputs});
              }),
          .helper = connector_helper(section),
          .changes = {{.from = Signal::kTraces, .into = Signal::kMetrics},
                      {.from = Signal::kMetrics, .into = Signal::kMetrics},
                      {.from = Signal::kLogs, .into = Signal::kMetrics}}};
}

ConnectorReading read_span_metrics(Section& section, const std::string& id) {
  namespace spanmetrics = connectors::spanmetrics;
  auto options = std::make_shared<spanmetrics::Options>();
  spanmetrics::read_options(section, *options);
  // One for all workers, made with the first.
  auto shared = std::make_shared<std::weak_ptr<spanmetrics::Shared>>();
  return {.factory = std::make_shared<FunctionFactory>(
              [id, options, shared](const ExporterParts& parts,
                                    Signal) -> Result<std::unique_ptr<pipeline::Exporter>> {
                const spanmetrics::Parts own{.loop = parts.loop,
                                             .pool = parts.pool,
                                             .long_work = parts.long_work,
                                             .log = parts.log,
                                             .wall_clock = parts.wall_clock,
                                             .outputs = *parts.outputs};
                auto of_all = shared->lock();
                if (of_all == nullptr) {
                  of_all =
                      spanmetrics::make_shared(options, id, std::string(parts.instance_id), own);
                  *shared = of_all;
                }
                return spanmetrics::make_span_metrics(std::move(of_all), own);
              }),
          .helper = connector_helper(section),
          .changes = {{.from = Signal::kTraces, .into = Signal::kMetrics}}};
}

ConnectorReading read_exceptions(Section& section, const std::string&) {
  namespace exceptions = connectors::exceptions;
  auto options = std::make_shared<exceptions::Options>();
  exceptions::read_options(section, *options);
  // One for all workers, made with the first.
  auto shared = std::make_shared<std::weak_ptr<exceptions::Shared>>();
  return {.factory = std::make_shared<FunctionFactory>(
              [options, shared](const ExporterParts& parts,
                                Signal) -> Result<std::unique_ptr<pipeline::Exporter>> {
                const exceptions::Parts own{.name = parts.name,
                                            .loop = parts.loop,
                                            .long_work = parts.long_work,
                                            .budget = parts.pool.budget(),
                                            .log = parts.log,
                                            .wall_clock = parts.wall_clock,
                                            .outputs = *parts.outputs};
                auto of_all = shared->lock();
                if (of_all == nullptr) *shared = of_all = exceptions::make_shared(options, own);
                return exceptions::make_exceptions(std::move(of_all), own);
              }),
          .helper = connector_helper(section),
          .changes = {{.from = Signal::kTraces, .into = Signal::kMetrics},
                      {.from = Signal::kTraces, .into = Signal::kLogs}}};
}

ConnectorReading read_service_graph(Section& section, const std::string&) {
  namespace servicegraph = connectors::servicegraph;
  auto options = std::make_shared<servicegraph::Options>();
  servicegraph::read_options(section, *options);
  // One for all workers, made with the first.
  auto shared = std::make_shared<std::weak_ptr<servicegraph::Shared>>();
  return {.factory = std::make_shared<FunctionFactory>(
              [options, shared](const ExporterParts& parts,
                                Signal) -> Result<std::unique_ptr<pipeline::Exporter>> {
                const servicegraph::Parts own{.name = parts.name,
                                              .loop = parts.loop,
                                              .long_work = parts.long_work,
                                              .budget = parts.pool.budget(),
                                              .log = parts.log,
                                              .metrics = parts.metrics,
                                              .wall_clock = parts.wall_clock,
                                              .outputs = *parts.outputs};
                auto of_all = shared->lock();
                if (of_all == nullptr) *shared = of_all = servicegraph::make_shared(options, own);
                return servicegraph::make_service_graph(std::move(of_all), own);
              }),
          .helper = connector_helper(section),
          .changes = {{.from = Signal::kTraces, .into = Signal::kMetrics}}};
}

constexpr config::ComponentType connector(std::string_view type) {
  return {.kind = ComponentKind::kConnector, .type = type};
}

constexpr std::array kConnectors = {
    ConnectorKind{connector("count"),
                  read_totals<connectors::count::read_options, connectors::count::make_count>},
    ConnectorKind{connector("exceptions"), read_exceptions},
    ConnectorKind{connector("failover"), read_failover},
    ConnectorKind{connector("forward"), read_forward},
    ConnectorKind{connector("service_graph"), read_service_graph},
    ConnectorKind{connector("span_metrics"), read_span_metrics},
    ConnectorKind{connector("sum"),
                  read_totals<connectors::sum::read_options, connectors::sum::make_sum>},
};

}  // namespace

std::span<const ConnectorKind> connector_kinds() { return kConnectors; }

}  // namespace millrace::assembly
