#include "access/auth_options.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace millrace::access {

void read_auth(config::Section& section, std::optional<AuthenticatorName>& into) {
  const yaml::Node* value = section.find("auth");
  if (value != nullptr && value->kind == yaml::Node::Kind::kNull) {
    return section.warning_at("auth", "is empty, so there is no authentication");
  }
  section.section("auth", [&](config::Section& auth) {
    AuthenticatorName name{.id = {}, .path = auth.path(), .place = auth.node().place};
    if (const yaml::Node* id = auth.find("authenticator")) name.place = id->place;
    auth.text("authenticator", &name.id);
    auth.unsupported("request_params",
                     "credentials in the query are not in this version; they end up in logs");
    if (name.id.empty()) {
      auth.error("authenticator must name an extension, like basicauth");
    } else {
      into = std::move(name);
    }
  });
}

void read_allowed_clients(config::Section& tls, std::vector<std::string>& into) {
  constexpr std::array<std::string_view, 6> kKinds = {
      "subject:", "cn:", "dns:", "uri:", "email:", "ip:"};
  if (!tls.text_list("allowed_clients", &into)) return;
  for (const std::string& pattern : into) {
    const bool has_kind = std::ranges::any_of(kKinds, [&](std::string_view kind) {
      return pattern.starts_with(kind) && pattern.size() > kind.size();
    });
    if (!has_kind) {
      tls.error_at("allowed_clients",
                   "expected subject:, cn:, dns:, uri:, email: or ip: and a pattern, like "
                   "dns:*.example.com, found \"" +
                       pattern + "\"");
    }
  }
  if (into.empty()) {
    tls.error_at("allowed_clients",
                 "the empty list allows no client; leave it out to allow every certificate");
  }
  if (!tls.has("client_ca_file") && !tls.has("client_ca_pem")) {
    tls.error_at("allowed_clients", "needs client_ca_file; without it clients show no certificate");
  }
}

}  // namespace millrace::access
