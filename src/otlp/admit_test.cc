#include "otlp/admit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "otlp/example_requests.h"
#include "otlp/walks.h"
#include "wire/writer.h"

namespace millrace::otlp {
namespace {

using Reason = Violation::Reason;
using wire::Writer;

std::expected<Admitted, Violation> admit_copy(Signal signal, std::span<const uint8_t> message,
                                              const AdmitOptions& options = {}) {
  const Bytes bytes = Bytes::copy_of(message);
  auto fast = admit(signal, bytes.view(), options);
  const auto slow = find_violation(signal, bytes.view(), options);
  EXPECT_EQ(fast.has_value(), !slow.has_value());
  const auto count = fast ? std::optional(fast->item_count) : std::nullopt;
  const int depth = std::clamp(options.depth_max, 10, 1000);
  for (const NamedWalk& each : usable_walks()) {
    Pace pace;
    EXPECT_EQ(each.walk(signal, bytes.view(), depth, nullptr), count) << each.name;
    EXPECT_EQ(each.walk(signal, bytes.view(), depth, &pace), count) << each.name << " with pauses";
  }
  if (!fast) {
    EXPECT_EQ(fast.error().field_path, slow->field_path);
  }
  return fast;
}

TEST(AdmitTest, CountsItemsOfEachSignal) {
  for (const Signal signal : kSignals) {
    const Bytes request = example_request(signal, {2, 3, 4, 5});
    const auto admitted = admit_copy(signal, request.view());
    ASSERT_TRUE(admitted) << admitted.error().to_error().message;
    EXPECT_EQ(admitted->item_count, signal == Signal::kMetrics ? 120u : 24u);
  }
}

TEST(AdmitTest, EmptyRequestHoldsNothing) {
  for (const Signal signal : kSignals) EXPECT_EQ(admit_copy(signal, {})->item_count, 0u);
}

TEST(AdmitTest, EveryFieldOfEverySignalPasses) {
  const uint32_t counts[] = {2, 6, 2, 3};
  for (const Signal signal : kSignals) {
    const Bytes request = example_request_with_everything(signal);
    const auto admitted = admit_copy(signal, request.view());
    ASSERT_TRUE(admitted) << admitted.error().to_error().message;
    EXPECT_EQ(admitted->item_count, counts[index_of(signal)]);
  }
}

TEST(AdmitTest, CutAnywhereButAtARecordIsRefused) {
  for (const Signal signal : {Signal::kTraces, Signal::kMetrics, Signal::kLogs}) {
    const Bytes request = example_request_with_everything(signal);
    // A valid request remains only when a cut removes whole unknown fields at the end.
    size_t valid = 0;
    for (size_t size = 0; size < request.size(); size++) {
      valid += admit_copy(signal, request.view().first(size)).has_value();
    }
    EXPECT_EQ(valid, 4u);
  }
}

// Both walks give the same result for every change of a single byte, within bounds.
TEST(AdmitTest, WalksAgreeOnEveryChangedByte) {
  for (const Signal signal : {Signal::kTraces, Signal::kMetrics, Signal::kLogs}) {
    const Bytes request = example_request_with_everything(signal);
    std::string text(request.text());
    for (size_t i = 0; i < text.size(); i += 11) {
      const char before = text[i];
      for (const int change : {1, 0x80, 0xff}) {
        text[i] = static_cast<char>(before ^ change);
        (void)admit_copy(signal, as_span(text));
      }
      text[i] = before;
    }
  }
}

// Returns a trace request with one span whose content is `span`.
Bytes request_of_span(const Writer& span) {
  Writer w;
  const auto resource_spans = w.open(1);
  const auto scope_spans = w.open(2);
  w.bytes_field(2, span.view());
  w.close(scope_spans);
  w.close(resource_spans);
  return w.finish();
}

struct RefusedCase {
  const char* name;
  void (*write)(Writer& span);
  Reason reason;
  const char* path;
};

const RefusedCase kRefused[] = {
    {"name", [](Writer& s) { s.string_field(5, "\xc0\xaf"); }, Reason::kUtf8, "name"},
    {"long name", [](Writer& s) { s.string_field(5, std::string(200, 'a') + "\xff"); },
     Reason::kUtf8, "name"},
    {"trace id", [](Writer& s) { s.string_field(1, "fifteen bytes.."); }, Reason::kIdLength,
     "trace_id"},
    {"span id", [](Writer& s) { s.string_field(2, "nine byte"); }, Reason::kIdLength, "span_id"},
    {"parent", [](Writer& s) { s.string_field(4, "7 bytes"); }, Reason::kIdLength,
     "parent_span_id"},
    {"plain key",
     [](Writer& s) {
       s.string_field(9, "\x0a\x01k\x12\x03\x0a\x01v");
       s.string_field(9, "\x0a\x01\xff\x12\x03\x0a\x01v");
     },
     Reason::kUtf8, "attributes[1].key"},
    {"plain value", [](Writer& s) { s.string_field(9, "\x0a\x01k\x12\x03\x0a\x01\xff"); },
     Reason::kUtf8, "attributes[0].value.string_value"},
    {"link", [](Writer& s) { s.string_field(13, "\x0a\x01x"); }, Reason::kIdLength,
     "links[0].trace_id"},
    {"event", [](Writer& s) { s.string_field(11, "\x12\x01\xff"); }, Reason::kUtf8,
     "events[0].name"},
    {"length", [](Writer& s) { s.string_field(15, "\x12\x05no"); }, Reason::kFraming,
     "status.message"},
    {"wire type 7", [](Writer& s) { s.raw_varint(0x3f); }, Reason::kFraming, "(field 7)"},
    {"field 0", [](Writer& s) { s.raw_varint(0); }, Reason::kFraming, "(field 0)"},
    {"wide tag", [](Writer& s) { s.raw_varint(uint64_t{1} << 33); }, Reason::kTagSize, ""},
    {"open group", [](Writer& s) { s.raw_varint(0xa3); }, Reason::kFraming, "(field 20)"},
};

TEST(AdmitTest, RefusalNamesTheFieldAndTheByte) {
  for (const RefusedCase& c : kRefused) {
    Writer span;
    span.varint_field(6, 1);
    c.write(span);
    const Bytes request = request_of_span(span);
    const auto admitted = admit_copy(Signal::kTraces, request.view());
    ASSERT_FALSE(admitted) << c.name;
    EXPECT_EQ(admitted.error().reason, c.reason) << c.name;
    std::string path = "resource_spans[0].scope_spans[0].spans[0]";
    if (*c.path != 0) path += std::string(".") + c.path;
    EXPECT_EQ(admitted.error().field_path, path) << c.name;
    EXPECT_GE(admitted.error().byte_offset, 8u) << c.name;
    EXPECT_LT(admitted.error().byte_offset, request.size()) << c.name;
  }
}

TEST(AdmitTest, MessageForPeopleIsWhole) {
  Writer span;
  span.string_field(5, "\xff");
  const auto admitted = admit_copy(Signal::kTraces, request_of_span(span).view());
  const Error error = admitted.error().to_error();
  EXPECT_EQ(error.code, Code::kInvalidArgument);
  EXPECT_EQ(error.message,
            "resource_spans[0].scope_spans[0].spans[0].name is not valid UTF-8 (byte 6)");
}

struct AcceptedCase {
  const char* name;
  void (*write)(Writer& span);
};

const AcceptedCase kAccepted[] = {
    {"empty ids", [](Writer& s) { s.string_field(1, ""); }},
    {"known number, another wire type", [](Writer& s) { s.varint_field(5, 1); }},
    {"bytes where a number should be", [](Writer& s) { s.string_field(7, "\xff"); }},
    {"last of two names",
     [](Writer& s) {
       s.string_field(5, "first");
       s.string_field(5, "second");
     }},
    {"status in two parts",
     [](Writer& s) {
       s.string_field(15, "\x18\x01");
       s.string_field(15, "\x12\x01x");
     }},
    {"tag that is not minimal",
     [](Writer& s) { s.raw(as_span(std::string_view("\xaa\x00\x01n", 4))); }},
    {"largest field number", [](Writer& s) { s.varint_field(wire::kFieldNumberMax, 1); }},
    {"value before key", [](Writer& s) { s.string_field(9, "\x12\x03\x0a\x01v\x0a\x01k"); }},
    {"two members of a oneof", [](Writer& s) { s.string_field(9, "\x12\x05\x18\x01\x0a\x01v"); }},
};

TEST(AdmitTest, EverythingThatLibprotobufParsesIsAdmitted) {
  for (const AcceptedCase& c : kAccepted) {
    Writer span;
    c.write(span);
    const auto admitted = admit_copy(Signal::kTraces, request_of_span(span).view());
    ASSERT_TRUE(admitted) << c.name << ": " << admitted.error().to_error().message;
    EXPECT_EQ(admitted->item_count, 1u);
  }
}

Bytes request_of_attribute(std::string_view key, std::string_view any_value) {
  Writer attribute;
  attribute.string_field(1, key);
  attribute.string_field(2, any_value);
  Writer span;
  span.bytes_field(9, attribute.view());
  span.varint_field(16, 0xffffffff);  // bytes over 0x7f behind the attribute
  return request_of_span(span);
}

// The short way for attributes reads 64 bytes at once, or twice 64, and lengths of one byte.
TEST(AdmitTest, ABadByteIsFoundInAttributesOfEverySize) {
  for (size_t key_size = 0; key_size < 140; key_size += key_size < 70 ? 1 : 9) {
    for (const size_t text_size : {0, 1, 20, 50, 56, 57, 58, 59, 60, 110, 119, 121, 127, 128}) {
      const std::string key(key_size, 'k');
      Writer value;
      value.string_field(1, std::string(text_size, 'v'));
      const Bytes good = request_of_attribute(key, as_text(value.view()));
      EXPECT_TRUE(admit_copy(Signal::kTraces, good.view()));
      std::string bad(good.text());
      const size_t last_of_text = bad.size() - 7 - 1;
      if (key_size + text_size == 0) continue;
      bad[text_size > 0 ? last_of_text : last_of_text - 4] = '\xff';
      const auto refused = admit_copy(Signal::kTraces, as_span(bad));
      ASSERT_FALSE(refused) << key_size << ", " << text_size;
      EXPECT_EQ(refused.error().reason, Reason::kUtf8);
    }
  }
}

TEST(AdmitTest, NumbersOfAttributesEndWithTheAttribute) {
  for (const std::string_view number : {"\x18", "\x10"}) {
    std::string value(number);
    for (size_t bytes = 1; bytes <= 11; ++bytes) {
      const std::string whole = value + '\x01';
      EXPECT_EQ(admit_copy(Signal::kTraces, request_of_attribute("key", whole).view()).has_value(),
                bytes <= 10);
      EXPECT_FALSE(admit_copy(Signal::kTraces, request_of_attribute("key", value).view()));
      EXPECT_FALSE(admit_copy(Signal::kTraces, request_of_attribute("key", whole + '\x01').view()));
      value += '\x80';
    }
  }
}

TEST(AdmitTest, TextsOfAnAttributeAreTextsByThemselves) {
  Writer split;  // the two halves of one character
  split.string_field(1, "\xac");
  EXPECT_FALSE(
      admit_copy(Signal::kTraces, request_of_attribute("\xe2\x82", as_text(split.view())).view()));
  Writer wide;
  wide.string_field(1, "\xe6\x97\xa5");
  EXPECT_TRUE(
      admit_copy(Signal::kTraces, request_of_attribute("\xc3\xa9", as_text(wide.view())).view()));
}

// A span attribute with nested arrays.
Bytes nested_arrays(size_t levels) {
  std::string value;
  for (size_t i = 0; i < levels; i++) {
    Writer w;
    const auto array = w.open(5);
    w.string_field(1, value);
    w.close(array);
    value = w.to_string();
  }
  Writer attribute;
  attribute.string_field(1, "k");
  attribute.string_field(2, value);
  Writer span;
  span.bytes_field(9, attribute.view());
  return request_of_span(span);
}

TEST(AdmitTest, DepthIsLimitedAtTheLevelOfLibprotobuf) {
  // Request, ResourceSpans, ScopeSpans, Span, KeyValue, AnyValue, then two levels for each array.
  EXPECT_TRUE(admit_copy(Signal::kTraces, nested_arrays(47).view()));
  const auto refused = admit_copy(Signal::kTraces, nested_arrays(48).view());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, Reason::kDepth);
  EXPECT_TRUE(admit_copy(Signal::kTraces, nested_arrays(48).view(), {.depth_max = 101}));
  EXPECT_FALSE(admit_copy(Signal::kTraces, nested_arrays(20).view(), {.depth_max = 30}));
}

// Metric.data is a oneof: the last member replaces earlier ones with their points.
TEST(AdmitTest, PointsOfTheLastMemberOfMetricDataCount) {
  const auto count = [](std::string_view metric) {
    Writer w;
    const auto resource = w.open(1);
    const auto scope = w.open(2);
    w.string_field(2, metric);
    w.close(scope);
    w.close(resource);
    return admit_copy(Signal::kMetrics, w.view())->item_count;
  };
  constexpr std::string_view kTwoInGauge("\x2a\x04\x0a\x00\x0a\x00", 6);
  constexpr std::string_view kOneInSum("\x3a\x02\x0a\x00", 4);
  const std::string gauge(kTwoInGauge);
  const std::string sum(kOneInSum);
  EXPECT_EQ(count(gauge), 2u);
  EXPECT_EQ(count(gauge + gauge), 4u);
  EXPECT_EQ(count(gauge + sum), 1u);
  EXPECT_EQ(count(sum + gauge), 2u);
  EXPECT_EQ(count(gauge + sum + gauge), 2u);
}

TEST(AdmitTest, PackedFieldsMustHoldWholeElements) {
  for (const auto& [point, valid] : {std::pair<std::string_view, bool>{"\x32\x08"
                                                                       "12345678",
                                                                       true},
                                     {"\x32\x07"
                                      "1234567",
                                      false},
                                     {"\x3a\x01"
                                      "1",
                                      false}}) {
    Writer w;
    const auto resource = w.open(1);
    const auto scope = w.open(2);
    const auto metric = w.open(2);
    const auto histogram = w.open(9);
    w.string_field(1, point);
    for (const auto& nested : {histogram, metric, scope, resource}) w.close(nested);
    EXPECT_EQ(admit_copy(Signal::kMetrics, w.view()).has_value(), valid);
  }
}

}  // namespace
}  // namespace millrace::otlp
