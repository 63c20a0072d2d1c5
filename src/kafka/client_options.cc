#include "kafka/client_options.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

#include "config/tls.h"

namespace millrace::kafka {
namespace {

using config::Section;

constexpr std::string_view kNegotiated = "librdkafka and the broker agree on the versions";

struct Sasl {
  std::string mechanism = "PLAIN";
  std::string username;
  std::string password;
};

// otelcol takes one address as a text as well.
void read_brokers(Section& section, ClientOptions& into) {
  std::vector<std::string> brokers = {"localhost:9092"};
  const yaml::Node* const node = section.find("brokers");
  if (node != nullptr && node->kind == yaml::Node::Kind::kScalar) {
    std::string text;
    section.text("brokers", &text);
    brokers = {text};
  } else {
    section.text_list("brokers", &brokers);
  }
  for (const std::string& broker : brokers) {
    if (broker.empty()) section.error_at("brokers", "an address must not be empty");
    if (!into.brokers.empty()) into.brokers += ',';
    into.brokers += broker;
  }
  if (brokers.empty()) section.error_at("brokers", "at least one address is needed");
  into.properties.emplace_back("bootstrap.servers", into.brokers);
}

void read_sasl(Section& sasl, Sasl& into) {
  sasl.text("username", &into.username);
  sasl.secret("password", &into.password);
  into.mechanism.clear();
  sasl.text("mechanism", &into.mechanism);
  sasl.ignored("version", kNegotiated);
  sasl.unsupported("aws_msk", "tokens of AWS are not in this version");
  sasl.unsupported("oauthbearer_token_source", "OAUTHBEARER is not in this version");
  constexpr std::string_view kMechanisms[] = {"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"};
  if (std::ranges::find(kMechanisms, into.mechanism) == std::end(kMechanisms)) {
    sasl.error_at("mechanism", "expected PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512, found \"" +
                                   into.mechanism + "\"");
  }
  if (into.username.empty()) sasl.error("username is required");
  if (into.password.empty()) sasl.error("password is required");
}

void read_tls(Section& tls, std::optional<config::ClientTls>& into) {
  config::ClientTls read;
  config::read_client_tls(tls, read);
  const io::TlsOptions& options = read.options;
  const auto refuse = [&](const char* key, bool is_given) {
    if (is_given) tls.error_at(key, "librdkafka has no such setting; leave it out");
  };
  refuse("server_name_override", !options.server_name_override.empty());
  refuse("cipher_suites", !options.cipher_suites.empty());
  refuse("curve_preferences", !options.curve_preferences.empty());
  refuse("include_system_ca_certs_pool", options.include_system_ca_certs_pool &&
                                             (!options.ca_file.empty() || !options.ca_pem.empty()));
  refuse("min_version", options.min_version != "1.2");
  refuse("max_version", !options.max_version.empty());
  // As in otelcol, `insecure` counts for nothing beside an authority.
  if (read.insecure && options.ca_file.empty() && options.ca_pem.empty()) return;
  into = std::move(read);
}

void add_tls(const io::TlsOptions& tls, Properties& into) {
  const std::pair<const char*, const std::string*> kTexts[] = {
      {"ssl.ca.location", &tls.ca_file},
      {"ssl.ca.pem", &tls.ca_pem},
      {"ssl.certificate.location", &tls.cert_file},
      {"ssl.certificate.pem", &tls.cert_pem},
      {"ssl.key.location", &tls.key_file},
      {"ssl.key.pem", &tls.key_pem}};
  for (const auto& [name, value] : kTexts) {
    if (!value->empty()) into.emplace_back(name, *value);
  }
  const char* const verifies = tls.insecure_skip_verify ? "false" : "true";
  into.emplace_back("enable.ssl.certificate.verification", verifies);
  into.emplace_back("ssl.endpoint.identification.algorithm",
                    tls.insecure_skip_verify ? "none" : "https");
}

void read_metadata(Section& section, Properties& into) {
  Duration refresh = 10min;
  section.section("metadata", [&](Section& metadata) {
    metadata.ignored("full", "only the topics in use are asked for");
    metadata.duration("refresh_interval", &refresh);
    metadata.section("retry", [](Section& retry) {
      retry.ignored("max", "librdkafka asks until it is answered");
      retry.ignored("backoff", "librdkafka asks until it is answered");
    });
  });
  if (refresh > Duration(0)) {
    into.emplace_back("topic.metadata.refresh.interval.ms", milliseconds(refresh));
  }
}

}  // namespace

std::string milliseconds(Duration duration) {
  const auto count = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
  return std::to_string(std::max<int64_t>(1, count));
}

std::string missing_in_version(const ClientOptions& options, int version) {
  constexpr int kScramIsMended = 0x020601ff;
  const bool uses_scram = std::ranges::any_of(options.properties, [](const auto& property) {
    return property.first == "sasl.mechanism" && property.second.starts_with("SCRAM");
  });
  if (!uses_scram || version >= kScramIsMended) return {};
  return "brokers of Kafka 4 refuse the SCRAM of librdkafka before 2.6.1; this one is older. Use "
         "PLAIN over tls, or a newer librdkafka";
}

void warn_of_version(Section& section, const ClientOptions& options, int version) {
  const std::string missing = missing_in_version(options, version);
  if (!missing.empty()) section.warning_at("auth", missing);
}

void read_client_options(Section& section, ClientOptions& into) {
  read_brokers(section, into);
  section.ignored("protocol_version", kNegotiated);
  bool canonical = false;
  section.boolean("resolve_canonical_bootstrap_servers_only", &canonical);
  if (canonical) {
    section.error_at("resolve_canonical_bootstrap_servers_only",
                     "is not in this version; name the brokers as their certificates do");
  }
  std::string client_id = "otel-collector";
  section.text("client_id", &client_id);
  into.properties.emplace_back("client.id", client_id);
  std::string rack;
  section.text("rack_id", &rack);
  if (!rack.empty()) into.properties.emplace_back("client.rack", rack);
  section.ignored("use_leader_epoch", "librdkafka 2.0 sends no leader epoch");
  Duration idle = 9min;
  section.duration("conn_idle_timeout", &idle);
  into.properties.emplace_back("connections.max.idle.ms",
                               idle > Duration(0) ? milliseconds(idle) : "0");
  read_metadata(section, into.properties);

  std::optional<config::ClientTls> tls;
  std::optional<Sasl> sasl;
  section.section("auth", [&](Section& auth) {
    if (auth.deprecated("plain_text", "auth::sasl with mechanism: PLAIN")) {
      auth.section("plain_text", [&](Section& plain) {
        sasl.emplace();
        plain.text("username", &sasl->username);
        plain.secret("password", &sasl->password);
      });
    }
    auth.section("sasl", [&](Section& keys) { read_sasl(keys, sasl.emplace()); });
    auth.unsupported("kerberos", "Kerberos is not in this version; use SCRAM over TLS");
    if (auth.deprecated("tls", "tls")) {
      auth.section("tls", [&](Section& keys) { read_tls(keys, tls); });
    }
  });
  if (section.has("tls")) tls.reset();
  section.section("tls", [&](Section& keys) { read_tls(keys, tls); });

  Properties& properties = into.properties;
  const std::string transport = tls ? "ssl" : "plaintext";
  properties.emplace_back("security.protocol", sasl ? "sasl_" + transport : transport);
  if (tls) add_tls(tls->options, properties);
  if (!sasl) return;
  if (!tls && sasl->mechanism == "PLAIN") {
    section.warning_at("auth", "the credentials go over the wire in clear text; use tls");
  }
  properties.emplace_back("sasl.mechanism", sasl->mechanism);
  properties.emplace_back("sasl.username", sasl->username);
  properties.emplace_back("sasl.password", sasl->password);
}

}  // namespace millrace::kafka
