#include "assembly/self_metrics.h"

#include <gmock/gmock.h>

#include <memory>
#include <string>

#include "io/testing/test_certificates.h"

namespace millrace::assembly {
namespace {

constexpr int64_t kDay = 86'400;
constexpr std::string_view kExpiry = "millrace_certificate_expiry_timestamp_seconds";

struct Numbers {
  metrics::Registry registry;
  ledger::Ledger ledger;
  Budget budget{1 << 20};
  SelfMetrics made{registry, ledger, budget, [] { return ledger::Held(); }};

  // Days from now until the certificate of the one series with these labels expires.
  double days_left(const metrics::Labels& labels) const {
    for (const metrics::MetricValue& metric : registry.snapshot()) {
      if (metric.name != kExpiry) continue;
      for (const metrics::SeriesValue& series : metric.series) {
        if (series.labels != labels) continue;
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        return (series.value - std::chrono::duration<double>(now).count()) / kDay;
      }
    }
    return -1;
  }
};

struct Files {
  io::testing::TestAuthority authority{"Millrace test authority"};
  io::testing::TemporaryFolder folder;

  io::TlsOptions issue(int64_t days) {
    const auto issued = authority.issue({.valid_until_s = days * kDay});
    io::TlsOptions options;
    options.cert_file = folder.write("a.pem", issued.certificate_pem);
    options.key_file = folder.write("a.key", issued.key_pem);
    return options;
  }
};

TEST(SelfMetricsTest, TheExpiryOfAListenersCertificateIsShown) {
  Files files;
  ListenerPlan with_tls;
  with_tls.listener.protocol = "grpc";
  with_tls.tls = std::move(*io::make_tls_server_context(files.issue(20)));
  ListenerPlan in_plain_text;
  in_plain_text.listener.protocol = "http";
  Numbers numbers;
  numbers.made.add_listeners("receiver", "otlp/a", {with_tls, in_plain_text});
  EXPECT_NEAR(numbers.days_left({{"receiver", "otlp/a"}, {"transport", "grpc"}}), 20, 0.1);
  EXPECT_EQ(numbers.days_left({{"receiver", "otlp/a"}, {"transport", "http"}}), -1);
}

TEST(SelfMetricsTest, TheExpiryOfAClientsCertificateIsShownWhereItHasOne) {
  Files files;
  Numbers numbers;
  numbers.made.add_client_certificate(
      {.id = "otlp_grpc/a", .client_tls = std::move(*io::make_tls_client_context(files.issue(5)))});
  numbers.made.add_client_certificate(
      {.id = "otlp_grpc/b", .client_tls = std::move(*io::make_tls_client_context({}))});
  numbers.made.add_client_certificate({.id = "otlp_grpc/c"});
  EXPECT_NEAR(numbers.days_left({{"exporter", "otlp_grpc/a"}}), 5, 0.1);
  EXPECT_EQ(numbers.days_left({{"exporter", "otlp_grpc/b"}}), -1);
  EXPECT_EQ(numbers.days_left({{"exporter", "otlp_grpc/c"}}), -1);
}

}  // namespace
}  // namespace millrace::assembly
