// The API server of the cluster that this process runs in, as the pod's service account. Belongs to
// one attempt of one detector.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "processors/resourcedetection/question.h"

namespace millrace::processors::resourcedetection {

class KubernetesApi {
 public:
  // Reads the service account's files. Error: this is not a pod, or it has no service account.
  // Without `verifies`, any server is believed and no token is sent.
  static Result<KubernetesApi> open(World& world, bool verifies);
  // `path` begins with '/'.
  Result<JsonAnswer> get(std::string_view path) const;

 private:
  explicit KubernetesApi(World& world) : world_(world) {}

  World& world_;
  transport::WebUrl url_;
  std::string token_;  // a secret
  std::shared_ptr<io::TlsClientContext> tls_;
};

}  // namespace millrace::processors::resourcedetection
