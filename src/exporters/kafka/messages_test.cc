#include "exporters/kafka/messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>

#include "exporters/kafka/message_groups.h"
#include "exporters/kafka/resource_key.h"
#include "memory/testing/test_work.h"
#include "otlp/admit.h"
#include "otlp/example_requests.h"
#include "otlp/flatten.h"
#include "wire/writer.h"

namespace millrace::exporters::kafka {
namespace {

using millrace::testing::TestWork;
using pipeline::Batch;
using pipeline::Outcome;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Write = std::function<void(wire::Writer&)>;

void nested(wire::Writer& out, uint32_t number, const Write& content) {
  const auto at = out.open(number, 0);
  content(out);
  out.close(at);
}

// An attribute whose AnyValue `value` writes.
void attribute(wire::Writer& out, uint32_t number, std::string_view key, const Write& value) {
  nested(out, number, [&](wire::Writer& pair) {
    pair.string_field(1, key);
    nested(pair, 2, value);
  });
}
Write text(std::string_view value) {
  return [value](wire::Writer& out) { out.string_field(1, value); };
}

Bytes message(const Write& write) {
  wire::Writer out;
  write(out);
  return out.finish();
}

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    text += kDigits[static_cast<uint8_t>(c) >> 4];
    text += kDigits[static_cast<uint8_t>(c) & 15];
  }
  return text;
}

// One resource, one scope, and a span (or log record) for each trace id.
Bytes request_of(Signal signal, const std::vector<std::string>& trace_ids) {
  const uint32_t id_field = signal == Signal::kLogs ? 9 : 1;
  return message([&](wire::Writer& request) {
    nested(request, 1, [&](wire::Writer& resource) {
      nested(resource, 1, [](wire::Writer& out) { attribute(out, 1, "a", text("b")); });
      nested(resource, 2, [&](wire::Writer& scope) {
        for (const std::string& id : trace_ids) {
          nested(scope, 2, [&](wire::Writer& item) { item.string_field(id_field, id); });
        }
      });
    });
  });
}

std::string id_of(char c) { return std::string(16, c); }

std::vector<std::string> keys_of(const MadeMessages& made) {
  std::vector<std::string> keys;
  for (const Message& each : made.messages) keys.push_back(each.key.value_or("none"));
  return keys;
}

class KafkaMessagesTest : public ::testing::Test {
 protected:
  MadeMessages make(Signal signal, const Bytes& request, const SignalOptions& options,
                    size_t bytes_max = 1'000'000) {
    const Batch batch{.signal = signal, .item_count = 1, .bytes = Rope(request), .metadata = {}};
    return make_messages(batch, options, std::nullopt, bytes_max, memory_.work);
  }
  TestWork memory_;
};
using KafkaRawTest = KafkaMessagesTest;

TEST_F(KafkaMessagesTest, ARequestThatFitsIsItsOwnMessageWithoutACopy) {
  const Bytes request = otlp::example_request(Signal::kTraces, {.items = 3});
  const Batch batch{
      .signal = Signal::kTraces, .item_count = 3, .bytes = Rope(request), .metadata = {}};
  const MadeMessages made =
      make_messages(batch, {}, std::string("key"), request.size() + 3, memory_.work);
  ASSERT_FALSE(made.failure);
  ASSERT_EQ(made.messages.size(), 1u);
  EXPECT_EQ(made.messages[0].value.data(), request.data());
  EXPECT_EQ(made.messages[0].key, "key");
}

TEST_F(KafkaMessagesTest, EveryLimitIsKeptAndNoItemIsLost) {
  for (const Signal signal : {Signal::kTraces, Signal::kMetrics, Signal::kLogs}) {
    const Bytes request = otlp::example_request(signal, {.resources = 2, .items = 20, .points = 2});
    std::vector<std::string> expected = otlp::flatten(signal, Rope(request));
    std::ranges::sort(expected);
    for (size_t limit = 2000; limit < request.size() + 100; limit += 997) {
      const MadeMessages made = make(signal, request, {}, limit);
      ASSERT_FALSE(made.failure) << made.failure->error.message;
      std::vector<std::string> lines;
      for (const Message& each : made.messages) {
        EXPECT_LE(each.value.size(), limit);
        EXPECT_TRUE(otlp::admit(signal, each.value.view()).has_value());
        for (std::string& line : otlp::flatten(signal, Rope(each.value))) {
          lines.push_back(std::move(line));
        }
      }
      std::ranges::sort(lines);
      EXPECT_EQ(lines, expected) << limit;
    }
  }
}

TEST_F(KafkaMessagesTest, JsonIsCutByItsOwnSize) {
  const Bytes request = otlp::example_request(Signal::kTraces, {.items = 50});
  const MadeMessages made = make(Signal::kTraces, request, {.encoding = Encoding::kJson}, 5000);
  ASSERT_FALSE(made.failure) << made.failure->error.message;
  size_t spans = 0;
  for (const Message& each : made.messages) {
    EXPECT_LE(each.value.size(), 5000u);
    EXPECT_TRUE(each.value.text().starts_with("{\"resourceSpans\":[{"));
    for (size_t at = 0; (at = each.value.text().find("\"spanId\"", at)) != std::string::npos;
         ++at) {
      ++spans;
    }
  }
  EXPECT_EQ(spans, 50u);
}

TEST_F(KafkaMessagesTest, AnItemThatIsTooLargeStopsTheBatch) {
  const Bytes request = otlp::example_request(Signal::kTraces, {.items = 5});
  for (const Encoding encoding : {Encoding::kProto, Encoding::kJson}) {
    const MadeMessages made = make(Signal::kTraces, request, {.encoding = encoding}, 100);
    ASSERT_TRUE(made.failure);
    EXPECT_EQ(made.failure->kind, Outcome::Kind::kTooLarge);
    EXPECT_TRUE(made.messages.empty());
  }
}

TEST_F(KafkaMessagesTest, ATraceIsOneMessageWithItsIdAsTheKey) {
  const Bytes request =
      request_of(Signal::kTraces, {id_of('\x01'), id_of('\xab'), id_of('\x01'), ""});
  const MadeMessages made = make(Signal::kTraces, request, {.key_source = KeySource::kTraceId});
  ASSERT_FALSE(made.failure);
  EXPECT_THAT(keys_of(made), ElementsAre("01010101010101010101010101010101",
                                         "abababababababababababababababab", ""));
  EXPECT_EQ(otlp::admit(Signal::kTraces, made.messages[0].value.view())->item_count, 2u);
  EXPECT_EQ(otlp::admit(Signal::kTraces, made.messages[1].value.view())->item_count, 1u);
}

TEST_F(KafkaMessagesTest, LogRecordsWithoutATraceHaveNoKey) {
  const Bytes request = request_of(Signal::kLogs, {id_of('\x02'), "", id_of('\0')});
  const MadeMessages made = make(Signal::kLogs, request, {.key_source = KeySource::kTraceId});
  EXPECT_THAT(keys_of(made), ElementsAre("02020202020202020202020202020202", "none"));
  EXPECT_EQ(otlp::admit(Signal::kLogs, made.messages[1].value.view())->item_count, 2u);
}

TEST_F(KafkaMessagesTest, GroupsKeepEverySurroundingAndEveryItem) {
  for (const Signal signal : {Signal::kTraces, Signal::kLogs}) {
    for (const Bytes& request :
         {otlp::example_request(signal, {.resources = 3, .scopes = 2, .items = 4}),
          otlp::example_request_with_everything(signal)}) {
      const auto groups = group_by_key(signal, Rope(request), KeySource::kTraceId, memory_.work);
      ASSERT_TRUE(groups);
      std::vector<std::string> lines;
      for (const MessageGroup& group : *groups) {
        for (std::string& line : otlp::flatten(signal, group.request)) {
          lines.push_back(std::move(line));
        }
      }
      std::vector<std::string> expected = otlp::flatten(signal, Rope(request));
      std::ranges::sort(lines);
      std::ranges::sort(expected);
      EXPECT_EQ(lines, expected);
    }
  }
}

// An empty span is two bytes of a request, and 24 of a list: no factor of the size is enough.
TEST(KafkaMessageGroupsTest, TheListsOfManyTinyItemsAreReserved) {
  TestWork memory(size_t{1} << 20);
  constexpr int kSpans = 600'000;
  const Bytes request = message([](wire::Writer& out) {
    nested(out, 1, [](wire::Writer& resource) {
      nested(resource, 2, [](wire::Writer& scope) {
        for (int i = 0; i < kSpans; ++i) nested(scope, 2, [](wire::Writer&) {});
      });
    });
  });
  const auto groups =
      group_by_key(Signal::kTraces, Rope(request), KeySource::kTraceId, memory.work);
  ASSERT_FALSE(groups.has_value());
  EXPECT_THAT(groups.error().message, HasSubstr("grouping by message key"));
  EXPECT_EQ(memory.budget.used(), 0u);
}

TEST_F(KafkaMessagesTest, AResourceIsOneMessage) {
  const auto resource = [](std::string_view name) {
    return [name](wire::Writer& out) {
      nested(out, 1,
             [&](wire::Writer& content) { attribute(content, 1, "service.name", text(name)); });
      nested(out, 2, [](wire::Writer& scope) { nested(scope, 2, [](wire::Writer&) {}); });
    };
  };
  const Bytes request = message([&](wire::Writer& out) {
    for (const char* name : {"a", "b", "a"}) nested(out, 1, resource(name));
  });
  const MadeMessages made = make(Signal::kLogs, request, {.key_source = KeySource::kResource});
  ASSERT_EQ(made.messages.size(), 2u);
  EXPECT_EQ(otlp::admit(Signal::kLogs, made.messages[0].value.view())->item_count, 2u);
  EXPECT_EQ(made.messages[0].key->size(), 16u);
  EXPECT_NE(made.messages[0].key, made.messages[1].key);
}

// What otelcol's pdatautil.MapHash makes of the same attributes.
TEST(KafkaResourceKeyTest, AgreesWithOtelcol) {
  const Bytes plain = message([](wire::Writer& out) {
    attribute(out, 1, "service.name", text("checkout"));
    attribute(out, 1, "n", [](wire::Writer& value) { value.varint_field(3, 7); });
    attribute(out, 1, "host.name", text("a"));
  });
  EXPECT_EQ(hex(resource_key(plain.view())), "c06ed21b767c1316da0a3ad6967fba5d");
  const Bytes types = message([](wire::Writer& out) {
    attribute(out, 1, "t", [](wire::Writer& value) { value.varint_field(2, 1); });
    attribute(out, 1, "f", [](wire::Writer& value) { value.varint_field(2, 0); });
    attribute(out, 1, "d", [](wire::Writer& value) { value.double_field(4, 1.5); });
    attribute(out, 1, "e", [](wire::Writer&) {});
    attribute(out, 1, "b", [](wire::Writer& value) { value.string_field(7, "\x01\x02"); });
    attribute(out, 1, "s", [](wire::Writer& value) {
      nested(value, 5, [](wire::Writer& list) {
        nested(list, 1, text("x"));
        nested(list, 1, [](wire::Writer& element) { element.varint_field(3, UINT64_MAX); });
      });
    });
    attribute(out, 1, "m", [](wire::Writer& value) {
      nested(value, 6, [](wire::Writer& map) {
        attribute(map, 1, "z", text("1"));
        attribute(map, 1, "a", text("2"));
      });
    });
  });
  EXPECT_EQ(hex(resource_key(types.view())), "e33e0fcf1ff71b361a85d655f20425e2");
  const Bytes many = message([](wire::Writer& out) {
    for (int i = 0; i < 20; ++i) {
      const std::string key = (i < 10 ? "key-0" : "key-") + std::to_string(i);
      attribute(out, 1, key, text("some value that is long enough"));
    }
  });
  EXPECT_EQ(hex(resource_key(many.view())), "0fb70a3ea5180eb263eaa5fc1da5290c");
  EXPECT_EQ(resource_key({}), std::string(16, '\0'));
}

TEST(KafkaResourceKeyTest, Xxh64AgreesWithItsSpecification) {
  EXPECT_EQ(xxh64(""), 0xEF46DB3751D8E999u);
  EXPECT_EQ(xxh64("abc"), 0x44BC2CF5AD770999u);
}

TEST_F(KafkaRawTest, BodiesAreBytesOrJson) {
  const auto record = [](const Write& body) {
    return [body](wire::Writer& scope) {
      nested(scope, 2, [&](wire::Writer& item) { nested(item, 5, body); });
    };
  };
  const Bytes request = message([&](wire::Writer& out) {
    nested(out, 1, [&](wire::Writer& resource) {
      nested(resource, 2, [&](wire::Writer& scope) {
        record(text("a <b> & \"c\"\n"))(scope);
        record([](wire::Writer& value) { value.string_field(7, "\x01raw"); })(scope);
        record([](wire::Writer& value) { value.varint_field(3, 42); })(scope);
        record([](wire::Writer& value) { value.varint_field(2, 1); })(scope);
        record([](wire::Writer&) {})(scope);
        record([](wire::Writer& value) {
          nested(value, 6, [](wire::Writer& map) {
            attribute(map, 1, "z", text("1"));
            attribute(map, 1, "a", [](wire::Writer& number) { number.varint_field(3, 2); });
          });
        })(scope);
      });
    });
  });
  const MadeMessages made = make(Signal::kLogs, request, {.encoding = Encoding::kRaw});
  ASSERT_FALSE(made.failure);
  std::vector<std::string> bodies;
  for (const Message& each : made.messages) bodies.emplace_back(each.value.text());
  EXPECT_THAT(bodies, ElementsAre(R"("a \u003cb\u003e \u0026 \"c\"\n")", "\x01raw", "42", "true",
                                  R"({"a":2,"z":"1"})"));
}

TEST_F(KafkaRawTest, ANumberThatJsonCannotExpressIsFinal) {
  const Bytes request = message([](wire::Writer& out) {
    nested(out, 1, [](wire::Writer& resource) {
      nested(resource, 2, [](wire::Writer& scope) {
        nested(scope, 2, [](wire::Writer& item) {
          nested(item, 5, [](wire::Writer& value) { value.double_field(4, 1.0 / 0.0); });
        });
      });
    });
  });
  const MadeMessages made = make(Signal::kLogs, request, {.encoding = Encoding::kRaw});
  ASSERT_TRUE(made.failure);
  EXPECT_EQ(made.failure->kind, Outcome::Kind::kRefused);
  EXPECT_THAT(made.failure->error.message, HasSubstr("JSON"));
}

}  // namespace
}  // namespace millrace::exporters::kafka
