// A whole destination in front of each OTLP exporter, in simulated time: however long its back end
// was away, the first batch arrives within one back-off of the destination.
#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "destination/destination.h"
#include "destination/destination_worker.h"
#include "exporters/otlp/exporter.h"
#include "graph/pipeline.h"
#include "graph/pipeline_intake.h"
#include "io/sim/world.h"
#include "io/testing/stream_probe.h"
#include "ledger/ledger.h"
#include "pipeline/testing/submit.h"
#include "transport/testing/scripted_http2_server.h"

namespace millrace::exporters {
namespace {

using transport::testing::ScriptedHttp2Server;

enum class Protocol : uint8_t { kGrpc, kHttp };

constexpr Duration kMaxInterval = 5s;
constexpr double kRandomization = 0.5;
constexpr Duration kBound = kMaxInterval + kMaxInterval / 2 + 500ms;

class RecoveryTest : public ::testing::TestWithParam<Protocol> {
 protected:
  explicit RecoveryTest()
      : server_loop_(world_.make_loop("server")), client_loop_(world_.make_loop("client")) {
    pipeline::DestinationOptions options;
    options.name = "away";
    options.retry.initial_interval = 1s;
    options.retry.max_interval = kMaxInterval;
    options.retry.randomization_factor = kRandomization;
    options.retry.max_elapsed_time = 0s;
    options.queue.capacity = 100'000;
    destination_ = std::make_unique<pipeline::Destination>(options);
    pipeline::DestinationWorker::Parts parts;
    parts.exporter = make_exporter(options);
    worker_ = std::make_unique<pipeline::DestinationWorker>(*destination_, *client_loop_,
                                                            std::move(parts));
    account_ = &ledger_.open(Signal::kTraces, "traces", options.name);
    pipeline_ = std::make_unique<pipeline::PipelineWorker>(
        *client_loop_, "traces",
        std::vector<pipeline::PipelineWorker::Output>{{worker_.get(), account_}});
    intake_ =
        std::make_unique<pipeline::PipelineIntake>(*client_loop_, std::vector{pipeline_.get()});
  }
  ~RecoveryTest() override {
    intake_.reset();
    pipeline_.reset();
    worker_.reset();
    stop();
  }

  std::unique_ptr<pipeline::Exporter> make_exporter(const pipeline::DestinationOptions& options) {
    const auto fill = [&](ClientSettings& made) {
      made.compression = compress::Coding::kIdentity;
      made.helper.retry.max_interval = options.retry.max_interval;
    };
    if (GetParam() == Protocol::kGrpc) {
      GrpcOptions made;
      fill(made);
      made.endpoint = "http://server:4317";
      made.target = *parse_grpc_endpoint(made.endpoint);
      made.tls.insecure = true;
      return make_otlp_grpc_exporter(*client_loop_, made, budget_, logger_, nullptr);
    }
    HttpOptions made;
    fill(made);
    made.targets[0] = *parse_http_endpoint("http://server:4317/v1/traces");
    return make_otlp_http_exporter(*client_loop_, made, budget_, logger_, nullptr);
  }
  void start() {
    if (GetParam() == Protocol::kGrpc) {
      grpc_ = std::make_unique<ScriptedHttp2Server>(
          *server_loop_, [](ScriptedHttp2Server::Request& request) { request.answer_grpc(""); });
      grpc_->listen(4317);
      return;
    }
    const auto accept = [this](std::unique_ptr<io::Stream> stream) {
      probes_.push_back(std::make_unique<io::testing::StreamProbe>(std::move(stream)));
      world_.after(20ms, [probe = probes_.back().get()] {
        probe->send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
      });
    };
    listener_ = *server_loop_->listen({.host = "", .port = 4317}, accept);
  }
  void stop() {
    if (grpc_) grpc_->stop();
    grpc_.reset();
    listener_.reset();
    for (const auto& probe : probes_) probe->close();
  }
  void submit() {
    pipeline::Payload payload;
    payload.item_count = 1;
    payload.bytes = Rope(Bytes::copy_of("body"));
    pipeline::testing::submit_to(*intake_, std::move(payload), pipeline::Policy::kAccepted, kNever,
                                 [](const pipeline::Verdict&) {});
  }
  // Submits every quarter of a second.
  void run_for(Duration duration) {
    for (const MonotonicTime end = world_.now() + duration; world_.now() < end;) {
      submit();
      world_.run_for(250ms);
    }
  }
  uint64_t delivered() const { return account_->snapshot().delivered.items; }

  io::sim::World world_{7};
  std::unique_ptr<io::Loop> server_loop_;
  std::unique_ptr<io::Loop> client_loop_;
  Budget budget_{64 << 20};
  Logger logger_{{}, nullptr, [] { return 0; }};
  ledger::Ledger ledger_;
  ledger::Account* account_ = nullptr;
  std::unique_ptr<ScriptedHttp2Server> grpc_;
  std::unique_ptr<io::Listener> listener_;
  std::deque<std::unique_ptr<io::testing::StreamProbe>> probes_;
  std::unique_ptr<pipeline::Destination> destination_;
  std::unique_ptr<pipeline::DestinationWorker> worker_;
  std::unique_ptr<pipeline::PipelineWorker> pipeline_;
  std::unique_ptr<pipeline::Intake> intake_;
};

TEST_P(RecoveryTest, FirstDeliveryAfterAnyOutageComesWithinOneBackOff) {
  start();
  run_for(2s);
  EXPECT_GT(delivered(), 0u);
  for (const Duration outage : {20s, 80s, 150s, 290s, 1200s}) {
    stop();
    run_for(outage);
    const uint64_t before = delivered();
    const MonotonicTime back_at = world_.now();
    start();
    EXPECT_TRUE(world_.run_until([&] { return delivered() > before; }, 10min));
    EXPECT_LE(world_.now() - back_at, kBound) << "after " << outage;
    run_for(5s);
  }
}

INSTANTIATE_TEST_SUITE_P(Protocols, RecoveryTest,
                         ::testing::Values(Protocol::kGrpc, Protocol::kHttp), [](const auto& info) {
                           return info.param == Protocol::kGrpc ? "Grpc" : "Http";
                         });

}  // namespace
}  // namespace millrace::exporters
