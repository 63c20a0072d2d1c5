#include <gtest/gtest.h>

#include "assembly/collector.h"
#include "io/epoll/epoll.h"
#include "library/testing/recorder.h"
#include "library/user_exporter.h"
#include "receivers/otlp/otlp.h"

namespace millrace::library::testing {

struct BackEnd::Running {
  Logger log{{.level = LogLevel::kError}, nullptr, [] { return int64_t{0}; }};
  std::unique_ptr<io::FileSystem> files = io::make_file_system();
  std::unique_ptr<io::Loop> loop;
  std::unique_ptr<assembly::Collector> collector;
  std::thread thread;
};

BackEnd::BackEnd() : running_(std::make_unique<Running>()) {
  assembly::Plan plan;
  plan.metrics_page.reset();
  receivers::OtlpReceiverOptions receiver;
  receiver.grpc.emplace();
  receiver.grpc->host = "127.0.0.1";
  // OK means that the recorder has the request.
  receiver.grpc->acknowledge = receivers::Acknowledge::kDelivered;
  receiver.http.emplace();
  receiver.http->host = "127.0.0.1";
  receiver.http->acknowledge = receivers::Acknowledge::kDelivered;
  plan.receivers.push_back(
      assembly::make_receiver_plan("otlp", receivers::make_otlp_reading(receiver)));
  assembly::ExporterPlan exporter;
  exporter.id = "recorder";
  exporter.factory = make_user_exporter_factory(recorder_, std::make_shared<ExporterThreads>());
  exporter.joins_requests = false;
  plan.exporters.push_back(std::move(exporter));
  for (const Signal signal : {Signal::kTraces, Signal::kMetrics, Signal::kLogs}) {
    plan.pipelines.push_back({.signal = signal,
                              .id = std::string(signal_name(signal)),
                              .receivers = {0},
                              .processors = {},
                              .exporters = {0}});
  }
  running_->loop = std::move(*io::make_epoll_loop());
  auto collector = assembly::Collector::create(
      std::move(plan), {.loops = {running_->loop.get()},
                        .log = &running_->log,
                        .unsampled_log = &running_->log,
                        .files = running_->files.get(),
                        .wall_clock = [] { return WallTime(std::chrono::system_clock::now()); }});
  if (!collector) {
    ADD_FAILURE() << collector.error().message;
    return;
  }
  running_->collector = std::move(*collector);
  running_->thread = std::thread([this] { running_->loop->run(); });
}

BackEnd::~BackEnd() {
  running_->loop->stop();
  running_->thread.join();
  running_->collector->end();
}

std::string BackEnd::grpc_url() const {
  return "http://127.0.0.1:" + std::to_string(running_->collector->ports()[0]);
}
std::string BackEnd::http_url() const {
  return "http://127.0.0.1:" + std::to_string(running_->collector->ports()[1]);
}

}  // namespace millrace::library::testing
