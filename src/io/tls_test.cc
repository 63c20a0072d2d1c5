// TLS between two streams, over sockets and over the simulated network: accepted and refused
// peers with their messages, and changed files.
#include "io/tls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/testing/loop_pair.h"
#include "io/testing/stream_probe.h"
#include "io/testing/test_certificates.h"
#include "io/tls_names.h"

namespace millrace::io {
namespace {

using testing::CertificateRequest;
using ::testing::HasSubstr;
using testing::IssuedCertificate;
using testing::LoopPair;
using testing::StreamProbe;
using testing::TemporaryFolder;
using testing::TestAuthority;

class TlsTest : public ::testing::TestWithParam<std::unique_ptr<LoopPair> (*)()> {
 protected:
  TlsTest() {
    identify(server_options, authority.issue({}));
    client_options.ca_pem = authority.certificate_pem();
  }
  static void identify(TlsOptions& options, const IssuedCertificate& issued) {
    options.cert_pem = issued.certificate_pem;
    options.key_pem = issued.key_pem;
  }
  void listen() {
    auto context = make_tls_server_context(server_options);
    ASSERT_TRUE(context) << context.error().message;
    server = *context;
    ListenOptions options;
    options.host = pair->server_ip();
    options.tls = server;
    listener = *pair->server().listen(options, [this](std::unique_ptr<Stream> stream) {
      arrivals.push_back(std::make_unique<Arrival>(*this, std::move(stream)));
    });
  }
  // An accepted stream until its handshake has ended.
  struct Arrival final : StreamHandler {
    Arrival(TlsTest& t, std::unique_ptr<Stream> s) : test(t), stream(std::move(s)) {
      stream->set_handler(this);
    }
    void on_ready(Interest) override {
      auto probe = std::make_unique<StreamProbe>(std::move(stream));
      probe->connected = true;
      probe->echoes = true;
      probe->update_interest();
      test.accepted.push_back(std::move(probe));
    }
    void on_failed(const Error& error) override {
      test.refusals.push_back(error);
      stream.reset();
    }
    TlsTest& test;
    std::unique_ptr<Stream> stream;
  };
  std::unique_ptr<StreamProbe> connect(std::vector<std::string> alpn = {}) {
    if (!client) {
      auto context = make_tls_client_context(client_options);
      EXPECT_TRUE(context) << context.error().message;
      client = *context;
    }
    ConnectOptions options;
    options.address = pair->server_address(listener->port());
    options.tls = client;
    options.server_name = server_name;
    options.alpn = std::move(alpn);
    return std::make_unique<StreamProbe>(pair->client().connect(options));
  }
  // Connects, sends a word and waits for its echo.
  std::unique_ptr<StreamProbe> converse(std::vector<std::string> alpn = {}) {
    auto probe = connect(std::move(alpn));
    probe->send("word");
    EXPECT_TRUE(pair->run_until([&] { return probe->received == "word" || probe->over(); }));
    return probe;
  }

  std::unique_ptr<LoopPair> pair = GetParam()();
  TestAuthority authority{"Millrace test authority"};
  TestAuthority stranger{"Somebody else's authority"};
  TlsOptions server_options, client_options;
  std::string server_name = "localhost";
  std::shared_ptr<TlsServerContext> server;
  std::shared_ptr<TlsClientContext> client;
  std::vector<std::unique_ptr<Arrival>> arrivals;  // all accepted streams, also those that are gone
  std::vector<std::unique_ptr<StreamProbe>> accepted;  // handshakes that are done
  std::vector<Error> refusals;                         // handshakes that failed
  std::unique_ptr<Listener> listener;
};

TEST_P(TlsTest, BytesGoBothWaysAndEndInOrder) {
  listen();
  auto probe = connect();
  std::string sent(3 << 20, 'x');
  for (size_t i = 0; i < sent.size(); i += 7) sent[i] = static_cast<char>(i);
  probe->to_send = sent;
  probe->finish_when_sent = true;
  ASSERT_TRUE(pair->run_until([&] { return probe->over(); }));
  EXPECT_TRUE(probe->ended) << probe->failure;
  EXPECT_TRUE(probe->received == sent);
}

TEST_P(TlsTest, SmallPiecesAndSmallReadsArriveWhole) {
  listen();
  auto probe = converse();
  accepted[0]->read_bytes_max = 5;
  probe->read_bytes_max = 3;
  std::string sent;
  std::vector<std::string> parts(500);
  std::vector<iovec> pieces;
  for (size_t i = 0; i < parts.size(); ++i) {
    parts[i] = std::string(i % 90, static_cast<char>('a' + i % 26));
    sent += parts[i];
    pieces.push_back({parts[i].data(), parts[i].size()});
  }
  const IoResult result = probe->stream->write(pieces);
  ASSERT_EQ(result.count, sent.size());
  probe->received.clear();
  ASSERT_TRUE(pair->run_until([&] { return probe->received.size() == sent.size(); }));
  EXPECT_EQ(probe->received, sent);
}

TEST_P(TlsTest, BytesWrittenBeforeClosingArrive) {
  listen();
  auto probe = converse();
  accepted[0]->echoes = false;
  accepted[0]->received.clear();
  const std::string sent(100'000, 'q');
  const iovec piece{const_cast<char*>(sent.data()), sent.size()};
  const IoResult result = probe->stream->write(std::span(&piece, 1));
  ASSERT_EQ(result.outcome, IoOutcome::kOk);
  ASSERT_GT(result.count, 16'000u);
  probe->close();
  ASSERT_TRUE(pair->run_until([&] { return accepted[0]->over(); }));
  EXPECT_TRUE(accepted[0]->ended) << accepted[0]->failure;
  EXPECT_EQ(accepted[0]->received.size(), result.count);
}

TEST_P(TlsTest, AlpnChoosesTheServersFavourite) {
  server_options.alpn = {"h2", "http/1.1"};
  listen();
  auto probe = converse({"http/1.1", "h2"});
  ASSERT_EQ(probe->received, "word");
  EXPECT_TRUE(probe->stream->tls().active);
  EXPECT_EQ(probe->stream->tls().alpn, "h2");
  EXPECT_EQ(accepted[0]->stream->tls().alpn, "h2");
}

TEST_P(TlsTest, UnknownProtocolsAreRefused) {
  server_options.alpn = {"h2"};
  listen();
  auto probe = converse({"spdy/1"});
  EXPECT_EQ(probe->failed_calls, 1);
  EXPECT_THAT(probe->failure, HasSubstr("no application protocol"));
}

TEST_P(TlsTest, UntrustedCertificateIsRefused) {
  identify(server_options, stranger.issue({}));
  listen();
  auto probe = converse();
  EXPECT_EQ(probe->failed_calls, 1);
  EXPECT_THAT(probe->failure, HasSubstr("certificate verification failed"));
  EXPECT_TRUE(accepted.empty());
}

TEST_P(TlsTest, ExpiredCertificateIsRefused) {
  CertificateRequest expired;
  expired.valid_from_s = -7200;
  expired.valid_until_s = -60;
  identify(server_options, authority.issue(expired));
  listen();
  auto probe = converse();
  EXPECT_EQ(probe->failed_calls, 1);
  EXPECT_THAT(probe->failure, HasSubstr("certificate has expired"));
}

TEST_P(TlsTest, WrongNameIsRefusedAndNamed) {
  server_name = "collector.example";
  listen();
  auto probe = converse();
  EXPECT_THAT(probe->failure, HasSubstr("hostname mismatch"));
  EXPECT_THAT(probe->failure, HasSubstr("\"collector.example\""));
}

TEST_P(TlsTest, CommonNameAloneIsNotAName) {
  CertificateRequest request;
  request.dns_names = {};
  request.ip_addresses = {};
  identify(server_options, authority.issue(request));
  listen();
  EXPECT_EQ(converse()->failed_calls, 1);
}

TEST_P(TlsTest, AddressesAreVerifiedAsAddresses) {
  server_name = "127.0.0.1";
  listen();
  EXPECT_EQ(converse()->received, "word");
}

TEST_P(TlsTest, ServerNameOverrideIsVerified) {
  server_name = "collector.example";
  client_options.server_name_override = "localhost";
  listen();
  EXPECT_EQ(converse()->received, "word");
}

TEST_P(TlsTest, InsecureSkipVerifyAcceptsAnything) {
  identify(server_options, stranger.issue({}));
  server_name = "collector.example";
  client_options.insecure_skip_verify = true;
  listen();
  auto probe = converse();
  EXPECT_EQ(probe->received, "word");
  EXPECT_EQ(probe->stream->tls().peer_subject, "");  // not verified
}

TEST_P(TlsTest, MutualTlsGivesBothSubjects) {
  server_options.client_ca_pem = authority.certificate_pem();
  CertificateRequest request;
  request.common_name = "agent-7";
  identify(client_options, authority.issue(request));
  listen();
  auto probe = converse();
  ASSERT_EQ(probe->received, "word") << probe->failure;
  EXPECT_EQ(accepted[0]->stream->tls().peer_subject, "CN=agent-7");
  EXPECT_EQ(probe->stream->tls().peer_subject, "CN=localhost");
}

TEST_P(TlsTest, NamesOfTheClientsCertificateHaveTheirKinds) {
  server_options.client_ca_pem = authority.certificate_pem();
  CertificateRequest request;
  request.common_name = "agent-7";
  request.dns_names = {"agent-7.example"};
  request.ip_addresses = {"10.0.0.7", "::1"};
  request.uris = {"spiffe://example/agent"};
  identify(client_options, authority.issue(request));
  listen();
  auto probe = converse();
  ASSERT_EQ(probe->received, "word") << probe->failure;
  EXPECT_EQ(accepted[0]->stream->tls().peer_names,
            (std::vector<std::string>{"subject:CN=agent-7", "cn:agent-7", "dns:agent-7.example",
                                      "ip:10.0.0.7", "ip:::1", "uri:spiffe://example/agent"}));
}

TEST_P(TlsTest, ClientWithoutRequiredCertificateIsRefused) {
  server_options.client_ca_pem = authority.certificate_pem();
  listen();
  auto probe = converse();
  EXPECT_TRUE(probe->over());
  EXPECT_EQ(probe->received, "");
  EXPECT_TRUE(accepted.empty());
  EXPECT_THAT(probe->failure, HasSubstr("certificate required"));
}

TEST_P(TlsTest, ClientWithAnUntrustedCertificateIsRefused) {
  server_options.client_ca_pem = authority.certificate_pem();
  identify(client_options, stranger.issue({}));
  listen();
  auto probe = converse();
  EXPECT_TRUE(probe->over());
  EXPECT_TRUE(accepted.empty());
}

TEST_P(TlsTest, VersionsThatDoNotMeetAreRefused) {
  server_options.min_version = "1.3";
  client_options.max_version = "1.2";
  listen();
  auto probe = converse();
  EXPECT_EQ(probe->failed_calls, 1);
  EXPECT_THAT(probe->failure, HasSubstr("protocol version"));
}

TEST_P(TlsTest, OlderVersionAndChosenSuiteWork) {
  client_options.max_version = "1.2";
  client_options.cipher_suites = {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"};
  client_options.curve_preferences = {"P384", "P256"};
  listen();
  EXPECT_EQ(converse()->received, "word");
}

TEST_P(TlsTest, PlainTextPeerIsNamedAsSuch) {
  ListenOptions options;
  options.host = pair->server_ip();
  listener = *pair->server().listen(options, [this](std::unique_ptr<Stream> stream) {
    accepted.push_back(std::make_unique<StreamProbe>(std::move(stream)));
    accepted.back()->send("HTTP/1.1 400 Bad Request\r\n\r\n");
  });
  auto probe = converse();
  EXPECT_EQ(probe->failed_calls, 1);
  EXPECT_THAT(probe->failure, HasSubstr("does not speak TLS"));
}

TEST_P(TlsTest, PeerThatClosesInTheHandshakeIsReportedAsClearText) {
  ListenOptions options;
  options.host = pair->server_ip();
  listener = *pair->server().listen(options, [](std::unique_ptr<Stream>) {});  // closes at once
  auto probe = converse();
  EXPECT_THAT(probe->failure, HasSubstr("seems not to speak TLS"));
}

TEST_P(TlsTest, SilentClientIsDroppedAtTheDeadline) {
  server_options.handshake_timeout = 50ms;
  listen();
  ConnectOptions options;
  options.address = pair->server_address(listener->port());
  StreamProbe probe(pair->client().connect(options));
  ASSERT_TRUE(pair->run_until([&] { return arrivals.size() == 1; }));
  EXPECT_TRUE(arrivals[0]->stream->tls().active) << "counted as a TLS session from the start";
  EXPECT_FALSE(arrivals[0]->stream->tls().established);
  ASSERT_TRUE(pair->run_until([&] { return probe.over(); }));
  EXPECT_TRUE(accepted.empty());
  ASSERT_EQ(refusals.size(), 1u);
  EXPECT_EQ(refusals[0].code, Code::kDeadlineExceeded);
}

TEST_P(TlsTest, RefusedConnectionFailsAsWithoutTls) {
  listen();
  const uint16_t port = listener->port();
  auto probe = connect();
  ASSERT_TRUE(pair->run_until([&] { return probe->connected; }));
  listener.reset();
  ConnectOptions options;
  options.address = pair->server_address(port);
  options.tls = client;
  StreamProbe second(pair->client().connect(options));
  ASSERT_TRUE(pair->run_until([&] { return second.over(); }));
  EXPECT_THAT(second.failure, HasSubstr("onnection refused"));
}

TEST_P(TlsTest, SecondConnectionResumesTheSession) {
  listen();
  int full_handshakes = 0;
  for (int i = 0; i < 2; ++i) {
    auto probe = converse();
    ASSERT_EQ(probe->received, "word");
    full_handshakes += probe->stream->tls().resumed ? 0 : 1;
  }
  EXPECT_EQ(full_handshakes, 1);
}

TEST_P(TlsTest, ChangedFilesAreUsedAndBrokenOnesReported) {
  TemporaryFolder folder;
  std::vector<Status> reloads;
  const auto write = [&](const IssuedCertificate& issued) {
    server_options.cert_file = folder.write("cert.pem", issued.certificate_pem);
    server_options.key_file = folder.write("key.pem", issued.key_pem);
  };
  CertificateRequest request;
  write(authority.issue(request));
  server_options.cert_pem = server_options.key_pem = "";
  server_options.on_reload = [&](const Status& status) { reloads.push_back(status); };
  listen();
  EXPECT_EQ(converse()->stream->tls().peer_subject, "CN=localhost");
  const WallTime first_expiry = server->certificate_expiry();

  request.common_name = "renewed";
  request.valid_until_s = 2 * 86'400;
  write(authority.issue(request));
  pair->run_for(1100ms);
  client.reset();
  EXPECT_EQ(converse()->stream->tls().peer_subject, "CN=renewed");
  ASSERT_EQ(reloads.size(), 1u);
  EXPECT_TRUE(reloads[0]);
  EXPECT_GT(server->certificate_expiry(), first_expiry + 23h);

  folder.write("cert.pem", "-----BEGIN CERTIFICATE-----\nnonsense\n");
  pair->run_for(1100ms);
  client.reset();
  EXPECT_EQ(converse()->stream->tls().peer_subject, "CN=renewed");
  ASSERT_EQ(reloads.size(), 2u);
  ASSERT_FALSE(reloads[1]);
  EXPECT_THAT(reloads[1].error().message, HasSubstr("cert.pem"));
}

TEST_P(TlsTest, ReloadsAreReportedToALaterCallback) {
  TemporaryFolder folder;
  const IssuedCertificate issued = authority.issue({});
  server_options.cert_file = folder.write("cert.pem", issued.certificate_pem);
  server_options.key_file = folder.write("key.pem", issued.key_pem);
  server_options.cert_pem = server_options.key_pem = "";
  listen();
  std::vector<Status> reloads;
  server->report_reloads([&](const Status& status) { reloads.push_back(status); });
  folder.write("cert.pem", "nonsense");
  pair->run_for(1100ms);
  converse();
  ASSERT_EQ(reloads.size(), 1u);
  EXPECT_FALSE(reloads[0]);
}

INSTANTIATE_TEST_SUITE_P(Sim, TlsTest, ::testing::Values(&testing::make_sim_pair));
INSTANTIATE_TEST_SUITE_P(Epoll, TlsTest, ::testing::Values(&testing::make_epoll_pair));

std::string server_error(const TlsOptions& options) {
  auto context = make_tls_server_context(options);
  return context ? "" : context.error().message;
}

TEST(TlsOptionsTest, MistakesNameTheOptionAndTheFile) {
  TestAuthority authority("CA");
  const IssuedCertificate one = authority.issue({}), two = authority.issue({});
  TemporaryFolder folder;
  TlsOptions options;
  EXPECT_THAT(server_error(options), HasSubstr("needs cert_file and key_file"));
  options.cert_file = folder.path() + "/absent.pem";
  options.key_file = folder.write("key.pem", one.key_pem);
  EXPECT_THAT(server_error(options), HasSubstr("absent.pem\" cannot be read: No such file"));
  options.cert_file = folder.write("empty.pem", "nothing here");
  EXPECT_THAT(server_error(options), HasSubstr("empty.pem\" holds no PEM certificate"));
  options.cert_file = folder.write("other.pem", two.certificate_pem);
  EXPECT_THAT(server_error(options), HasSubstr("does not belong to the first certificate of"));
  options.cert_file = folder.write("cert.pem", one.certificate_pem);
  EXPECT_EQ(server_error(options), "");
  options.cert_pem = one.certificate_pem;
  EXPECT_THAT(server_error(options), HasSubstr("cert_file and cert_pem are both given"));
  options.cert_pem = "";
  options.key_file = options.cert_file;
  EXPECT_THAT(server_error(options), HasSubstr("holds no PEM private key"));
  options.key_file = "";
  EXPECT_THAT(server_error(options), HasSubstr("without key_file or key_pem"));
}

TEST(TlsOptionsTest, ChosenProtocolIsChecked) {
  TlsOptions options;
  const auto error = [&] {
    auto context = make_tls_client_context(options);
    return context ? std::string() : context.error().message;
  };
  EXPECT_EQ(error(), "");
  options.min_version = "1.4";
  EXPECT_THAT(error(), HasSubstr("min_version: \"1.4\""));
  options.min_version = "1.3";
  options.max_version = "1.2";
  EXPECT_THAT(error(), HasSubstr("max_version is older"));
  options = {};
  options.cipher_suites = {"TLS_RSA_WITH_AES_128_CBC_SHA"};
  EXPECT_THAT(error(), HasSubstr("include_insecure_cipher_suites"));
  options.cipher_suites = {"ECDHE-RSA-AES128-SHA"};
  EXPECT_THAT(error(), HasSubstr("not a cipher suite that is supported"));
  options = {};
  options.curve_preferences = {"X25519", "P999"};
  EXPECT_THAT(error(), HasSubstr("\"P999\""));
}

TEST(TlsOptionsTest, GoNamesOfSuitesAreTranslated) {
  EXPECT_EQ(*to_cipher_list({"TLS_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
                             "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305"},
                            false),
            "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305");
  EXPECT_EQ(*to_group_list({"X25519", "P256"}), "X25519:P-256");
}

}  // namespace
}  // namespace millrace::io
