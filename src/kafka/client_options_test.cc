#include "kafka/client_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "yaml/parse.h"

namespace millrace::kafka {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

std::string read(std::string_view text, ClientOptions* into) {
  const auto root = yaml::parse(text, "a.yaml");
  EXPECT_TRUE(root.has_value()) << root.error().message;
  config::Diagnostics diagnostics;
  config::Section section(*root, diagnostics, "exporters::kafka");
  read_client_options(section, *into);
  section.finish();
  return diagnostics.to_text();
}

Properties properties_of(std::string_view text) {
  ClientOptions options;
  EXPECT_THAT(read(text, &options), Not(HasSubstr("error"))) << text;
  return options.properties;
}

TEST(KafkaClientOptionsTest, NothingGivenHasOtelcolsDefaults) {
  const Properties properties = properties_of("brokers:\n");
  EXPECT_THAT(properties, Contains(Pair("bootstrap.servers", "localhost:9092")));
  EXPECT_THAT(properties, Contains(Pair("client.id", "otel-collector")));
  EXPECT_THAT(properties, Contains(Pair("security.protocol", "plaintext")));
  EXPECT_THAT(properties, Contains(Pair("connections.max.idle.ms", "540000")));
  EXPECT_THAT(properties, Contains(Pair("topic.metadata.refresh.interval.ms", "600000")));
}

TEST(KafkaClientOptionsTest, BrokersAreAListOrOneText) {
  EXPECT_THAT(properties_of("brokers: [a:1, b:2]\n"),
              Contains(Pair("bootstrap.servers", "a:1,b:2")));
  EXPECT_THAT(properties_of("brokers: a:1\n"), Contains(Pair("bootstrap.servers", "a:1")));
}

TEST(KafkaClientOptionsTest, EveryKeyIsRead) {
  const Properties properties = properties_of(
      "brokers: [a:1]\nprotocol_version: 2.0.0\nclient_id: me\nrack_id: r1\n"
      "resolve_canonical_bootstrap_servers_only: false\nuse_leader_epoch: false\n"
      "conn_idle_timeout: 1m\nmetadata: {full: false, refresh_interval: 5m, retry: {max: 3, "
      "backoff: 1s}}\n");
  EXPECT_THAT(properties, Contains(Pair("client.id", "me")));
  EXPECT_THAT(properties, Contains(Pair("client.rack", "r1")));
  EXPECT_THAT(properties, Contains(Pair("connections.max.idle.ms", "60000")));
  EXPECT_THAT(properties, Contains(Pair("topic.metadata.refresh.interval.ms", "300000")));
}

TEST(KafkaClientOptionsTest, AnOlderLibraryIsSaidToFailWithScram) {
  constexpr int kDebians = 0x020002ff;
  constexpr int kMended = 0x020601ff;
  ClientOptions options;
  options.properties = {{"sasl.mechanism", "SCRAM-SHA-256"}};
  EXPECT_THAT(missing_in_version(options, kDebians), HasSubstr("SCRAM"));
  EXPECT_EQ(missing_in_version(options, kMended), "");
  options.properties = {{"sasl.mechanism", "PLAIN"}};
  EXPECT_EQ(missing_in_version(options, kDebians), "");
}

TEST(KafkaClientOptionsTest, TlsAndScramGoTogether) {
  const Properties properties = properties_of(
      "tls: {ca_file: /ca.pem, cert_file: /c.pem, key_file: /k.pem}\n"
      "auth: {sasl: {mechanism: SCRAM-SHA-512, username: u, password: p, version: 1}}\n");
  EXPECT_THAT(properties, Contains(Pair("security.protocol", "sasl_ssl")));
  EXPECT_THAT(properties, Contains(Pair("sasl.mechanism", "SCRAM-SHA-512")));
  EXPECT_THAT(properties, Contains(Pair("sasl.username", "u")));
  EXPECT_THAT(properties, Contains(Pair("sasl.password", "p")));
  EXPECT_THAT(properties, Contains(Pair("ssl.ca.location", "/ca.pem")));
  EXPECT_THAT(properties, Contains(Pair("ssl.certificate.location", "/c.pem")));
  EXPECT_THAT(properties, Contains(Pair("ssl.key.location", "/k.pem")));
  EXPECT_THAT(properties, Contains(Pair("enable.ssl.certificate.verification", "true")));
}

TEST(KafkaClientOptionsTest, InsecureMeansPlainTextUnlessThereIsAnAuthority) {
  EXPECT_THAT(properties_of("tls: {insecure: true}\n"),
              Contains(Pair("security.protocol", "plaintext")));
  EXPECT_THAT(properties_of("tls: {insecure: true, ca_file: /ca.pem}\n"),
              Contains(Pair("security.protocol", "ssl")));
  EXPECT_THAT(properties_of("tls: {insecure_skip_verify: true}\n"),
              Contains(Pair("enable.ssl.certificate.verification", "false")));
}

TEST(KafkaClientOptionsTest, OlderFormsAreTranslatedWithAWarning) {
  ClientOptions options;
  EXPECT_THAT(
      read("auth: {plain_text: {username: u, password: p}, tls: {ca_file: /a}}\n", &options),
      HasSubstr("warning"));
  EXPECT_THAT(options.properties, Contains(Pair("sasl.mechanism", "PLAIN")));
  EXPECT_THAT(options.properties, Contains(Pair("security.protocol", "sasl_ssl")));
}

TEST(KafkaClientOptionsTest, MistakesAreNamed) {
  const std::pair<const char*, const char*> cases[] = {
      {"brokers: []\n", "at least one address"},
      {"brokers: [\"\"]\n", "must not be empty"},
      {"auth: {sasl: {mechanism: OAUTHBEARER, username: u, password: p}}\n", "expected PLAIN"},
      {"auth: {sasl: {mechanism: PLAIN, password: p}}\n", "username is required"},
      {"auth: {sasl: {mechanism: PLAIN, username: u}}\n", "password is required"},
      {"auth: {kerberos: {realm: a}}\n", "Kerberos is not in this version"},
      {"tls: {min_version: \"1.3\"}\n", "librdkafka has no such setting"},
      {"tls: {server_name_override: a}\n", "librdkafka has no such setting"},
      {"resolve_canonical_bootstrap_servers_only: true\n", "not in this version"},
      {"borkers: [a]\n", "did you mean \"brokers\""}};
  for (const auto& [text, expected] : cases) {
    ClientOptions options;
    const std::string found = read(text, &options);
    EXPECT_THAT(found, HasSubstr("error")) << text;
    EXPECT_THAT(found, HasSubstr(expected)) << text;
  }
}

TEST(KafkaClientOptionsTest, CredentialsInClearTextAreWarnedOf) {
  ClientOptions options;
  EXPECT_THAT(read("auth: {sasl: {mechanism: PLAIN, username: u, password: p}}\n", &options),
              HasSubstr("clear text"));
}

}  // namespace
}  // namespace millrace::kafka
