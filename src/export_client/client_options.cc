#include "export_client/client_options.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/url_text.h"
#include "io/tls.h"
#include "transport/client/proxy.h"

namespace millrace::exporters {
namespace {

using config::Section;

void read_headers(Section& client, ClientSettings& into) {
  client.headers("headers", &into.headers);
  for (const MetadataEntry& entry : into.headers) {
    const auto is_token = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
             std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
    };
    const bool is_binary = entry.name.ends_with("-bin");
    if (entry.name.empty() || !std::ranges::all_of(entry.name, is_token)) {
      client.error_at("headers", "\"" + entry.name + "\" is not a header name");
    } else if (!is_binary && std::ranges::any_of(entry.value, [](char c) {
                 const auto byte = static_cast<unsigned char>(c);
                 return (byte < ' ' && c != '\t') || byte == 0x7f;
               })) {
      // The value is a secret and not shown.
      client.error_at("headers", "control characters in the value of \"" + entry.name + "\"");
    }
  }
}

// `insecure` as otelcol takes it (configtls, ClientConfig.LoadTLSConfig): it counts for nothing
// beside an authority.
void settle_insecure(Section& tls, config::ClientTls& into) {
  const bool has_authority = !into.options.ca_file.empty() || !into.options.ca_pem.empty();
  if (!into.insecure || !has_authority) return;
  into.insecure = false;
  tls.warning_at("insecure", "has no effect beside ca_file or ca_pem, as in otelcol: TLS is used");
}

void read_http_keepalive(Section& client, HttpClientSettings& into) {
  bool enabled = true;
  const auto read = [&](Section& from) {
    from.duration("idle_conn_timeout", &into.idle_max);
    from.ignored("max_idle_conns", "connections are bounded by max_conns_per_host");
    from.ignored("max_idle_conns_per_host", "connections are bounded by max_conns_per_host");
  };
  constexpr std::array<std::string_view, 4> kFlat = {
      "idle_conn_timeout", "max_idle_conns", "max_idle_conns_per_host", "disable_keep_alives"};
  const bool flat = std::ranges::any_of(kFlat, [&](auto key) { return client.has(key); });
  if (flat && client.has("keepalive")) {
    client.error_at("keepalive",
                    "given together with its old spelling, idle_conn_timeout and "
                    "its kind; give only keepalive");
  }
  client.section("keepalive", [&](Section& keepalive) {
    keepalive.boolean("enabled", &enabled);
    read(keepalive);
  });
  read(client);
  bool disabled = false;
  client.boolean("disable_keep_alives", &disabled);
  if (disabled || !enabled) {
    client.error_at(disabled ? "disable_keep_alives" : "keepalive",
                    "a connection for each request is not in this version; leave it out");
  }
}

}  // namespace

void read_client_settings(Section& client, ClientSettings& into) {
  read_headers(client, into);
  client.section("tls", [&](Section& tls) {
    config::read_client_tls(tls, into.tls);
    settle_insecure(tls, into.tls);
  });
  access::read_auth(client, into.auth);
  client.unsupported("middlewares", "middleware extensions are not in this version");
  client.ignored("read_buffer_size", "buffers fit the message by themselves");
  client.ignored("write_buffer_size", "buffers fit the message by themselves");
}

void read_http_client_settings(Section& client, HttpClientSettings& into) {
  read_client_settings(client, into);
  client.integer("max_conns_per_host", &into.connections_max, {0, 10'000});
  read_http_keepalive(client, into);
  client.boolean("force_attempt_http2", &into.http2);
  client.duration("http2_read_idle_timeout", &into.ping_after);
  Duration ping_timeout{};
  client.duration("http2_ping_timeout", &ping_timeout);
  if (ping_timeout > Duration(0)) into.ping_timeout = ping_timeout;
  client.section("cookies", [&](Section& cookies) {
    bool enabled = true;
    cookies.boolean("enabled", &enabled);
    if (enabled) cookies.error("cookies are not in this version");
  });
}

std::optional<ClientEndpoint> read_url(Section& client, std::string_view key) {
  std::string text;
  if (!client.text(key, &text) || text.empty()) return {};
  Result<ClientEndpoint> parsed = parse_http_endpoint(text);
  if (!parsed) {
    if (Result<ClientEndpoint> odd = parse_url_without_http(text)) parsed = std::move(odd);
  }
  if (!parsed) {
    client.error_at(key, parsed.error().message);
    return {};
  }
  if (parsed->has_no_http_scheme) {
    client.warning_at(key,
                      "\"" + hide_url_secrets(text) +
                          "\" has no http:// or https://; as in otelcol every request will fail "
                          "with: unsupported protocol scheme \"" +
                          parsed->unsupported_scheme + "\"");
  }
  return std::move(*parsed);
}

void read_proxy(Section& client, std::span<std::optional<ClientEndpoint>> targets) {
  std::string url;
  std::optional<transport::Proxy> configured;
  if (client.text("proxy_url", &url) && !url.empty()) {
    Result<transport::Proxy> parsed = transport::parse_proxy_url(url);
    if (!parsed) return client.error_at("proxy_url", parsed.error().message);
    configured = std::move(*parsed);
  }
  const transport::ProxyEnvironment environment = transport::read_proxy_environment();
  for (std::optional<ClientEndpoint>& target : targets) {
    if (!target || target->has_no_http_scheme) continue;
    target->proxy = configured;
    if (configured) continue;
    const bool is_https = target->scheme == EndpointScheme::kHttps;
    auto proxy = transport::proxy_for(
        environment, is_https ? transport::ProxiedScheme::kHttps : transport::ProxiedScheme::kHttp,
        target->host, target->port);
    if (!proxy) return client.error(proxy.error().message);
    target->proxy = std::move(*proxy);
  }
}

void drop_tls_settings_of_insecure_https(Section& client, config::ClientTls& into) {
  if (!into.insecure) return;
  if (into.options.insecure_skip_verify || !into.options.server_name_override.empty() ||
      !into.options.cert_file.empty() || !into.options.cert_pem.empty()) {
    client.warning_at("tls",
                      "with insecure: true and https the other keys have no effect, as in "
                      "otelcol: the server is verified with the system's authorities");
  }
  into.options = {};
}

Status load_tls(ClientSettings& settings, bool uses_tls) {
  if (!uses_tls) return {};
  auto made = io::make_tls_client_context(settings.tls.options);
  if (!made) return fail(made.error());
  settings.tls_context = std::move(*made);
  return {};
}

}  // namespace millrace::exporters
