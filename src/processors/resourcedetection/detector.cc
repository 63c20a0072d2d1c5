#include "processors/resourcedetection/detector.h"

#include <algorithm>
#include <array>
#include <utility>

namespace millrace::processors::resourcedetection {
namespace {

constexpr auto kSystem = std::to_array<KnownAttribute>({
    {"host.name", true},
    {"os.type", true},
    {"host.arch", false},
    {"host.cpu.cache.l2.size", false},
    {"host.cpu.family", false},
    {"host.cpu.model.id", false},
    {"host.cpu.model.name", false},
    {"host.cpu.stepping", false},
    {"host.cpu.vendor.id", false},
    {"host.id", false},
    {"host.interface", false},
    {"host.ip", false},
    {"host.mac", false},
    {"os.build.id", false},
    {"os.description", false},
    {"os.name", false},
    {"os.version", false},
});
constexpr auto kDocker = std::to_array<KnownAttribute>({
    {"host.name", true},
    {"os.type", true},
    {"container.image.name", false},
    {"container.name", false},
});
constexpr auto kEc2 = std::to_array<KnownAttribute>({
    {"cloud.account.id", true},
    {"cloud.availability_zone", true},
    {"cloud.platform", true},
    {"cloud.provider", true},
    {"cloud.region", true},
    {"host.id", true},
    {"host.image.id", true},
    {"host.name", true},
    {"host.type", true},
});
constexpr auto kEcs = std::to_array<KnownAttribute>({
    {"aws.ecs.cluster.arn", true},
    {"aws.ecs.launchtype", true},
    {"aws.ecs.task.arn", true},
    {"aws.ecs.task.family", true},
    {"aws.ecs.task.id", true},
    {"aws.ecs.task.revision", true},
    {"aws.log.group.arns", true},
    {"aws.log.group.names", true},
    {"aws.log.stream.arns", true},
    {"aws.log.stream.names", true},
    {"cloud.account.id", true},
    {"cloud.availability_zone", true},
    {"cloud.platform", true},
    {"cloud.provider", true},
    {"cloud.region", true},
});
constexpr auto kEks = std::to_array<KnownAttribute>({
    {"cloud.platform", true},
    {"cloud.provider", true},
    {"cloud.account.id", false},
    {"cloud.availability_zone", false},
    {"cloud.region", false},
    {"host.id", false},
    {"host.image.id", false},
    {"host.name", false},
    {"host.type", false},
    {"k8s.cluster.name", false},
});
constexpr auto kGcp = std::to_array<KnownAttribute>({
    {"cloud.account.id", true},
    {"cloud.availability_zone", true},
    {"cloud.platform", true},
    {"cloud.provider", true},
    {"cloud.region", true},
    {"faas.instance", true},
    {"faas.name", true},
    {"faas.version", true},
    {"gcp.cloud_run.job.execution", true},
    {"gcp.cloud_run.job.task_index", true},
    {"gcp.gce.instance.hostname", false},
    {"gcp.gce.instance.name", false},
    {"gcp.gce.instance_group_manager.name", true},
    {"gcp.gce.instance_group_manager.region", true},
    {"gcp.gce.instance_group_manager.zone", true},
    {"host.id", true},
    {"host.name", true},
    {"host.type", true},
    {"k8s.cluster.name", true},
});
constexpr auto kAzure = std::to_array<KnownAttribute>({
    {"azure.resourcegroup.name", true},
    {"azure.vm.name", true},
    {"azure.vm.scaleset.name", true},
    {"azure.vm.size", true},
    {"cloud.account.id", true},
    {"cloud.availability_zone", false},
    {"cloud.platform", true},
    {"cloud.provider", true},
    {"cloud.region", true},
    {"host.id", true},
    {"host.name", true},
});
constexpr auto kK8sApi = std::to_array<KnownAttribute>({
    {"k8s.cluster.uid", true},
    {"k8s.node.name", true},
    {"k8s.node.uid", true},
});

constexpr auto kDetectors = std::to_array<Detector>({
    {"env", "", {}, detect_env, true},
    {"system", "system", kSystem, detect_system, true},
    {"docker", "docker", kDocker, detect_docker},
    {"ec2", "ec2", kEc2, detect_ec2},
    {"ecs", "ecs", kEcs, detect_ecs},
    {"eks", "eks", kEks, detect_eks},
    {"gcp", "gcp", kGcp, detect_gcp},
    {"azure", "azure", kAzure, detect_azure},
    {"k8s_api", "k8s_api", kK8sApi, detect_k8s_api},
    {"k8snode", "k8snode", kK8sApi, detect_k8s_api},
});

}  // namespace

std::span<const Detector> all_detectors() { return kDetectors; }

const Detector* find_detector(std::string_view name) {
  const auto* const found = std::ranges::find(kDetectors, name, &Detector::name);
  return found == kDetectors.end() ? nullptr : found;
}

Result<Finding> missing(const DetectorOptions& options, std::string reason) {
  if (options.fails_on_missing_metadata) return fail(Code::kUnavailable, std::move(reason));
  return Finding{.resource = {}, .remark = std::move(reason)};
}

}  // namespace millrace::processors::resourcedetection
