#include "assembly/plan_from_document.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "assembly/catalogue.h"
#include "assembly/join_connectors.h"
#include "assembly/plan_files.h"
#include "assembly/plan_guards.h"
#include "assembly/plan_telemetry.h"
#include "assembly/redaction_rules.h"
#include "config/memory_limiter.h"
#include "extensions/without_effect/without_effect.h"

namespace millrace::assembly {
namespace {

using config::Component;
using config::ComponentKind;
using config::Diagnostics;
using config::Document;

// A quarter of the machine is what a collector beside other services may take.
constexpr uint64_t kBudgetShare = 4;
constexpr uint64_t kBudgetWithoutKnowledge = 512ULL << 20;

class Planner {
 public:
  Planner(const Document& document, const MachineFacts& machine, Diagnostics& diagnostics)
      : document_(document), machine_(machine), diagnostics_(diagnostics) {}

  Plan make() {
    plan_.budget_bytes =
        machine_.memory_bytes == 0 ? kBudgetWithoutKnowledge : machine_.memory_bytes / kBudgetShare;
    // Extensions first: receivers and exporters name them.
    for (size_t index = 0; index < document_.components.size(); ++index) {
      if (is_extension(index)) read_component(index);
    }
    for (size_t index = 0; index < document_.components.size(); ++index) {
      if (!is_extension(index)) read_component(index);
    }
    for (ExporterPlan& exporter : plan_.exporters) {
      const config::SendingQueueConfig& queue = exporter.helper.queue;
      exporter.storage = find_storage({queue.storage, queue.storage_path, queue.storage_place});
    }
    for (const config::Pipeline& pipeline : document_.pipelines) add_pipeline(pipeline);
    join_connectors(document_, connectors_, plan_, diagnostics_);
    plan_telemetry(document_, plan_, diagnostics_);
    return std::move(plan_);
  }

 private:
  bool is_extension(size_t index) const {
    return document_.components[index].kind == ComponentKind::kExtension;
  }

  void read_component(size_t index) {
    const Component& component = document_.components[index];
    // The type is unknown, which is one mistake already: its keys are not ours to judge.
    if (catalog_.find(component.kind, component.id.type) == nullptr) return;
    config::Section section(component.node, diagnostics_, component.path);
    switch (component.kind) {
      case ComponentKind::kReceiver:
        read_receiver(index, component, section);
        break;
      case ComponentKind::kProcessor:
        read_processor(index, component, section);
        break;
      case ComponentKind::kExporter:
        read_exporter(index, component, section);
        break;
      case ComponentKind::kExtension:
        read_extension(component, section);
        break;
      case ComponentKind::kConnector:
        read_connector(index, component, section);
        break;
    }
    section.finish();
  }

  void read_receiver(size_t index, const Component& component, config::Section& section) {
    for (const reception::ReceiverKind& kind : receiver_kinds()) {
      if (kind.type.type != component.id.type) continue;
      ReceiverPlan receiver = make_receiver_plan(component.id.text, kind.read(section));
      check_dead_letter_file(machine_, receiver.dead_letter, section);
      for (ListenerPlan& listener : receiver.listeners) guards_.read(listener);
      add(index, component, plan_.receivers, std::move(receiver));
    }
  }

  void read_processor(size_t index, const Component& component, config::Section& section) {
    ProcessorPlan processor{.id = component.id.text};
    for (const ProcessorKind& kind : processor_kinds()) {
      if (kind.type.type == component.id.type && kind.read != nullptr) {
        ProcessorReading reading = kind.read(section);
        processor.factory = std::move(reading.factory);
        processor.storage = find_storage(reading.storage);
      }
    }
    if (component.id.type == "batch") {
      processor.batch.emplace();
      config::read_batch(section, *processor.batch);
    }
    if (component.id.type == "memory_limiter") {
      processor.is_memory_limiter = true;
      config::MemoryLimiterConfig limiter;
      config::read_memory_limiter(section, limiter);
      if (component.is_used && !section.has_errors()) set_budget(limiter);
    }
    processor.rules_hash = hash_of_rules(component.id.type, component.node);
    add(index, component, plan_.processors, std::move(processor));
  }

  // One budget for the process: the smallest of the limits that were asked for.
  void set_budget(const config::MemoryLimiterConfig& limiter) {
    const uint64_t limit = limiter.soft_limit_bytes(machine_.memory_bytes);
    plan_.budget_bytes = has_limiter_ ? std::min<uint64_t>(plan_.budget_bytes, limit) : limit;
    has_limiter_ = true;
  }

  void read_exporter(size_t index, const Component& component, config::Section& section) {
    for (const ExporterKind& kind : exporter_kinds()) {
      if (kind.type.type != component.id.type) continue;
      ExporterReading reading = kind.read(section);
      std::shared_ptr<transport::CredentialSource> credentials;
      if (reading.auth) credentials = guards_.find_credentials(*reading.auth, component.id.type);
      if (component.is_used) {
        check_dead_letter(plan_, component.id.text, reading.helper, section);
        check_files(machine_, reading, section);
      }
      ExporterPlan exporter{.id = component.id.text,
                            .factory = std::move(reading.factory),
                            .helper = std::move(reading.helper),
                            .joins_requests = reading.joins_requests,
                            .joined_bytes_max = reading.joined_bytes_max,
                            .metadata_keys = std::move(reading.metadata_keys),
                            .client_tls = std::move(reading.client_tls),
                            .credentials = std::move(credentials)};
      for (reception::Listener& listener : reading.listeners) {
        exporter.listeners.push_back({.listener = std::move(listener)});
        guards_.read(exporter.listeners.back());
      }
      add(index, component, plan_.exporters, std::move(exporter));
    }
  }

  void read_connector(size_t index, const Component& component, config::Section& section) {
    for (const ConnectorKind& kind : connector_kinds()) {
      if (kind.type.type != component.id.type) continue;
      ConnectorReading reading = kind.read(section, component.id.text);
      if (!component.is_used) return;
      connectors_.push_back({.component = index,
                             .exporter = plan_.exporters.size(),
                             .groups = std::move(reading.groups),
                             .takes_over = reading.takes_over,
                             .changes = std::move(reading.changes)});
      ExporterPlan exporter{.id = component.id.text,
                            .factory = std::move(reading.factory),
                            .helper = std::move(reading.helper),
                            .joins_requests = false,
                            .connector = ConnectorPlan{}};
      add(index, component, plan_.exporters, std::move(exporter));
    }
  }

  void read_extension(const Component& component, config::Section& section);
  // Nothing where none is named, or with an error.
  std::optional<size_t> find_storage(const StorageName& name);

  template <class Item>
  void add(size_t index, const Component& component, std::vector<Item>& list, Item item) {
    if (!component.is_used) return;
    place_in_plan_[index] = list.size();
    list.push_back(std::move(item));
  }

  void add_pipeline(const config::Pipeline& pipeline) {
    PipelinePlan planned{.signal = pipeline.signal, .id = pipeline.id};
    auto convert = [this, &pipeline](const std::vector<size_t>& from, std::vector<size_t>& into) {
      for (const size_t index : from) {
        const auto found = place_in_plan_.find(index);
        // A connector among the receivers is no receiver: join_connectors sees to it.
        const bool is_connector = document_.components[index].kind == ComponentKind::kConnector &&
                                  &from == &pipeline.receivers;
        if (found != place_in_plan_.end() && !is_connector) into.push_back(found->second);
      }
    };
    convert(pipeline.receivers, planned.receivers);
    convert(pipeline.processors, planned.processors);
    convert(pipeline.exporters, planned.exporters);
    check_processors(pipeline);
    plan_.pipelines.push_back(std::move(planned));
  }

  void check_processors(const config::Pipeline& pipeline) {
    for (const size_t index : pipeline.processors) {
      const auto found = place_in_plan_.find(index);
      if (found == place_in_plan_.end()) continue;
      const auto& factory = plan_.processors[found->second].factory;
      if (factory == nullptr) continue;
      if (const Status checked = factory->check(pipeline.signal); !checked) {
        const Component& component = document_.components[index];
        diagnostics_.error(component.place, component.path,
                           pipeline.id + ": " + checked.error().message);
      }
    }
  }

  const config::Catalog catalog_ = catalog();
  const Document& document_;
  const MachineFacts& machine_;
  Diagnostics& diagnostics_;
  Plan plan_;
  std::map<size_t, size_t> place_in_plan_;  // index in the document → index in the plan's list
  bool has_limiter_ = false;
  std::vector<ReadConnector> connectors_;
  GuardReader guards_{document_, plan_.auths, diagnostics_};
};

void Planner::read_extension(const Component& component, config::Section& section) {
  if (component.id.type == "file_storage") {
    StoragePlan storage{.id = component.id.text, .options = {}};
    extensions::read_file_storage(section, storage.options);
    if (component.is_used) {
      check_storage(machine_, storage, section);
      plan_.storages.push_back(std::move(storage));
    }
  }
  for (const AuthKind& kind : auth_kinds()) {
    if (kind.type.type != component.id.type) continue;
    auto extension = kind.read(section);
    if (component.is_used && extension != nullptr) {
      plan_.auths.push_back({.id = component.id.text, .extension = std::move(extension)});
    }
  }
  for (const extensions::WithoutEffect& kind : extensions::extensions_without_effect()) {
    if (kind.type == component.id.type) {
      extensions::read_without_effect(section, kind, component.place);
    }
  }
  if (component.id.type == "console") {
    extensions::console::Options options;
    extensions::console::read(section, options);
    check_console(machine_, options, section);
    if (component.is_used && plan_.console) {
      section.error("there is one console; service::extensions names two");
    } else if (component.is_used && options.is_enabled) {
      plan_.console = std::move(options);
    }
  }
  if (component.id.type == "zpages") {
    extensions::HealthCheckOptions options;
    extensions::read_zpages(section, options);
    if (component.is_used) plan_.health_checks.push_back(std::move(options));
  }
  if (component.id.type != "health_check") return;
  extensions::HealthCheckOptions options;
  extensions::read_health_check(section, options);
  for (std::string& name : options.require.destinations) {
    const Component* exporter = document_.find(ComponentKind::kExporter, name);
    if (exporter == nullptr) exporter = document_.find(ComponentKind::kConnector, name);
    if (exporter != nullptr) {
      name = exporter->id.text;
    } else {
      diagnostics_.error(options.require_place, section.path() + "::require",
                         "no exporter \"" + name + "\" is configured");
    }
  }
  if (component.is_used) plan_.health_checks.push_back(std::move(options));
}

std::optional<size_t> Planner::find_storage(const StorageName& name) {
  if (name.id.empty()) return std::nullopt;
  const auto found = std::ranges::find(plan_.storages, name.id, &StoragePlan::id);
  if (found != plan_.storages.end()) return static_cast<size_t>(found - plan_.storages.begin());
  const bool is_configured =
      std::ranges::any_of(document_.components, [&](const Component& component) {
        return component.kind == ComponentKind::kExtension && component.id.text == name.id;
      });
  diagnostics_.error(name.place, name.path,
                     is_configured
                         ? "extension \"" + name.id + "\" must be listed in service::extensions"
                         : "storage extension \"" + name.id + "\" is not configured");
  return std::nullopt;
}

}  // namespace

ReceiverPlan make_receiver_plan(std::string id, reception::ReceiverReading reading) {
  ReceiverPlan plan{.id = std::move(id),
                    .factory = std::move(reading.factory),
                    .pull_interval = reading.pull_interval,
                    .dead_letter = std::move(reading.dead_letter)};
  for (reception::Listener& listener : reading.listeners) {
    plan.listeners.push_back({.listener = std::move(listener)});
  }
  return plan;
}

std::optional<Plan> make_plan(const Document& document, const MachineFacts& machine,
                              Diagnostics& diagnostics) {
  Plan plan = Planner(document, machine, diagnostics).make();
  if (diagnostics.has_errors()) return std::nullopt;
  return plan;
}

}  // namespace millrace::assembly
