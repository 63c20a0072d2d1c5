#include "processors/logdedup/log_dedup.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "io/sim/world.h"
#include "memory/testing/test_work.h"
#include "otlp/admit.h"
#include "otlp/attribute_list.h"
#include "otlp/views.h"
#include "wire/writer.h"
#include "yaml/parse.h"

namespace millrace::processors::logdedup {
namespace {

class Outlet final : public pipeline::Outlet {
 public:
  Status emit(pipeline::Payload payload) override {
    emitted.push_back(std::move(payload));
    return {};
  }
  void filter(uint32_t count) override { filtered += count; }
  void sample_out(uint32_t) override { ADD_FAILURE() << "nothing is sampled"; }
  std::vector<pipeline::Payload> emitted;
  uint32_t filtered = 0;
};

// One resource and scope with a record for each body.
Bytes request(std::string_view service, const std::vector<std::string>& bodies) {
  wire::Writer writer(256);
  const auto resource_logs = writer.open(1);
  const auto resource = writer.open(1);
  const auto attribute = writer.open(1);
  writer.string_field(1, "service.name");
  writer.string_field(2, otlp::encode_string_value(service));
  writer.close(attribute);
  writer.close(resource);
  const auto scope_logs = writer.open(2);
  const auto scope = writer.open(1);
  writer.string_field(1, "lib");
  writer.close(scope);
  for (const std::string& body : bodies) {
    const auto record = writer.open(2);
    writer.fixed64_field(1, 42);
    writer.string_field(5, otlp::encode_string_value(body));
    writer.close(record);
  }
  writer.close(scope_logs);
  writer.close(resource_logs);
  return Bytes::copy_of(writer.to_string());
}

// "a b "; the request is valid.
std::string bodies_of(const pipeline::Payload& payload) {
  if (payload.item_count == 0) return "";
  const auto admitted = otlp::admit(Signal::kLogs, payload.bytes.to_bytes().view());
  EXPECT_TRUE(admitted && admitted->item_count == payload.item_count);
  std::string text;
  otlp::ResourceReader resources(payload.bytes);
  for (otlp::ResourceView resource; resources.next(&resource);) {
    otlp::ScopeReader scopes(resource);
    for (otlp::ScopeView scope; scopes.next(&scope);) {
      otlp::MessageReader records(scope.bytes.view(), otlp::kScopeItems);
      for (otlp::MessageBytes record; records.next(&record);) {
        text += std::string(otlp::LogRecordView::read(record).body.text) + " ";
      }
    }
  }
  return text;
}

class LogDedupTest : public ::testing::Test {
 protected:
  void make(size_t budget_bytes = size_t{64} << 20) {
    own_ = std::make_unique<testing::TestWork>(budget_bytes);
    long_work_ = std::make_unique<io::LongWork>(*loop_, own_->pool);
    processor_ = make_log_dedup_processor(options_, {.name = name_,
                                                     .loop = *loop_,
                                                     .pool = own_->pool,
                                                     .long_work = *long_work_,
                                                     .log = log_,
                                                     .metrics = metrics_,
                                                     .wall_clock = clock_,
                                                     .outlet = outlet_,
                                                     .tally = tally_});
  }
  // Compares only records for which a condition holds.
  void set_conditions(const std::string& yaml_list) {
    const auto root = yaml::parse("conditions: " + yaml_list, "test.yaml");
    config::Diagnostics diagnostics;
    config::Section section(*root, diagnostics, "processors::log_dedup");
    read_options(section, *options_);
    EXPECT_EQ(diagnostics.to_text(), "");
    tally_ = std::make_shared<rules::Tally>(
        rules::TallyOptions{
            .processor = name_, .signal = Signal::kLogs, .rules = options_->condition_texts},
        metrics_, log_);
  }
  // "held/filtered", or the error.
  std::string process(const Bytes& bytes) {
    pipeline::Payload payload;
    payload.signal = Signal::kLogs;
    payload.bytes = Rope(bytes);
    payload.item_count = otlp::admit(Signal::kLogs, bytes.view())->item_count;
    const uint32_t before = payload.item_count;
    const auto result = processor_->process(payload, own_->work);
    if (!result) return std::string(code_name(result.error().code));
    EXPECT_EQ(payload.item_count + result->left_count(), before);
    if (tally_ == nullptr) EXPECT_EQ(payload.item_count, 0u);
    passed_ = bodies_of(payload);
    return std::to_string(result->held_count) + "/" + std::to_string(result->filtered_count);
  }
  // "service:body×count …" of all that was emitted, which is valid.
  std::string emitted() {
    std::string text;
    for (const pipeline::Payload& payload : outlet_.emitted) {
      const Bytes bytes = payload.bytes.to_bytes();
      const auto admitted = otlp::admit(Signal::kLogs, bytes.view());
      EXPECT_TRUE(admitted);
      if (admitted) EXPECT_EQ(admitted->item_count, payload.item_count);
      otlp::ResourceReader resources(payload.bytes);
      for (otlp::ResourceView resource; resources.next(&resource);) {
        const auto service = otlp::find_attribute(resource.resource.view(), 1, "service.name");
        otlp::ScopeReader scopes(resource);
        for (otlp::ScopeView scope; scopes.next(&scope);) {
          EXPECT_EQ(scope.name, "lib");
          otlp::MessageReader records(scope.bytes.view(), otlp::kScopeItems);
          for (otlp::MessageBytes record; records.next(&record);) {
            const auto count = otlp::find_attribute(record, 6, options_->log_count_attribute);
            text += std::string(service->text) + ":" +
                    std::string(otlp::LogRecordView::read(record).body.text) + "x" +
                    std::to_string(count->int_value) + " ";
          }
        }
      }
    }
    outlet_.emitted.clear();
    return text;
  }

  const std::string name_ = "log_dedup";
  std::string lines_;
  Logger log_{LogOptions{}, [this](std::string_view line) { lines_ += line; }, [] { return 0; }};
  std::shared_ptr<rules::Tally> tally_;
  std::string passed_;
  io::sim::World world_{1};
  std::unique_ptr<io::Loop> loop_ = world_.make_loop("worker");
  metrics::Registry metrics_;
  std::function<WallTime()> clock_ = [this] { return loop_->wall_now(); };
  std::shared_ptr<Options> options_ = std::make_shared<Options>();
  std::unique_ptr<testing::TestWork> own_;
  std::unique_ptr<io::LongWork> long_work_;
  Outlet outlet_;
  std::unique_ptr<pipeline::Processor> processor_;
};

TEST_F(LogDedupTest, OneOfTheSameGoesOnWithItsCount) {
  make();
  EXPECT_EQ(process(request("a", {"x", "y", "x"})), "2/1");
  EXPECT_EQ(process(request("a", {"x"})), "0/1");
  EXPECT_EQ(process(request("b", {"x"})), "1/0") << "another resource";
  EXPECT_EQ(processor_->held_count(), 3u);
  world_.run_for(9s);
  EXPECT_TRUE(outlet_.emitted.empty());
  world_.run_for(2s);
  EXPECT_EQ(emitted(), "a:xx3 a:yx1 b:xx1 ");
  EXPECT_EQ(processor_->held_count(), 0u);
  EXPECT_EQ(own_->budget.used(MemoryTerm::kKeyedState), 0u);
}

TEST_F(LogDedupTest, EachIntervalCountsAnew) {
  make();
  process(request("a", {"x"}));
  world_.run_for(11s);
  EXPECT_EQ(emitted(), "a:xx1 ");
  EXPECT_EQ(process(request("a", {"x", "x"})), "1/1");
  world_.run_for(10s);
  EXPECT_EQ(emitted(), "a:xx2 ");
  world_.run_for(1min);
  EXPECT_TRUE(outlet_.emitted.empty()) << "nothing is emitted without records";
}

TEST_F(LogDedupTest, FlushEmitsWhatIsHeld) {
  make();
  process(request("a", {"x", "x", "y"}));
  processor_->flush();
  EXPECT_EQ(emitted(), "a:xx2 a:yx1 ");
  EXPECT_EQ(processor_->held_count(), 0u);
  EXPECT_EQ(outlet_.filtered, 0u);
  world_.run_for(1min);
  EXPECT_TRUE(outlet_.emitted.empty());
}

TEST_F(LogDedupTest, ManyRecordsLeaveInSeveralRequestsAndTurns) {
  make();
  std::vector<std::string> bodies;
  for (int i = 0; i < 2500; ++i) bodies.push_back(std::to_string(i));
  EXPECT_EQ(process(request("a", bodies)), "2500/0");
  world_.run_for(11s);
  EXPECT_EQ(outlet_.emitted.size(), 3u);
  uint32_t count = 0;
  for (const pipeline::Payload& payload : outlet_.emitted) count += payload.item_count;
  EXPECT_EQ(count, 2500u);
  emitted();
}

TEST_F(LogDedupTest, HeldRecordsAreReservedAndRefusedWithoutRoom) {
  make(1 << 20);
  const std::string large(100'000, 'x');
  std::vector<std::string> refused;
  int held = 0;
  for (int i = 0; i < 20; ++i) {
    const std::string got = process(request("a", {large + std::to_string(i)}));
    if (got == "1/0") ++held;
    if (got == "UNAVAILABLE") refused.push_back(got);
  }
  EXPECT_GT(held, 0);
  EXPECT_GT(refused.size(), 0u);
  EXPECT_EQ(processor_->held_count(), static_cast<uint64_t>(held)) << "refused ones are not held";
  EXPECT_GE(own_->budget.used(MemoryTerm::kKeyedState), held * large.size());
  // Held records make room before their interval ends.
  world_.run_for(100ms);
  EXPECT_FALSE(outlet_.emitted.empty());
}

TEST_F(LogDedupTest, RequestThatCanNeverBeCountedIsRefusedForGood) {
  make(1 << 20);
  EXPECT_EQ(process(request("a", std::vector<std::string>(10'000, "x"))), "RESOURCE_EXHAUSTED");
  EXPECT_EQ(processor_->held_count(), 0u);
}

// Counts another request as soon as the first has kept a record, as a loop does that suspends it.
class Interrupting final : private Pace::Keeper {
 public:
  explicit Interrupting(std::function<bool()> interrupt) : interrupt_(std::move(interrupt)) {}
  Pace pace{*this};

 private:
  int64_t on_units_used() override {
    if (!is_done_) is_done_ = interrupt_();
    return 1;
  }
  const std::function<bool()> interrupt_;
  bool is_done_ = false;
};

// The second request gave back the room of the first, which then ended the process.
TEST_F(LogDedupTest, RequestsCountedSideBySideKeepTheirRoom) {
  make();
  bool is_inside = false;
  Interrupting interrupting([&] {
    if (is_inside || processor_->held_count() == 0) return false;
    is_inside = true;
    EXPECT_EQ(process(request("b", {"y"})), "1/0");
    return true;
  });
  const Bytes first = request("a", {"1", "2", "3", "4"});
  pipeline::Payload payload;
  payload.signal = Signal::kLogs;
  payload.bytes = Rope(first);
  payload.item_count = 4;
  Work work{own_->pool, interrupting.pace};
  const auto result = processor_->process(payload, work);
  ASSERT_TRUE(result);
  EXPECT_TRUE(is_inside);
  EXPECT_EQ(result->held_count, 4u);
  processor_->flush();
  EXPECT_EQ(emitted(), "a:1x1 a:2x1 a:3x1 a:4x1 b:yx1 ");
  EXPECT_EQ(own_->budget.used(MemoryTerm::kKeyedState), 0u);
}

TEST_F(LogDedupTest, FullBudgetKeepsRecordsUntilThereIsRoom) {
  make(4 << 20);
  process(request("a", {"x", "y"}));
  const std::string count =
      "otelcol_dedup_processor_aggregated_logs_count{processor=\"log_dedup\"} ";
  {
    const auto rest = Reservation::make_beyond(own_->budget, MemoryTerm::kMessages, 64 << 20);
    world_.run_for(11s);
    EXPECT_TRUE(outlet_.emitted.empty());
    EXPECT_EQ(processor_->held_count(), 2u);
    EXPECT_NE(metrics_.to_prometheus_text().find(count + "0\n"), std::string::npos)
        << "what has not left is not counted";
  }
  world_.run_for(1s);
  EXPECT_EQ(emitted(), "a:xx1 a:yx1 ");
  EXPECT_NE(metrics_.to_prometheus_text().find(count + "2\n"), std::string::npos);
}

TEST_F(LogDedupTest, DrainWithoutAnyMemoryCountsWhatItCannotSend) {
  make(4 << 20);
  process(request("a", {"x", "y"}));
  const auto rest = Reservation::make_beyond(own_->budget, MemoryTerm::kMessages, 64 << 20);
  processor_->flush();
  EXPECT_TRUE(outlet_.emitted.empty());
  EXPECT_EQ(outlet_.filtered, 2u);
  EXPECT_EQ(processor_->held_count(), 0u);
}

TEST_F(LogDedupTest, ExcludedFieldsVanishFromWhatIsCompared) {
  options_->exclude_fields = {{.is_in_body = false, .keys = {}}};
  make();
  EXPECT_EQ(process(request("a", {"x", "x"})), "1/1");
  processor_->flush();
  EXPECT_EQ(emitted(), "a:xx2 ");
}

TEST_F(LogDedupTest, TimesAreThoseOfTheFirstAndTheLast) {
  make();
  process(request("a", {"x"}));
  const WallTime first = loop_->wall_now();
  world_.run_for(5s);
  process(request("a", {"x"}));
  const WallTime last = loop_->wall_now();
  processor_->flush();
  const Bytes bytes = outlet_.emitted.at(0).bytes.to_bytes();
  EXPECT_TRUE(bytes.text().contains(time_text(first, nullptr)));
  EXPECT_TRUE(bytes.text().contains(time_text(last, nullptr)));
}

TEST_F(LogDedupTest, OnlyRecordsForWhichAConditionHoldsAreCounted) {
  set_conditions("['log.body == \"a\"', 'body == \"c\"']");
  make();
  EXPECT_EQ(process(request("s", {"a", "b", "a", "b", "c"})), "2/1");
  EXPECT_EQ(passed_, "b b ");
  EXPECT_EQ(process(request("s", {"b", "d"})), "0/0");
  EXPECT_EQ(passed_, "b d ");
  EXPECT_EQ(process(request("s", {"c"})), "0/1");
  EXPECT_EQ(passed_, "");
  processor_->flush();
  EXPECT_EQ(emitted(), "s:ax2 s:cx2 ");
}

TEST_F(LogDedupTest, ARecordOnWhichAConditionFailsPasses) {
  set_conditions("['Len(log.attributes[\"no\"]) > 0', 'log.body == \"a\"']");
  make();
  EXPECT_EQ(process(request("s", {"a", "a"})), "0/0");
  EXPECT_EQ(passed_, "a a ");
  EXPECT_TRUE(lines_.contains("passes without being counted")) << lines_;
  EXPECT_EQ(lines_.find("passes"), lines_.rfind("passes")) << "once in a request";
}

}  // namespace
}  // namespace millrace::processors::logdedup
