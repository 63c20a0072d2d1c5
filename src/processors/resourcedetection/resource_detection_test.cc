#include "processors/resourcedetection/resource_detection.h"

#include <gtest/gtest.h>

#include <string>

#include "io/sim/world.h"
#include "memory/testing/test_work.h"
#include "otlp/admit.h"
#include "otlp/edit.h"
#include "otlp/example_requests.h"

namespace millrace::processors::resourcedetection {
namespace {

constexpr const char* kSchema = "https://opentelemetry.io/schemas/1.40.0";

class ProcessorTest : public ::testing::Test {
 protected:
  // The environment is the only detector that needs neither a network nor files.
  void make(std::string list, bool overrides, std::string_view detector = "env") {
    list_ = std::move(list);
    Options options;
    options.override = overrides;
    options.detectors.push_back({find_detector(detector), {.name = std::string(detector)}});
    shared_ = std::make_unique<SharedDetection>(std::move(options));
    first_ = make_resource_detection_processor(*shared_, parts());
    second_ = make_resource_detection_processor(*shared_, parts());
  }
  DetectionParts parts() {
    return {.name = name_,
            .loop = *loop_,
            .budget = own_.budget,
            .log = log_,
            .metrics = metrics_,
            .system = {.variable = [this](const std::string& name) -> std::optional<std::string> {
                         if (name != "OTEL_RESOURCE_ATTRIBUTES") return std::nullopt;
                         return list_;
                       },
                       .read_file = [](const std::string&) { return std::nullopt; }}};
  }
  pipeline::Payload payload_of(Signal signal, const Bytes& request) {
    pipeline::Payload payload;
    payload.signal = signal;
    payload.bytes = Rope(request);
    payload.item_count = otlp::admit(signal, request.view())->item_count;
    return payload;
  }
  // The text of the attribute in each resource after processing; "-" where it is not.
  std::string processed(pipeline::Processor& processor, Signal signal, std::string_view key) {
    pipeline::Payload payload = payload_of(signal, otlp::example_request(signal, {2, 1, 3}, 1));
    const auto result = processor.process(payload, own_.work);
    if (!result) return "error: " + result.error().message;
    const auto admitted = otlp::admit(signal, payload.bytes.to_bytes().view());
    EXPECT_TRUE(admitted);
    EXPECT_EQ(admitted->item_count, payload.item_count);
    std::string text;
    const auto look = [&](const otlp::EditContext&, otlp::AttributeList& list) {
      const auto found = list.find(key);
      text += found ? otlp::to_text(*found) + "." : "-.";
    };
    EXPECT_TRUE(otlp::edit_resource_attributes(signal, payload.bytes, look, own_.work));
    return text;
  }

  const std::string name_ = "resource_detection";
  std::string list_;
  io::sim::World world_{1};
  std::unique_ptr<io::Loop> loop_ = world_.make_loop("worker");
  testing::TestWork own_;
  metrics::Registry metrics_;
  Logger log_{LogOptions{}, {}, [] { return 0; }};
  std::unique_ptr<SharedDetection> shared_;
  std::unique_ptr<pipeline::Processor> first_;
  std::unique_ptr<pipeline::Processor> second_;
};

TEST_F(ProcessorTest, OverrideReplacesWhatSendersSay) {
  make("host.name=own,added=1", true);
  for (const Signal signal : {Signal::kTraces, Signal::kMetrics, Signal::kLogs}) {
    EXPECT_EQ(processed(*first_, signal, "host.name"), "own.own.");
    EXPECT_EQ(processed(*second_, signal, "added"), "1.1.");
  }
}

TEST_F(ProcessorTest, WithoutOverrideGapsAreFilled) {
  make("host.name=own,added=1", false);
  EXPECT_EQ(processed(*first_, Signal::kTraces, "host.name"), "ip-10-0-12-34.ip-10-0-12-34.");
  EXPECT_EQ(processed(*first_, Signal::kTraces, "added"), "1.1.");
}

TEST_F(ProcessorTest, NothingFoundKeepsTheBytes) {
  make("", true);
  const Bytes request = otlp::example_request(Signal::kTraces, {1, 1, 3}, 1);
  pipeline::Payload payload = payload_of(Signal::kTraces, request);
  ASSERT_TRUE(first_->process(payload, own_.work));
  ASSERT_EQ(payload.bytes.pieces().size(), 1u);
  EXPECT_EQ(payload.bytes.pieces()[0].data(), request.data());
}

TEST_F(ProcessorTest, RequestsAreRefusedUntilThereIsAResult) {
  make("", true, "azure");
  const std::string found = processed(*first_, Signal::kLogs, "host.name");
  EXPECT_TRUE(found.starts_with("error: the resource of this machine")) << found;
  world_.run_for(6s);
  EXPECT_EQ(processed(*second_, Signal::kLogs, "cloud.provider"), "-.-.");
}

TEST_F(ProcessorTest, SchemaUrlIsThatOfTheDetectors) {
  make("", true);
  Resource found;
  found.set_text("a", "1");
  found.schema_url = kSchema;
  shared_->published()->publish(found);
  pipeline::Payload payload =
      payload_of(Signal::kLogs, otlp::example_request(Signal::kLogs, {1, 1, 3}, 1));
  ASSERT_TRUE(first_->process(payload, own_.work));
  EXPECT_TRUE(payload.bytes.to_bytes().text().contains(kSchema) ||
              payload.bytes.to_bytes().text().contains("opentelemetry.io/schemas"));
}

TEST_F(ProcessorTest, FullBudgetFailsTheRequest) {
  make("host.name=own", true);
  testing::TestWork small(1024);
  pipeline::Payload payload =
      payload_of(Signal::kTraces, otlp::example_request(Signal::kTraces, {1, 1, 100}, 1));
  const auto result = first_->process(payload, small.work);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kUnavailable);
}

}  // namespace
}  // namespace millrace::processors::resourcedetection
