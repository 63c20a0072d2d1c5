#include "config/tls.h"

#include <gtest/gtest.h>

#include "yaml/parse.h"

namespace millrace::config {
namespace {

template <class Read>
std::string run(std::string_view text, Read read) {
  const auto root = yaml::parse(text, "a.yaml");
  EXPECT_TRUE(root.has_value());
  Diagnostics diagnostics;
  Section section(*root, diagnostics, "tls");
  read(section);
  section.finish();
  return diagnostics.has_errors() ? diagnostics.to_text() : "";
}
std::string client(std::string_view text, ClientTls& into) {
  return run(text, [&](Section& tls) { read_client_tls(tls, into); });
}
std::string server(std::string_view text, io::TlsOptions& into) {
  return run(text, [&](Section& tls) { read_server_tls(tls, into); });
}

TEST(ConfigTlsTest, EveryClientKeyIsRead) {
  ClientTls tls;
  EXPECT_EQ(client("ca_file: ca.pem\ncert_file: c.pem\nkey_file: k.pem\nmin_version: \"1.3\"\n"
                   "max_version: \"1.3\"\ninclude_system_ca_certs_pool: true\n"
                   "cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]\n"
                   "curve_preferences: [X25519]\nreload_interval: 1h\ninsecure: true\n"
                   "insecure_skip_verify: true\nserver_name_override: other\n",
                   tls),
            "");
  EXPECT_TRUE(tls.insecure);
  EXPECT_EQ(tls.options.ca_file, "ca.pem");
  EXPECT_EQ(tls.options.cert_file, "c.pem");
  EXPECT_EQ(tls.options.key_file, "k.pem");
  EXPECT_EQ(tls.options.min_version, "1.3");
  EXPECT_EQ(tls.options.max_version, "1.3");
  EXPECT_EQ(tls.options.cipher_suites.size(), 1u);
  EXPECT_EQ(tls.options.curve_preferences.size(), 1u);
  EXPECT_EQ(tls.options.reload_interval, Duration(1h));
  EXPECT_EQ(tls.options.server_name_override, "other");
  EXPECT_TRUE(tls.options.insecure_skip_verify);
}

TEST(ConfigTlsTest, MistakesAreNamed) {
  ClientTls tls;
  EXPECT_NE(client("min_version: \"1.4\"", tls).find("expected \"1.0\""), std::string::npos);
  tls = {};
  EXPECT_NE(client("cert_file: a", tls).find("without its key"), std::string::npos);
  tls = {};
  EXPECT_NE(client("ca_file: a\nca_pem: b", tls).find("together"), std::string::npos);
  tls = {};
  EXPECT_NE(client("max_version: \"1.1\"", tls).find("below min_version"), std::string::npos);
  tls = {};
  EXPECT_NE(client("tpm: {enabled: true}", tls).find("TPM"), std::string::npos);
  tls = {};
  EXPECT_NE(client("client_ca_file: a", tls), "");  // a server's key
}

TEST(ConfigTlsTest, ServerNeedsACertificate) {
  io::TlsOptions options;
  EXPECT_NE(server("client_ca_file: ca.pem", options).find("needs a certificate"),
            std::string::npos);
  options = {};
  EXPECT_EQ(
      server("cert_file: c\nkey_file: k\nclient_ca_file: ca\nclient_ca_file_reload: true", options),
      "");
  EXPECT_EQ(options.client_ca_file, "ca");
}

}  // namespace
}  // namespace millrace::config
