#include "extensions/without_effect/without_effect.h"

#include <string>

namespace millrace::extensions {
namespace {

constexpr std::string_view kServesReceiverCreator =
    "it finds targets for receiver_creator, which is not in this version";
constexpr std::string_view kCgroup = "workers and memory follow the cgroup by themselves";

constexpr WithoutEffect kExtensions[] = {
    {"pprof", "there are no Go profiles of this process; use perf"},
    {"opamp", "no server manages this process: its configuration is what --config says"},
    {"datadog", "it sends a description of the collector to Datadog, which this process does not"},
    {"cgroup_runtime", kCgroup},
    {"cgroupruntime", kCgroup},
    {"memory_limiter", "one memory budget is always kept; the processor memory_limiter sets it"},
    {"k8s_leader_elector", "it serves receivers of the state of Kubernetes, which are not here"},
    {"cfgarden_observer", kServesReceiverCreator},
    {"docker_observer", kServesReceiverCreator},
    {"ecs_observer", kServesReceiverCreator},
    {"ecs_task_observer", kServesReceiverCreator},
    {"host_observer", kServesReceiverCreator},
    {"k8s_observer", kServesReceiverCreator},
    {"kafkatopics_observer", kServesReceiverCreator},
};

}  // namespace

std::span<const WithoutEffect> extensions_without_effect() { return kExtensions; }

void read_without_effect(config::Section& section, const WithoutEffect& extension,
                         const yaml::Place& place) {
  for (const yaml::Node::Entry& entry : section.node().mapping) section.find(entry.key);
  section.diagnostics().note_key(
      section.path(), {config::KeyNote::Meaning::kIgnored, place, std::string(extension.why)});
  section.diagnostics().warning(place, section.path(),
                                "accepted without effect: " + std::string(extension.why));
}

}  // namespace millrace::extensions
