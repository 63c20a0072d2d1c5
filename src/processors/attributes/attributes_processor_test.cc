#include "processors/attributes/attributes_processor.h"

#include <gtest/gtest.h>

#include <string>

#include "config/testing/read_section.h"
#include "memory/testing/test_work.h"
#include "otlp/admit.h"
#include "otlp/edit.h"
#include "otlp/example_requests.h"

namespace millrace::processors::attributes {
namespace {

using otlp::AnyValueView;
using otlp::AttributeList;
using otlp::EditContext;

// For all tests here: their requests are small.
Work work_of_tests() {
  static testing::TestWork own;
  return own.work;
}

Rope edit_item_attributes(Signal signal, const Rope& request, const otlp::AttributeEditor& edit) {
  Work work = work_of_tests();
  return *otlp::edit_item_attributes(signal, request, edit, work);
}

Options read(std::string_view yaml, void (*reader)(config::Section&, Options*)) {
  return testing::read_options_of<Options>(
      yaml, "processors::attributes",
      [&](config::Section& section, Options& options) { reader(section, &options); });
}

pipeline::Payload payload_of(Signal signal, const Bytes& request) {
  pipeline::Payload payload;
  payload.signal = signal;
  payload.bytes = Rope(request);
  payload.item_count = otlp::admit(signal, request.view())->item_count;
  auto metadata = std::make_shared<Metadata>();
  metadata->entries = {{"tenant", "a"},
                       {"other", "x"},
                       {"tenant", "b"},
                       {"latin", "caf\xe9"},
                       {":auth.username", "alice"}};
  metadata->client_address = "10.1.2.3:51234";
  payload.metadata = metadata;
  return payload;
}

void run(pipeline::Processor& processor, pipeline::Payload* payload) {
  Work work = work_of_tests();
  const auto result = processor.process(*payload, work);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->filtered_count + result->held_count, 0u);
  const Bytes bytes = Bytes::copy_of(payload->bytes.to_bytes().view());
  const auto admitted = otlp::admit(payload->signal, bytes.view());
  ASSERT_TRUE(admitted) << admitted.error().to_error().message;
  EXPECT_EQ(admitted->item_count, payload->item_count);
}

char type_letter(AnyValueView::Type type) { return "-sbidakx"[static_cast<size_t>(type)]; }

// "key=value:type …" of the first span.
std::string first_item(const Rope& request, Signal signal = Signal::kTraces) {
  std::string text;
  bool is_first = true;
  edit_item_attributes(signal, request, [&](const EditContext&, AttributeList& list) {
    if (!is_first) return;
    is_first = false;
    list.for_each([&](std::string_view key, const AnyValueView& value) {
      text += std::string(key) + "=" + to_text(value) + ":" + type_letter(value.type) + " ";
    });
  });
  return text;
}

// One span with attributes a="one", n=7, f=1.5, y=true, url="https://shop/cart?id=5", digits="12".
Bytes small_request() {
  const Bytes span = Bytes::copy_of(std::string_view("\x0a\x04\x12\x02\x12\x00", 6));
  const Rope with_attributes = edit_item_attributes(
      Signal::kTraces, Rope(span), [](const EditContext&, AttributeList& list) {
        list.set("a", otlp::encode_string_value("one"));
        list.set("n", otlp::encode_int_value(7));
        list.set("f", otlp::encode_double_value(1.5));
        list.set("y", otlp::encode_bool_value(1));
        list.set("url", otlp::encode_string_value("https://shop/cart?id=5"));
        list.set("digits", otlp::encode_string_value("12"));
      });
  return Bytes::copy_of(with_attributes.to_bytes().view());
}

struct ActionCase {
  const char* action;
  const char* changed;  // what the action makes of the attribute named by the text before '='
};

const char kUrlAction[] =
    R"({key: url, action: extract, pattern: '^(?P<scheme>\w+)://(?P<host>[^/]+)'})";

const ActionCase kActions[] = {
    {"{key: new, action: insert, value: x}", "new=x:s"},
    {"{key: new, action: INSERT, value: 5}", "new=5:i"},
    {"{key: new, action: insert, value: 2.5}", "new=2.5:d"},
    {"{key: new, action: insert, value: false}", "new=false:b"},
    {"{key: new, action: insert, value: '5'}", "new=5:s"},
    {"{key: new, action: insert, value: [1, b]}", "new=[1,\"b\"]:a"},
    {"{key: new, action: insert, value: {k: 1}}", "new={\"k\":1}:k"},
    {"{key: a, action: insert, value: x}", "a=one:s"},
    {"{key: a, action: update, value: x}", "a=x:s"},
    {"{key: new, action: update, value: x}", "new"},
    {"{key: a, action: upsert, value: 1}", "a=1:i"},
    {"{key: new, action: upsert, value: x}", "new=x:s"},
    {"{key: new, action: insert, from_attribute: f}", "new=1.5:d"},
    {"{key: new, action: insert, from_attribute: no}", "new"},
    {"{key: new, action: insert, from_attribute: no, default_value: d}", "new=d:s"},
    {"{key: new, action: insert, from_context: metadata.Tenant}", "new=a;b:s"},
    // A header may hold any byte, a string of OTLP only UTF-8.
    {"{key: new, action: insert, from_context: metadata.latin}", "new=caf\xef\xbf\xbd:s"},
    {"{key: new, action: insert, from_context: metadata.absent}", "new"},
    {"{key: new, action: insert, from_context: auth.username}", "new=alice:s"},
    {"{key: new, action: insert, from_context: Tenant}", "new=a;b:s"},
    {"{key: new, action: insert, default_value: 7}", "new=7:i"},
    {"{key: new, action: insert, value: 1, default_value: 2}", "new=1:i"},
    {"{key: new, action: insert, from_context: metadata.absent, default_value: 1}", "new=1:i"},
    {"{key: new, action: upsert, from_context: client.address}", "new=10.1.2.3:s"},
    {"{key: a, action: delete}", "a"},
    {"{action: delete, pattern: '^dig'}", "digits"},
    {"{key: a, action: delete, pattern: nothing}", "a"},
    {"{key: a, action: hash}",
     "a=7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed:s"},
    {"{key: n, action: hash}",
     "n=aae89fc0f03e2959ae4d701a80cc3915918c950b159f6abb6c92c1433b1a8534:s"},
    {"{key: y, action: hash}",
     "y=4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a:s"},
    {"{action: hash, pattern: '^a$'}",
     "a=7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed:s"},
    // The key and the pattern each hash it.
    {"{key: a, action: hash, pattern: '^a$'}",
     "a=e8fdaa78e6ffffcd50b3cdb2adbd698c478d05e2583a9b8a59645eefbfdcf42d:s"},
    {"{key: n, action: convert, converted_type: string}", "n=7:s"},
    {"{key: n, action: convert, converted_type: double}", "n=7:d"},
    {"{key: f, action: convert, converted_type: int}", "f=1:i"},
    {"{key: f, action: convert, converted_type: string}", "f=1.5:s"},
    {"{key: y, action: convert, converted_type: int}", "y=1:i"},
    {"{key: digits, action: convert, converted_type: int}", "digits=12:i"},
    {"{key: digits, action: convert, converted_type: double}", "digits=12:d"},
    {"{key: a, action: convert, converted_type: int}", "a=one:s"},
    {kUrlAction, "scheme=https:s"},
    {kUrlAction, "host=shop:s"},
};

TEST(AttributesProcessorTest, EveryAction) {
  for (const ActionCase& c : kActions) {
    const Options options =
        read("actions: [" + std::string(c.action) + "]", read_attributes_options);
    pipeline::Payload payload = payload_of(Signal::kTraces, small_request());
    run(*make_attributes_processor(options), &payload);
    const std::string after = " " + first_item(payload.bytes);
    const std::string wanted(c.changed);
    if (wanted.find('=') != std::string::npos) {
      EXPECT_NE(after.find(" " + wanted + " "), std::string::npos) << c.action << after;
    } else {
      EXPECT_EQ(after.find(" " + wanted + "="), std::string::npos) << c.action << after;
    }
  }
}

TEST(AttributesProcessorTest, AnUnknownAddressIsEmptyText) {
  const Options options = read("actions: [{key: ip, action: insert, from_context: client.address}]",
                               read_attributes_options);
  pipeline::Payload payload = payload_of(Signal::kTraces, small_request());
  payload.metadata = std::make_shared<Metadata>();
  run(*make_attributes_processor(options), &payload);
  EXPECT_NE(first_item(payload.bytes).find(" ip=:s "), std::string::npos);
  // Without include_metadata nothing is known of the sender.
  payload = payload_of(Signal::kTraces, small_request());
  payload.metadata = nullptr;
  run(*make_attributes_processor(options), &payload);
  EXPECT_EQ(first_item(payload.bytes).find(" ip="), std::string::npos);
}

struct NumberCase {
  const char* text;
  const char* as_double;
};

TEST(AttributesProcessorTest, TextBecomesDoublesAsInGo) {
  const NumberCase cases[] = {
      {"+1.5", "1.5:d"},
      {"1e-400", "0:d"},
      {"1e400", "1e400:s"},
      {"-inf", "-Infinity:d"},
      {"Infinity", "Infinity:d"},
      {"NaN", "NaN:d"},
      {"-nan", "-nan:s"},
      {"0x1p-2", "0.25:d"},
      {"0x12", "0x12:s"},
      {" 1", " 1:s"},
      {"", ":s"},
      {"-", "-:s"},
      {"nan(1)", "nan(1):s"},
      {"--1", "--1:s"},
      {"1.", "1:d"},
      {".5", "0.5:d"},
      {"1_000", "1000:d"},
      {"1_e3", "1_e3:s"},
      {"_1", "_1:s"},
      {"1__0", "1__0:s"},
      {"0x_1p1_0", "1024:d"},
      {"1_", "1_:s"},
      {"1e-7", "1e-7:d"},
      {"123456789012345678901234", "1.2345678901234569e+23:d"},
  };
  const Options options =
      read("actions: [{key: a, action: convert, converted_type: double}]", read_attributes_options);
  for (const NumberCase& c : cases) {
    const Rope one = edit_item_attributes(Signal::kTraces, Rope(small_request()),
                                          [&](const EditContext&, AttributeList& list) {
                                            list.set("a", otlp::encode_string_value(c.text));
                                          });
    pipeline::Payload payload = payload_of(Signal::kTraces, Bytes::copy_of(one.to_bytes().view()));
    run(*make_attributes_processor(options), &payload);
    EXPECT_TRUE(first_item(payload.bytes).starts_with("a=" + std::string(c.as_double) + " "))
        << c.text << " " << first_item(payload.bytes);
  }
}

TEST(AttributesProcessorTest, ActionsApplyInOrder) {
  const Options options = read(
      "actions:\n"
      "- {key: b, action: insert, from_attribute: a}\n"
      "- {key: a, action: delete}\n"
      "- {key: b, action: update, value: z}\n"
      "- {action: delete, pattern: '^(n|f|y|url|digits)$'}\n",
      read_attributes_options);
  pipeline::Payload payload = payload_of(Signal::kTraces, small_request());
  run(*make_attributes_processor(options), &payload);
  EXPECT_EQ(first_item(payload.bytes), "b=z:s ");
}

TEST(AttributesProcessorTest, RequestWithoutChangesKeepsItsBytes) {
  const Options options =
      read("actions: [{key: no, action: delete}, {key: no, action: update, value: 1}]",
           read_attributes_options);
  for (const Signal signal : kSignals) {
    const Bytes request = otlp::example_request_with_everything(signal);
    pipeline::Payload payload = payload_of(signal, request);
    run(*make_attributes_processor(options), &payload);
    ASSERT_EQ(payload.bytes.pieces().size(), 1u);
    EXPECT_EQ(payload.bytes.pieces()[0].data(), request.data());
  }
}

TEST(AttributesProcessorTest, EveryItemOfEverySignalIsReached) {
  const Options options =
      read("actions: [{key: env, action: upsert, value: prod}]", read_attributes_options);
  for (const Signal signal : {Signal::kTraces, Signal::kMetrics, Signal::kLogs}) {
    pipeline::Payload payload = payload_of(signal, otlp::example_request_with_everything(signal));
    run(*make_attributes_processor(options), &payload);
    uint32_t reached = 0;
    edit_item_attributes(signal, payload.bytes, [&](const EditContext&, AttributeList& list) {
      reached += list.contains("env");
    });
    EXPECT_EQ(reached, payload.item_count);
  }
}

TEST(AttributesProcessorTest, OnlySelectedItemsAreChanged) {
  // Against example_request: service checkout-0, a server span.
  for (const auto& [match, is_hit] : std::initializer_list<std::pair<const char*, bool>>{
           {"include: {match_type: strict, services: [checkout-0]}", true},
           {"include: {match_type: strict, services: [checkout]}", false},
           {"exclude: {match_type: strict, span_kinds: [SPAN_KIND_SERVER]}", false},
           {"exclude: {match_type: regexp, attributes: [{key: server.port, value: x}]}", true}}) {
    const Options options =
        read("actions: [{key: hit, action: insert, value: 1}]\n" + std::string(match),
             read_attributes_options);
    pipeline::Payload payload =
        payload_of(Signal::kTraces, otlp::example_request(Signal::kTraces, {}));
    run(*make_attributes_processor(options), &payload);
    EXPECT_EQ(first_item(payload.bytes).find("hit=1") != std::string::npos, is_hit) << match;
  }
}

TEST(AttributesProcessorTest, OnlyMatchingSpansLoseTheirBytes) {
  const Options options = read(
      "actions: [{key: hit, action: insert, value: 1}]\n"
      "include: {match_type: strict, services: [checkout-1]}",
      read_attributes_options);
  const Bytes request = otlp::example_request(Signal::kTraces, {3, 1, 20, 1});
  pipeline::Payload payload = payload_of(Signal::kTraces, request);
  run(*make_attributes_processor(options), &payload);
  const auto& pieces = payload.bytes.pieces();
  EXPECT_EQ(pieces.front().data(), request.data());
  EXPECT_EQ(pieces.back().chunk().get(), request.chunk().get());
  EXPECT_EQ(pieces.back().data() + pieces.back().size(), request.data() + request.size());
}

TEST(ResourceProcessorTest, EditsResourcesOfEverySignal) {
  const Options options = read(
      "attributes:\n"
      "- {key: deployment.environment.name, action: upsert, value: prod}\n"
      "- {key: host.name, action: hash}\n",
      read_resource_options);
  for (const Signal signal : kSignals) {
    const Bytes request = otlp::example_request(signal, {2, 1, 60, 1});
    pipeline::Payload payload = payload_of(signal, request);
    run(*make_resource_processor(options), &payload);
    otlp::ResourceReader resources(payload.bytes);
    size_t count = 0;
    for (otlp::ResourceView resource; resources.next(&resource); count++) {
      const auto find = [&](std::string_view key) {
        return otlp::find_attribute(resource.resource.view(), otlp::kResourceAttributes, key);
      };
      EXPECT_EQ(find("deployment.environment.name")->text, "prod");
      EXPECT_EQ(find("host.name")->text.size(), 64u);
    }
    EXPECT_EQ(count, 2u);
    // The scopes with all their items are the received bytes (of profiles they are short here).
    if (signal == Signal::kProfiles) continue;
    EXPECT_EQ(payload.bytes.pieces().back().chunk().get(), request.chunk().get());
  }
}

}  // namespace
}  // namespace millrace::processors::attributes
