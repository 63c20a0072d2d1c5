#include "assembly/plan_guards.h"

#include <utility>

#include "access/auth_gate.h"
#include "assembly/tls_files.h"
#include "config/tls.h"

namespace millrace::assembly {

void GuardReader::read(ListenerPlan& listener) {
  const reception::ListenerOptions& protocol = listener.listener.options;
  AccessPlan& access = listener.access;
  access::AuthGateOptions gate;
  listener.tls = read_tls(protocol, gate.allowed_clients);
  if (protocol.auth) {
    if (const access::AuthExtension* found = find_auth(*protocol.auth)) {
      gate.authenticator = found->server;
      if (found->server == nullptr) {
        diagnostics_.error(protocol.auth->place, protocol.auth->path,
                           "failed to resolve authenticator \"" + protocol.auth->id +
                               "\": requested authenticator is not a server authenticator");
      }
    }
  }
  const bool by_identity =
      protocol.limits && protocol.limits->key == access::LimitOptions::Key::kIdentity;
  const bool has_certificates = protocol.tls && (protocol.tls->find("client_ca_file") != nullptr ||
                                                 protocol.tls->find("client_ca_pem") != nullptr);
  if (by_identity && !protocol.auth && !has_certificates) {
    diagnostics_.error(protocol.endpoint_place, "limits::key",
                       "identity needs auth, or tls with client_ca_file");
  }
  if (auto asked = access::make_auth_gate(std::move(gate))) {
    access.gates.push_back(std::move(asked));
  } else if (by_identity) {
    access.gates.push_back(access::make_certificate_gate());
  }
  if (protocol.limits) {
    access.limits = std::make_shared<access::ClientLimits>(*protocol.limits);
    access.gates.push_back(access.limits);
  }
}

std::shared_ptr<io::TlsServerContext> GuardReader::read_tls(
    const reception::ListenerOptions& protocol, std::vector<std::string>& allowed_clients) {
  if (!protocol.tls) return nullptr;
  config::Section section(*protocol.tls, diagnostics_, protocol.tls_path);
  io::TlsOptions options;
  config::read_server_tls(section, options);
  access::read_allowed_clients(section, allowed_clients);
  section.finish();
  options.alpn = {"h2", "http/1.1"};
  if (section.has_errors() || say_unreadable_files(section, options)) return nullptr;
  auto context = io::make_tls_server_context(options);
  if (!context) {
    section.error(context.error().message);
    return nullptr;
  }
  return std::move(*context);
}

std::shared_ptr<transport::CredentialSource> GuardReader::find_credentials(
    const access::AuthenticatorName& name, std::string_view exporter_type) {
  const access::AuthExtension* found = find_auth(name);
  if (found == nullptr) return nullptr;
  if (found->client == nullptr) {
    diagnostics_.error(
        name.place, name.path,
        "failed to resolve authenticator \"" + name.id + "\": requested authenticator is not a " +
            (exporter_type == "otlp_grpc" ? "gRPC" : "HTTP") + " client authenticator");
  }
  return found->client;
}

const access::AuthExtension* GuardReader::find_auth(const access::AuthenticatorName& name) {
  for (const AuthPlan& auth : auths_) {
    if (auth.id == name.id) return auth.extension.get();
  }
  const config::Component* component = document_.find(config::ComponentKind::kExtension, name.id);
  // One that could not be made has said so itself.
  if (component != nullptr && component->is_used && diagnostics_.has_errors_in(component->path)) {
    return nullptr;
  }
  std::string message =
      "failed to resolve authenticator \"" + name.id + "\": authenticator not found";
  if (component != nullptr && !component->is_used) {
    message += "; it is configured, but service::extensions does not name it";
  }
  diagnostics_.error(name.place, name.path, message);
  return nullptr;
}

}  // namespace millrace::assembly
