#include "assembly/join_connectors.h"

#include <algorithm>
#include <set>
#include <utility>

namespace millrace::assembly {
namespace {

using config::Component;

class Joiner {
 public:
  Joiner(const config::Document& document, Plan& plan, config::Diagnostics& diagnostics)
      : document_(document), plan_(plan), diagnostics_(diagnostics) {}

  void join(const ReadConnector& connector) {
    const Component& component = document_.components[connector.component];
    std::vector<size_t> receiving;
    std::set<Signal> from;
    std::set<Signal> into;
    for (size_t i = 0; i < document_.pipelines.size(); ++i) {
      const config::Pipeline& pipeline = document_.pipelines[i];
      if (std::ranges::count(pipeline.receivers, connector.component) != 0) {
        receiving.push_back(i);
        into.insert(pipeline.signal);
      }
      if (std::ranges::count(pipeline.exporters, connector.component) != 0) {
        from.insert(pipeline.signal);
      }
    }
    ConnectorPlan& planned = *plan_.exporters[connector.exporter].connector;
    planned.changes = connector.changes;
    for (const Signal signal : from) {
      complain_without(component, "exporter", signal, "receiver", into,
                       [&](Signal other) { return planned.makes(other, signal); });
    }
    for (const Signal signal : into) {
      complain_without(component, "receiver", signal, "exporter", from,
                       [&](Signal other) { return planned.makes(signal, other); });
    }
    std::vector<std::vector<size_t>>& groups = planned.groups;
    if (!connector.groups) {
      groups.push_back(std::move(receiving));
      return;
    }
    for (const std::vector<std::string>& group : *connector.groups) {
      groups.emplace_back();
      for (const std::string& id : group) add(component, id, receiving, groups.back());
    }
  }

  // Destinations that are fed by nothing but levels of failovers that have a level behind them.
  void find_who_hands_back(const std::vector<ReadConnector>& connectors) {
    std::set<size_t> has_next;  // pipelines
    for (const ReadConnector& connector : connectors) {
      if (!connector.takes_over) continue;
      const auto& groups = plan_.exporters[connector.exporter].connector->groups;
      for (size_t level = 0; level + 1 < groups.size(); ++level) {
        for (const size_t pipeline : groups[level]) {
          if (document_.pipelines[pipeline].receivers.size() == 1) has_next.insert(pipeline);
        }
      }
    }
    for (size_t exporter = 0; exporter < plan_.exporters.size(); ++exporter) {
      for (const Signal signal : kSignals) {
        // The failover does not wait for what is best effort, and could not tell it from what the
        // required ones of that level have delivered.
        plan_.exporters[exporter].hands_back[index_of(signal)] =
            !plan_.exporters[exporter].connector && plan_.exporters[exporter].helper.required &&
            all_that_feed(exporter, signal, [&](size_t i) { return has_next.contains(i); });
      }
    }
  }

  // Best effort exporters do not count: no sender waits for them.
  void find_who_has_a_disk_in_front(const std::vector<ReadConnector>& connectors) {
    std::set<size_t> stored;  // components
    for (const ReadConnector& connector : connectors) {
      const ExporterPlan& in_front = plan_.exporters[connector.exporter];
      const config::SendingQueueConfig& queue = in_front.helper.queue;
      // Else memory alone may hold some of it, which only a delivery saves.
      const bool has_all_on_disk =
          !queue.spill && queue.on_storage_error == config::OnStorageError::kReject;
      if (in_front.storage && has_all_on_disk) stored.insert(connector.component);
    }
    const auto has_stored_receivers = [&](size_t pipeline) {
      return std::ranges::all_of(document_.pipelines[pipeline].receivers,
                                 [&](size_t receiver) { return stored.contains(receiver); });
    };
    for (size_t exporter = 0; exporter < plan_.exporters.size(); ++exporter) {
      for (const Signal signal : kSignals) {
        plan_.exporters[exporter].has_disk_in_front[index_of(signal)] =
            plan_.exporters[exporter].helper.required &&
            all_that_feed(exporter, signal, has_stored_receivers);
      }
    }
  }

  // A request that waits in the memory of a connector was answered as durable, if that was asked
  // for, though only requests on the disks behind it are.
  void warn_of_memory_before_disks(const ReadConnector& connector) {
    const ExporterPlan& in_front = plan_.exporters[connector.exporter];
    if (in_front.storage) return;
    for (const std::vector<size_t>& group : in_front.connector->groups) {
      for (const size_t pipeline : group) {
        for (const size_t exporter : plan_.pipelines[pipeline].exporters) {
          if (!plan_.exporters[exporter].storage) continue;
          const Component& component = document_.components[connector.component];
          diagnostics_.warning(component.place, component.path,
                               "\"acknowledge: durable\" means \"accepted\" through " +
                                   in_front.id + ", though " + plan_.exporters[exporter].id +
                                   " behind it has storage: give its own sending_queue a storage");
          return;
        }
      }
    }
  }

  void refuse_cycles() {
    std::vector<State> states(plan_.pipelines.size(), State::kNew);
    for (size_t i = 0; i < plan_.pipelines.size(); ++i) visit(i, states);
  }

 private:
  enum class State : uint8_t { kNew, kOpen, kDone };

  // Whether there are pipelines of that signal with the exporter, and all of them are so.
  template <class Holds>
  bool all_that_feed(size_t exporter, Signal signal, const Holds& holds) const {
    bool is_used = false;
    for (size_t i = 0; i < plan_.pipelines.size(); ++i) {
      const PipelinePlan& pipeline = plan_.pipelines[i];
      if (pipeline.signal != signal || std::ranges::count(pipeline.exporters, exporter) == 0) {
        continue;
      }
      is_used = true;
      if (!holds(i)) return false;
    }
    return is_used;
  }

  // Unless the connector stands in a pipeline of a signal that goes with `signal`.
  template <class GoesWith>
  void complain_without(const Component& component, std::string_view used_as, Signal signal,
                        std::string_view missing, const std::set<Signal>& there,
                        const GoesWith& goes_with) {
    if (std::ranges::any_of(there, goes_with)) return;
    std::string wanted;
    for (const Signal other : kSignals) {
      if (!goes_with(other)) continue;
      wanted += (wanted.empty() ? "" : " or ") + std::string(signal_name(other));
    }
    const std::string name(signal_name(signal));
    const std::string used = "connector \"" + component.id.text + "\" used as " +
                             std::string(used_as) + " in a " + name + " pipeline but ";
    diagnostics_.error(component.place, component.path,
                       wanted.empty() ? used + "it has no use for " + name + " there"
                                      : used + "not used as " + std::string(missing) + " in any " +
                                            wanted + " pipeline");
  }

  void add(const Component& component, const std::string& id, const std::vector<size_t>& receiving,
           std::vector<size_t>& group) {
    const auto found = std::ranges::find(plan_.pipelines, id, &PipelinePlan::id);
    const auto index = static_cast<size_t>(found - plan_.pipelines.begin());
    if (found == plan_.pipelines.end()) {
      diagnostics_.error(component.place, component.path, "there is no pipeline \"" + id + "\"");
    } else if (std::ranges::count(receiving, index) == 0) {
      diagnostics_.error(component.place, component.path,
                         "pipeline \"" + id + "\" does not name \"" + component.id.text +
                             "\" among its receivers");
    } else {
      group.push_back(index);
    }
  }

  void visit(size_t index, std::vector<State>& states) {
    if (states[index] == State::kDone) return;
    if (states[index] == State::kOpen) {
      diagnostics_.error(document_.pipelines[index].place, "service::pipelines",
                         "cycle detected: pipeline \"" + plan_.pipelines[index].id +
                             "\" receives from itself, by connectors");
      states[index] = State::kDone;
      return;
    }
    states[index] = State::kOpen;
    for (const size_t exporter : plan_.pipelines[index].exporters) {
      const auto& connector = plan_.exporters[exporter].connector;
      if (!connector) continue;
      for (const std::vector<size_t>& group : connector->groups) {
        for (const size_t next : group) {
          if (connector->makes(plan_.pipelines[next].signal, plan_.pipelines[index].signal)) {
            visit(next, states);
          }
        }
      }
    }
    states[index] = State::kDone;
  }

  const config::Document& document_;
  Plan& plan_;
  config::Diagnostics& diagnostics_;
};

}  // namespace

void join_connectors(const config::Document& document, const std::vector<ReadConnector>& connectors,
                     Plan& plan, config::Diagnostics& diagnostics) {
  if (connectors.empty()) return;
  Joiner joiner(document, plan, diagnostics);
  for (const ReadConnector& connector : connectors) joiner.join(connector);
  joiner.find_who_hands_back(connectors);
  joiner.find_who_has_a_disk_in_front(connectors);
  joiner.refuse_cycles();
  for (const ReadConnector& connector : connectors) joiner.warn_of_memory_before_disks(connector);
}

}  // namespace millrace::assembly
