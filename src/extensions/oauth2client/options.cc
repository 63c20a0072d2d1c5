#include "extensions/oauth2client/options.h"

#include <algorithm>
#include <string_view>

namespace millrace::extensions {
namespace {

using config::Section;

// A mapping of names to a text or a list of texts.
void read_endpoint_params(Section& section, OAuth2ClientOptions& into) {
  const yaml::Node* node = section.find("endpoint_params");
  if (node == nullptr || node->kind == yaml::Node::Kind::kNull) return;
  if (node->kind != yaml::Node::Kind::kMapping) {
    return section.error_at("endpoint_params", "expected a mapping of names to texts or lists");
  }
  for (const yaml::Node::Entry& entry : node->mapping) {
    if (entry.value.kind == yaml::Node::Kind::kScalar) {
      into.endpoint_params.emplace_back(entry.key, entry.value.scalar);
      continue;
    }
    const bool is_list = entry.value.kind == yaml::Node::Kind::kSequence &&
                         std::ranges::all_of(entry.value.sequence, [](const yaml::Node& each) {
                           return each.kind == yaml::Node::Kind::kScalar;
                         });
    if (!is_list) {
      section.error_at("endpoint_params", entry.key + ": expected a text or a list of texts");
      continue;
    }
    for (const yaml::Node& each : entry.value.sequence) {
      into.endpoint_params.emplace_back(entry.key, each.scalar);
    }
  }
}

void read_token_url(Section& section, OAuth2ClientOptions& into) {
  std::string text;
  section.text("token_url", &text);
  if (text.empty()) {
    return section.error("no TokenURL provided in OAuth Client Credentials configuration");
  }
  auto url = transport::parse_web_url(text);
  if (!url) return section.error_at("token_url", url.error().message);
  if (!url->uses_tls) {
    section.warning_at("token_url", "the client's secret goes over the wire in clear text");
  }
  into.token_url = std::move(*url);
}

void read_grant_type(Section& section) {
  std::string type = "client_credentials";
  section.text("grant_type", &type);
  if (type == "urn:ietf:params:oauth:grant-type:jwt-bearer") {
    section.error_at("grant_type", type + " is not in this version; use client_credentials");
  } else if (type != "client_credentials" && !type.empty()) {
    section.error_at("grant_type", "unknown grant type \"" + type + "\"");
  }
  for (const char* key :
       {"client_certificate_key", "client_certificate_key_file", "client_certificate_key_id",
        "signature_algorithm", "iss", "audience", "claims"}) {
    section.unsupported(key, "it belongs to the grant type jwt-bearer");
  }
}

}  // namespace

void read_oauth2_client(Section& section, OAuth2ClientOptions& into) {
  section.text("client_id", &into.client_id);
  section.text("client_id_file", &into.client_id_file);
  section.secret("client_secret", &into.client_secret);
  section.text("client_secret_file", &into.client_secret_file);
  if (into.client_id.empty() && into.client_id_file.empty()) {
    section.error("no ClientID provided in the OAuth2 exporter configuration");
  }
  if (into.client_secret.empty() && into.client_secret_file.empty()) {
    section.error("no ClientSecret provided in OAuth Client Credentials configuration");
  }
  read_token_url(section, into);
  read_grant_type(section);
  section.text_list("scopes", &into.scopes);
  read_endpoint_params(section, into);
  section.duration("timeout", &into.timeout);
  section.duration("expiry_buffer", &into.expiry_buffer);
  section.section("tls", [&](Section& tls) { config::read_client_tls(tls, into.tls); });
}

}  // namespace millrace::extensions
