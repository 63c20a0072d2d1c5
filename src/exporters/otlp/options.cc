#include "exporters/otlp/options.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/url_text.h"
#include "transport/client/proxy.h"
#include "transport/grpc_coding.h"

namespace millrace::exporters {
namespace {

using config::Section;

enum class OtlpProtocol : uint8_t { kGrpc, kHttp };

// otelcol's names; gRPC has fewer of them.
void read_compression(Section& exporter, OtlpProtocol protocol, OtlpClientOptions& into) {
  std::string name;
  if (!exporter.text("compression", &name)) return;
  const bool is_grpc = protocol == OtlpProtocol::kGrpc;
  constexpr std::array<std::string_view, 8> kNames = {
      "", "none", "gzip", "zstd", "snappy", "zlib", "deflate", "x-snappy-framed"};
  constexpr size_t kGrpcNameCount = 5;
  const auto end = kNames.begin() + (is_grpc ? kGrpcNameCount : kNames.size());
  if (std::find(kNames.begin(), end, name) == end) {
    std::string allowed = "gzip, zstd, snappy";
    if (!is_grpc) allowed += ", zlib, deflate, x-snappy-framed";
    exporter.error_at("compression",
                      (name == "lz4" ? "lz4 is not in this version; " : "") +
                          ("expected " + allowed + " or none, found \"" + name + "\""));
    return;
  }
  into.compression =
      is_grpc ? *transport::coding_of_grpc_name(name) : *compress::coding_from_name(name);
}

void read_headers(Section& exporter, OtlpClientOptions& into) {
  exporter.headers("headers", &into.headers);
  for (const MetadataEntry& entry : into.headers) {
    const auto is_token = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
             std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
    };
    const bool is_binary = entry.name.ends_with("-bin");
    if (entry.name.empty() || !std::ranges::all_of(entry.name, is_token)) {
      exporter.error_at("headers", "\"" + entry.name + "\" is not a header name");
    } else if (!is_binary && std::ranges::any_of(entry.value, [](char c) {
                 const auto byte = static_cast<unsigned char>(c);
                 return (byte < ' ' && c != '\t') || byte == 0x7f;
               })) {
      // The value is a secret and not shown.
      exporter.error_at("headers", "control characters in the value of \"" + entry.name + "\"");
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

// With `insecure` otelcol makes no TLS settings, and https then means Go's defaults.
void drop_tls_settings_of_insecure_https(Section& exporter, config::ClientTls& into) {
  if (!into.insecure) return;
  if (into.options.insecure_skip_verify || !into.options.server_name_override.empty() ||
      !into.options.cert_file.empty() || !into.options.cert_pem.empty()) {
    exporter.warning_at("tls",
                        "with insecure: true and https the other keys have no effect, as in "
                        "otelcol: the server is verified with the system's authorities");
  }
  into.options = {};
}

// As Go: proxy_url for every URL, or what the environment says.
void read_proxy(Section& exporter, HttpOptions& into) {
  std::string url;
  std::optional<transport::Proxy> configured;
  if (exporter.text("proxy_url", &url) && !url.empty()) {
    Result<transport::Proxy> parsed = transport::parse_proxy_url(url);
    if (!parsed) return exporter.error_at("proxy_url", parsed.error().message);
    configured = std::move(*parsed);
  }
  const transport::ProxyEnvironment environment = transport::read_proxy_environment();
  for (std::optional<ClientEndpoint>& target : into.targets) {
    if (!target || target->has_no_http_scheme) continue;
    target->proxy = configured;
    if (configured) continue;
    const bool is_https = target->scheme == EndpointScheme::kHttps;
    auto proxy = transport::proxy_for(
        environment, is_https ? transport::ProxiedScheme::kHttps : transport::ProxiedScheme::kHttp,
        target->host, target->port);
    if (!proxy) return exporter.error(proxy.error().message);
    target->proxy = std::move(*proxy);
  }
}

void read_shared(Section& exporter, OtlpProtocol protocol, OtlpClientOptions& into) {
  read_compression(exporter, protocol, into);
  read_headers(exporter, into);
  exporter.section("tls", [&](Section& tls) {
    config::read_client_tls(tls, into.tls);
    settle_insecure(tls, into.tls);
  });
  access::read_auth(exporter, into.auth);
  exporter.unsupported("middlewares", "middleware extensions are not in this version");
  exporter.ignored("read_buffer_size", "buffers fit the message by themselves");
  exporter.ignored("write_buffer_size", "buffers fit the message by themselves");
  config::read_exporter_helper(exporter, into.helper);
}

void read_grpc_keepalive(Section& keepalive, GrpcOptions& into) {
  // otelcol's defaults once keepalive is mentioned.
  into.ping_after = 10s;
  into.ping_timeout = 10s;
  keepalive.duration("time", &into.ping_after);
  keepalive.duration("timeout", &into.ping_timeout);
  bool without_stream = false;
  keepalive.boolean("permit_without_stream", &without_stream);
  if (without_stream) {
    keepalive.error_at("permit_without_stream",
                       "pings without a request under way are not in this version");
  }
  // As grpc-go: what is shorter would make servers say too_many_pings.
  if (into.ping_after > Duration(0)) into.ping_after = std::max<Duration>(into.ping_after, 10s);
}

std::optional<ClientEndpoint> read_url(Section& exporter, std::string_view key) {
  std::string text;
  if (!exporter.text(key, &text) || text.empty()) return {};
  Result<ClientEndpoint> parsed = parse_http_endpoint(text);
  if (!parsed) {
    if (Result<ClientEndpoint> odd = parse_url_without_http(text)) parsed = std::move(odd);
  }
  if (!parsed) {
    exporter.error_at(key, parsed.error().message);
    return {};
  }
  if (parsed->has_no_http_scheme) {
    exporter.warning_at(key,
                        "\"" + hide_url_secrets(text) +
                            "\" has no http:// or https://; as in otelcol every request will fail "
                            "with: unsupported protocol scheme \"" +
                            parsed->unsupported_scheme + "\"");
  }
  return std::move(*parsed);
}

void read_http_endpoints(Section& exporter, HttpOptions& into) {
  exporter.text("endpoint", &into.endpoint);
  const std::optional<ClientEndpoint> base = read_url(exporter, "endpoint");
  if (base && base->path.find('?') != std::string::npos) {
    exporter.error_at("endpoint", "a query belongs in traces_endpoint and its kind");
  }
  constexpr std::array<std::string_view, kSignalCount> kPaths = {
      "/v1/traces", "/v1/metrics", "/v1/logs", "/v1development/profiles"};
  bool any = false;
  for (const Signal signal : kSignals) {
    const std::string key = std::string(signal_name(signal)) + "_endpoint";
    std::optional<ClientEndpoint>& target = into.targets[index_of(signal)];
    target = read_url(exporter, key);
    any = any || exporter.has(key);
    if (!target && base) {
      target = base;
      target->path += kPaths[index_of(signal)];
    }
  }
  if (into.endpoint.empty() && !any) exporter.error("at least one endpoint must be specified");
}

void read_http_keepalive(Section& exporter, HttpOptions& into) {
  bool enabled = true;
  const auto read = [&](Section& from) {
    from.duration("idle_conn_timeout", &into.idle_max);
    from.ignored("max_idle_conns", "connections are bounded by max_conns_per_host");
    from.ignored("max_idle_conns_per_host", "connections are bounded by max_conns_per_host");
  };
  constexpr std::array<std::string_view, 4> kFlat = {
      "idle_conn_timeout", "max_idle_conns", "max_idle_conns_per_host", "disable_keep_alives"};
  const bool flat = std::ranges::any_of(kFlat, [&](auto key) { return exporter.has(key); });
  if (flat && exporter.has("keepalive")) {
    exporter.error_at("keepalive",
                      "given together with its old spelling, idle_conn_timeout and "
                      "its kind; give only keepalive");
  }
  exporter.section("keepalive", [&](Section& keepalive) {
    keepalive.boolean("enabled", &enabled);
    read(keepalive);
  });
  read(exporter);
  bool disabled = false;
  exporter.boolean("disable_keep_alives", &disabled);
  if (disabled || !enabled) {
    exporter.error_at(disabled ? "disable_keep_alives" : "keepalive",
                      "a connection for each request is not in this version; leave it out");
  }
}

void read_compression_level(Section& exporter, HttpOptions& into) {
  exporter.section("compression_params", [&](Section& parameters) {
    int64_t level = 0;
    if (!parameters.integer("level", &level, {-2, 22}) || level == 0) return;
    if (into.compression == compress::Coding::kIdentity) {
      parameters.error_at("level", "there is no level without compression");
    } else if (into.compression == compress::Coding::kSnappy ||
               into.compression == compress::Coding::kSnappyFramed) {
      parameters.error_at("level", "snappy has no levels");
    } else if (into.compression != compress::Coding::kZstd && level > 9) {
      parameters.error_at("level", "expected -2 to 9 for " +
                                       std::string(compress::coding_name(into.compression)) +
                                       ", found " + std::to_string(level));
    } else if (level > 0) {
      into.compression_level = static_cast<int>(level);
    }
  });
}

}  // namespace

bool GrpcOptions::uses_tls() const {
  return target.scheme == EndpointScheme::kHttps || !tls.insecure;
}

bool HttpOptions::uses_tls() const {
  return std::ranges::any_of(targets, [](const std::optional<ClientEndpoint>& target) {
    return target && target->scheme == EndpointScheme::kHttps;
  });
}

void read_grpc_options(Section& exporter, GrpcOptions& into) {
  exporter.text("endpoint", &into.endpoint);
  if (Result<ClientEndpoint> target = parse_grpc_endpoint(into.endpoint)) {
    into.target = std::move(*target);
  } else if (exporter.has("endpoint")) {
    exporter.error_at("endpoint", target.error().message);
  } else {
    exporter.error(target.error().message);
  }
  read_shared(exporter, OtlpProtocol::kGrpc, into);
  if (into.target.scheme == EndpointScheme::kHttps) {
    drop_tls_settings_of_insecure_https(exporter, into.tls);
  } else if (into.target.scheme == EndpointScheme::kHttp && !into.tls.insecure) {
    exporter.warning_at("endpoint",
                        "\"http://\" does not turn TLS off, as in otelcol; for clear text say "
                        "tls: {insecure: true}");
  }
  if (!into.target.is_unix()) {
    // As grpc-go, which asks for the proxy of https whatever the connection is.
    auto proxy =
        transport::proxy_for(transport::read_proxy_environment(), transport::ProxiedScheme::kHttps,
                             into.target.host, into.target.port);
    if (!proxy) exporter.error(proxy.error().message);
    if (proxy) into.target.proxy = std::move(*proxy);
  }
  exporter.text("user_agent", &into.user_agent);
  exporter.text("authority", &into.authority);
  exporter.section("keepalive", [&](Section& keepalive) { read_grpc_keepalive(keepalive, into); });
  enum class Balancer : uint8_t { kRoundRobin, kPickFirst };
  Balancer balancer = into.pick_first ? Balancer::kPickFirst : Balancer::kRoundRobin;
  exporter.choice("balancer_name", &balancer,
                  {{"round_robin", static_cast<int>(Balancer::kRoundRobin)},
                   {"pick_first", static_cast<int>(Balancer::kPickFirst)}});
  into.pick_first = balancer == Balancer::kPickFirst;
  exporter.ignored("wait_for_ready", "requests wait for a connection that is being made");
  exporter.boolean("retry_resource_exhausted", &into.retry_resource_exhausted);
}

void read_http_options(Section& exporter, HttpOptions& into) {
  read_http_endpoints(exporter, into);
  read_shared(exporter, OtlpProtocol::kHttp, into);
  read_compression_level(exporter, into);
  exporter.choice(
      "encoding", &into.encoding,
      {{"proto", static_cast<int>(Encoding::kProto)}, {"json", static_cast<int>(Encoding::kJson)}});
  exporter.integer("max_conns_per_host", &into.connections_max, {0, 10'000});
  read_http_keepalive(exporter, into);
  exporter.boolean("force_attempt_http2", &into.http2);
  exporter.duration("http2_read_idle_timeout", &into.ping_after);
  Duration ping_timeout{};
  exporter.duration("http2_ping_timeout", &ping_timeout);
  if (ping_timeout > Duration(0)) into.ping_timeout = ping_timeout;
  read_proxy(exporter, into);
  if (into.uses_tls()) drop_tls_settings_of_insecure_https(exporter, into.tls);
  exporter.section("cookies", [&](Section& cookies) {
    bool enabled = true;
    cookies.boolean("enabled", &enabled);
    if (enabled) cookies.error("cookies are not in this version");
  });
}

namespace {

Status load(OtlpClientOptions& options, bool uses_tls) {
  if (!uses_tls) return {};
  auto made = io::make_tls_client_context(options.tls.options);
  if (!made) return fail(made.error());
  options.tls_context = std::move(*made);
  return {};
}

}  // namespace

Status load_tls(GrpcOptions& options) { return load(options, options.uses_tls()); }
Status load_tls(HttpOptions& options) { return load(options, options.uses_tls()); }

}  // namespace millrace::exporters
