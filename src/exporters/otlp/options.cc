#include "exporters/otlp/options.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "transport/client/proxy.h"
#include "transport/grpc_coding.h"

namespace millrace::exporters {
namespace {

using config::Section;

enum class OtlpProtocol : uint8_t { kGrpc, kHttp };

// otelcol's names; gRPC has fewer of them.
void read_compression(Section& exporter, OtlpProtocol protocol, ClientSettings& into) {
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

void read_shared(Section& exporter, OtlpProtocol protocol, ClientSettings& into) {
  read_compression(exporter, protocol, into);
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
  read_client_settings(exporter, into);
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
  read_http_client_settings(exporter, into);
  read_compression_level(exporter, into);
  exporter.choice(
      "encoding", &into.encoding,
      {{"proto", static_cast<int>(Encoding::kProto)}, {"json", static_cast<int>(Encoding::kJson)}});
  read_proxy(exporter, into.targets);
  if (into.uses_tls()) drop_tls_settings_of_insecure_https(exporter, into.tls);
}

}  // namespace millrace::exporters
