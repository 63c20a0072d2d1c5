#include <string>
#include <utility>

#include "processors/resourcedetection/detector.h"
#include "processors/resourcedetection/kubernetes_api.h"

namespace millrace::processors::resourcedetection {

Result<Finding> detect_k8s_api(const DetectorOptions& options, World& world) {
  const std::string variable =
      options.node_from_env_var.empty() ? "K8S_NODE_NAME" : options.node_from_env_var;
  const std::string node_name = world.variable(variable).value_or("");
  if (node_name.empty()) return missing(options, variable + ", the node's name, is not set");
  const auto api = KubernetesApi::open(world, options.verifies_api_server);
  if (!api) return missing(options, api.error().message);
  ResourceBuilder builder(options.wanted);
  if (builder.wants("k8s.node.uid") || builder.wants("k8s.node.name")) {
    const auto node = api->get("/api/v1/nodes/" + transport::encode_path_segment(node_name));
    if (!node) return missing(options, node.error().message);
    builder.text("k8s.node.uid", node->text("metadata.uid"));
    builder.text("k8s.node.name", node->text("metadata.name"));
  }
  if (!builder.wants("k8s.cluster.uid")) return Finding{.resource = builder.finish()};
  const auto space = api->get("/api/v1/namespaces/kube-system");
  if (!space && space.error().code != Code::kPermissionDenied) return fail(space.error());
  if (!space) {
    return Finding{.resource = builder.finish(),
                   .remark = "k8s.cluster.uid: " + space.error().message +
                             "; grant get on the namespace kube-system"};
  }
  const std::string uid = space->text("metadata.uid");
  if (uid.empty()) return fail(Code::kUnavailable, "the namespace kube-system has no uid");
  builder.text("k8s.cluster.uid", uid);
  return Finding{.resource = builder.finish()};
}

}  // namespace millrace::processors::resourcedetection
