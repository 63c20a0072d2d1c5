// For any admitted request: what is emitted passes admission, and its counts and the records that
// pass add up to the records that came.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/check.h"
#include "io/sim/world.h"
#include "memory/testing/test_work.h"
#include "otlp/admit.h"
#include "otlp/views.h"
#include "processors/logdedup/log_dedup.h"
#include "yaml/parse.h"

namespace {

using namespace millrace;

class Outlet final : public pipeline::Outlet {
 public:
  Status emit(pipeline::Payload payload) override {
    const Bytes bytes = payload.bytes.to_bytes();
    const Bytes padded = Bytes::copy_of(bytes.view());
    const auto admitted = otlp::admit(Signal::kLogs, padded.view());
    MILLRACE_CHECK(admitted && admitted->item_count == payload.item_count);
    item_count += payload.item_count;
    otlp::ResourceReader resources(payload.bytes);
    for (otlp::ResourceView resource; resources.next(&resource);) {
      otlp::ScopeReader scopes(resource);
      for (otlp::ScopeView scope; scopes.next(&scope);) {
        otlp::MessageReader records(scope.bytes.view(), otlp::kScopeItems);
        for (otlp::MessageBytes record; records.next(&record);) {
          const auto count = otlp::find_attribute(record, otlp::kLogRecordAttributes, "log_count");
          MILLRACE_CHECK(count && count->int_value > 0);
          counted += static_cast<uint64_t>(count->int_value);
        }
      }
    }
    return {};
  }
  void filter(uint32_t) override { MILLRACE_CHECK(false); }
  void sample_out(uint32_t) override { MILLRACE_CHECK(false); }
  uint64_t item_count = 0;
  uint64_t counted = 0;
};

void set_conditions(processors::logdedup::Options& options) {
  const auto root = yaml::parse("conditions: ['log.severity_number == 0']", "fuzz.yaml");
  config::Diagnostics diagnostics;
  config::Section section(*root, diagnostics, "processors::log_dedup");
  processors::logdedup::read_options(section, options);
  MILLRACE_CHECK(!diagnostics.has_errors());
}

// The records that the condition does not select.
size_t count_with_severity(const pipeline::Payload& payload) {
  size_t count = 0;
  otlp::ResourceReader resources(payload.bytes);
  for (otlp::ResourceView resource; resources.next(&resource);) {
    otlp::ScopeReader scopes(resource);
    for (otlp::ScopeView scope; scopes.next(&scope);) {
      otlp::MessageReader records(scope.bytes.view(), otlp::kScopeItems);
      for (otlp::MessageBytes record; records.next(&record);) {
        count += otlp::LogRecordView::read(record).severity_number != 0 ? 1 : 0;
      }
    }
  }
  return count;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace dedup = millrace::processors::logdedup;
  if (size == 0) return 0;
  const Bytes message = Bytes::copy_of(std::span(data + 1, size - 1));
  const auto admitted = otlp::admit(Signal::kLogs, message.view());
  if (!admitted) return 0;
  auto options = std::make_shared<dedup::Options>();
  if (data[0] % 3 == 1) {
    options->exclude_fields = {{.is_in_body = true, .keys = {"a"}},
                               {.is_in_body = false, .keys = {"a", "b"}}};
  }
  const bool has_conditions = data[0] >= 128;
  if (has_conditions) set_conditions(*options);
  if (data[0] % 3 == 2) options->include_fields = {{.is_in_body = false, .keys = {"a"}}};
  static io::sim::World world(1);
  const auto loop = world.make_loop("worker");
  testing::TestWork own;
  io::LongWork long_work(*loop, own.pool);
  metrics::Registry metrics;
  const std::string name = "log_dedup";
  const std::function<WallTime()> clock = [] { return WallTime(); };
  Logger log({}, nullptr, nullptr);
  const auto tally = std::make_shared<rules::Tally>(
      rules::TallyOptions{
          .processor = name, .signal = Signal::kLogs, .rules = options->condition_texts},
      metrics, log);
  Outlet outlet;
  const auto processor = dedup::make_log_dedup_processor(options, {.name = name,
                                                                   .loop = *loop,
                                                                   .pool = own.pool,
                                                                   .long_work = long_work,
                                                                   .log = log,
                                                                   .metrics = metrics,
                                                                   .wall_clock = clock,
                                                                   .outlet = outlet,
                                                                   .tally = tally});
  pipeline::Payload payload;
  payload.signal = Signal::kLogs;
  payload.bytes = Rope(message);
  payload.item_count = admitted->item_count;
  const auto result = processor->process(payload, own.work);
  const size_t passed = has_conditions ? count_with_severity(payload) : 0;
  MILLRACE_CHECK(result && result->left_count() + payload.item_count == admitted->item_count);
  MILLRACE_CHECK(payload.item_count == passed);
  if (has_conditions) {
    pipeline::Payload before;
    before.bytes = Rope(message);
    MILLRACE_CHECK(passed == count_with_severity(before));
  }
  MILLRACE_CHECK(processor->held_count() == result->held_count);
  processor->flush();
  MILLRACE_CHECK(outlet.item_count == result->held_count);
  MILLRACE_CHECK(outlet.counted == admitted->item_count - passed);
  MILLRACE_CHECK(processor->held_count() == 0);
  return 0;
}
