#include "processors/resourcedetection/kubernetes_api.h"

#include <utility>

#include "access/field_text.h"

namespace millrace::processors::resourcedetection {
namespace {

constexpr Duration kApiLimit = 2s;
constexpr std::string_view kAccount = "/var/run/secrets/kubernetes.io/serviceaccount/";

}  // namespace

Result<KubernetesApi> KubernetesApi::open(World& world, bool verifies) {
  const std::string host = world.variable("KUBERNETES_SERVICE_HOST").value_or("");
  const std::string port = world.variable("KUBERNETES_SERVICE_PORT").value_or("");
  if (host.empty() || port.empty()) {
    return fail(Code::kUnavailable,
                "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set");
  }
  auto url = transport::parse_web_url("https://" + (host.contains(':') ? "[" + host + "]" : host) +
                                      ":" + port);
  if (!url) return fail(url.error());
  KubernetesApi made(world);
  made.url_ = std::move(*url);
  io::TlsOptions options;
  options.insecure_skip_verify = !verifies;
  if (verifies) {
    const auto token = world.read_file(std::string(kAccount) + "token");
    const auto authority = world.read_file(std::string(kAccount) + "ca.crt");
    if (!token || !authority) {
      return fail(Code::kUnavailable, "there is no service account in " + std::string(kAccount));
    }
    made.token_ = access::trimmed(*token);
    options.ca_pem = *authority;
    if (!access::is_value(made.token_)) {
      return fail(Code::kUnavailable, "the token of the service account is no text");
    }
  }
  auto tls = world.make_tls(options);
  if (!tls) return fail(std::move(tls.error()));
  made.tls_ = std::move(*tls);
  return made;
}

Result<JsonAnswer> KubernetesApi::get(std::string_view path) const {
  Question question{.url = url_.at(path), .limit = kApiLimit, .tls = tls_};
  if (!token_.empty()) question.fields.push_back({"authorization", "Bearer " + token_});
  return ask_json(world_, question);
}

}  // namespace millrace::processors::resourcedetection
