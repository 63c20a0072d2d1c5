#include "receivers/prometheus/http_options.h"

#include <utility>

#include "io/tls_files.h"

namespace millrace::receivers::prometheus {
namespace {

using config::Section;

void read_secret(Section& section, const char* key, const char* file_key, HttpOptions& into) {
  section.secret(key, &into.secret);
  section.text(file_key, &into.secret_file);
  if (!into.secret.empty() && !into.secret_file.empty()) {
    section.error_at(file_key, std::string("given together with ") + key + "; give one of them");
  }
}

void read_tls(Section& tls, HttpOptions& into) {
  io::TlsOptions options;
  tls.text("ca_file", &options.ca_file);
  tls.text("ca", &options.ca_pem);
  tls.text("cert_file", &options.cert_file);
  tls.text("cert", &options.cert_pem);
  tls.text("key_file", &options.key_file);
  tls.secret("key", &options.key_pem);
  tls.text("server_name", &options.server_name_override);
  tls.boolean("insecure_skip_verify", &options.insecure_skip_verify);
  const std::initializer_list<Section::Choice> versions = {
      {"TLS10", 10}, {"TLS11", 11}, {"TLS12", 12}, {"TLS13", 13}};
  int version = 0;
  if (tls.choice("min_version", &version, versions)) {
    options.min_version = "1." + std::to_string(version - 10);
  }
  if (tls.choice("max_version", &version, versions)) {
    options.max_version = "1." + std::to_string(version - 10);
  }
  into.tls_server_name = options.server_name_override;
  const std::vector<std::string> unreadable = io::unreadable_tls_files(options);
  for (const std::string& message : unreadable) tls.error(message);
  if (!unreadable.empty() || tls.has_errors()) return;
  auto context = io::make_tls_client_context(options);
  if (!context) return tls.error(context.error().message);
  into.tls = std::move(*context);
}

void read_authorization(Section& section, HttpOptions& into) {
  int ways = 0;
  section.section("basic_auth", [&](Section& basic) {
    ++ways;
    into.scheme = "Basic";
    basic.text("username", &into.username);
    basic.text("username_file", &into.username_file);
    basic.unsupported("username_ref", "there is no secret manager");
    basic.unsupported("password_ref", "there is no secret manager");
    read_secret(basic, "password", "password_file", into);
  });
  section.section("authorization", [&](Section& authorization) {
    ++ways;
    into.scheme = "Bearer";
    authorization.text("type", &into.scheme);
    authorization.unsupported("credentials_ref", "there is no secret manager");
    read_secret(authorization, "credentials", "credentials_file", into);
    if (into.scheme == "basic" || into.scheme == "Basic") {
      authorization.error_at("type", "give basic_auth for this type");
    }
  });
  if (section.has("bearer_token") || section.has("bearer_token_file")) {
    ++ways;
    into.scheme = "Bearer";
    read_secret(section, "bearer_token", "bearer_token_file", into);
  } else {
    section.find("bearer_token");
    section.find("bearer_token_file");
  }
  if (ways > 1) {
    section.error("at most one of basic_auth, authorization, bearer_token and bearer_token_file");
  }
}

}  // namespace

void read_http_options(Section& section, HttpOptions& into) {
  read_authorization(section, into);
  section.unsupported(
      "oauth2",
      "targets are asked with basic_auth or authorization; let a program of yours "
      "write the token to the credentials_file, which is read again when it changes");
  section.section("tls_config", [&](Section& tls) { read_tls(tls, into); });
  std::string proxy_url;
  if (section.text("proxy_url", &proxy_url) && !proxy_url.empty()) {
    auto proxy = transport::parse_proxy_url(proxy_url);
    if (proxy) {
      into.proxy = std::move(*proxy);
    } else {
      section.error_at("proxy_url", proxy.error().message);
    }
  }
  section.unsupported("no_proxy", "give proxy_url where a proxy is wanted");
  section.unsupported("proxy_from_environment", "give proxy_url");
  section.unsupported("proxy_connect_header", "the proxy gets no other headers");
  section.unsupported("http_headers", "headers cannot be added");
  section.boolean("follow_redirects", &into.follow_redirects);
  section.ignored("enable_http2", "targets are asked over HTTP/1.1");
}

}  // namespace millrace::receivers::prometheus
