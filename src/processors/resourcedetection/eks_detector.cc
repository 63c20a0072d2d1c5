// Amazon EKS: whether this is one is asked of the environment and the API server; the rest of the
// instance's metadata, or, where a pod cannot reach it, of the node.
#include <string>
#include <utility>
#include <vector>

#include "access/field_text.h"
#include "processors/resourcedetection/detector.h"
#include "processors/resourcedetection/instance_metadata.h"
#include "processors/resourcedetection/kubernetes_api.h"

namespace millrace::processors::resourcedetection {
namespace {

Result<bool> is_eks(World& world) {
  if (world.variable("KUBERNETES_SERVICE_HOST").value_or("").empty()) return false;
  const auto contains = [&](const char* variable, const char* text) {
    return world.variable(variable).value_or("").contains(text);
  };
  if (contains("AWS_WEB_IDENTITY_TOKEN_FILE", "eks.amazonaws.com") ||
      contains("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "eks-pod-identity")) {
    return true;
  }
  const auto api = KubernetesApi::open(world, true);
  if (!api) return fail(api.error());
  const auto issuer = api->get("/.well-known/openid-configuration");
  if (issuer && issuer->text("issuer").contains("oidc.eks.")) return true;
  const auto version = api->get("/version");
  if (!version) return fail(version.error());
  return version->text("gitVersion").contains("-eks-");
}

// The tags of the instance, if the instance gives them out; the EC2 API would need signed calls.
std::string cluster_name(const InstanceMetadata& service) {
  for (const char* tag : {"aws:eks:cluster-name", "eks:cluster-name"}) {
    const auto name = service.text("tags/instance/" + transport::encode_path_segment(tag));
    if (name && !name->empty()) return *name;
  }
  constexpr std::string_view kPrefix = "kubernetes.io/cluster/";
  const auto keys = service.text("tags/instance");
  if (!keys) return "";
  for (std::string_view rest(*keys); !rest.empty();) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view key = access::trimmed(rest.substr(0, end));
    if (key.starts_with(kPrefix)) return std::string(key.substr(kPrefix.size()));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return "";
}

Finding from_metadata(const InstanceMetadata& service, const JsonAnswer& document,
                      ResourceBuilder& builder) {
  builder.text("host.id", document.text("instanceId"));
  builder.text("cloud.availability_zone", document.text("availabilityZone"));
  builder.text("cloud.region", document.text("region"));
  builder.text("cloud.account.id", document.text("accountId"));
  builder.text("host.image.id", document.text("imageId"));
  builder.text("host.type", document.text("instanceType"));
  std::string remark;
  if (builder.wants("host.name")) {
    const auto host = service.text("hostname");
    if (host) builder.text("host.name", *host);
    if (!host) remark = "host.name: " + host.error().message;
  }
  if (builder.wants("k8s.cluster.name")) {
    const std::string name = cluster_name(service);
    builder.text_if_any("k8s.cluster.name", name);
    if (name.empty()) remark = "k8s.cluster.name: allow tags in the instance's metadata";
  }
  return {.resource = builder.finish(), .remark = std::move(remark)};
}

// "aws:///us-west-2a/i-049ca2df511bec762"
Result<Finding> from_node(const DetectorOptions& options, World& world, ResourceBuilder& builder) {
  const auto api = KubernetesApi::open(world, true);
  if (!api) return fail(api.error());
  const std::string name = options.node_from_env_var.empty()
                               ? ""
                               : world.variable(options.node_from_env_var).value_or("");
  if (name.empty()) return fail(Code::kUnavailable, "node_from_env_var does not name the node");
  const auto node = api->get("/api/v1/nodes/" + transport::encode_path_segment(name));
  if (!node) return fail(node.error());
  const std::string id = node->text("spec.providerID");
  const std::vector<std::string_view> parts = split(id, '/', 6);
  if (parts.size() < 5 || parts[0] != "aws:" || parts[3].empty() || parts[4].empty()) {
    return fail(Code::kUnavailable, "the node's providerID is \"" + id.substr(0, 256) + "\"");
  }
  builder.text("host.id", parts[4]);
  builder.text("cloud.availability_zone", parts[3]);
  builder.text("cloud.region", parts[3].substr(0, parts[3].size() - 1));
  return Finding{.resource = builder.finish(),
                 .remark = "the instance's metadata cannot be reached from this pod"};
}

}  // namespace

Result<Finding> detect_eks(const DetectorOptions& options, World& world) {
  const auto here = is_eks(world);
  if (!here) return missing(options, here.error().message);
  if (!*here) return missing(options, "this is not EKS");
  ResourceBuilder builder(options.wanted);
  builder.text("cloud.provider", "aws");
  builder.text("cloud.platform", "aws_eks");
  const auto service = InstanceMetadata::open(world);
  const auto document =
      service ? service->identity_document() : Result<JsonAnswer>(fail(service.error()));
  if (document) return from_metadata(*service, *document, builder);
  ResourceBuilder of_node = builder;
  if (auto found = from_node(options, world, of_node)) return found;
  if (options.fails_on_missing_metadata) return fail(document.error());
  return Finding{.resource = builder.finish(), .remark = document.error().message};
}

}  // namespace millrace::processors::resourcedetection
