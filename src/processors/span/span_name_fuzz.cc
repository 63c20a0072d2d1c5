// Names and rules of few characters: the result is admitted, and putting the values of the groups
// back in their places gives the name before.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "memory/testing/test_work.h"
#include "otlp/admit.h"
#include "otlp/attribute_list.h"
#include "otlp/edit.h"
#include "processors/span/span_processor.h"
#include "wire/writer.h"
#include "yaml/parse.h"

namespace {

using namespace millrace;
using namespace millrace::processors::span;

Bytes request_of(std::string_view name) {
  wire::Writer w(256);
  const auto resource_spans = w.open(1);
  const auto scope_spans = w.open(2);
  const auto span = w.open(2);
  if (!name.empty()) w.string_field(5, name);
  w.close(span);
  w.close(scope_spans);
  w.close(resource_spans);
  return Bytes::copy_of(w.view());
}

void put_back(std::string* name, std::string_view key, std::string_view value) {
  const std::string place = "{" + std::string(key) + "}";
  const size_t at = name->find(place);
  if (at != std::string::npos) name->replace(at, place.size(), value);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  millrace::testing::FuzzInput input(data, size);
  constexpr std::string_view kRules[] = {"'(?P<one>a*)b(?P<two>[ac]?)'", "'^(?P<one>c+)'",
                                         "'(?P<one>b)|(?P<two>ca)'", "'(?P<one>a(?P<two>b?))c'"};
  const std::string rule(kRules[input.choice(std::size(kRules))]);
  const auto root = yaml::parse("{name: {to_attributes: {rules: [" + rule + "]}}}", "a.yaml");
  config::Diagnostics diagnostics;
  config::Section section(*root, diagnostics, "span");
  Options options;
  read_options(section, options);
  std::string name;
  while (!input.empty() && name.size() < 100) name += "abc/"[input.choice(4)];
  testing::TestWork own;
  pipeline::Payload payload;
  payload.bytes = Rope(request_of(name));
  payload.item_count = 1;
  MILLRACE_CHECK(make_span_processor(options)->process(payload, own.work));
  const Bytes bytes = Bytes::copy_of(payload.bytes.to_bytes().view());
  MILLRACE_CHECK(otlp::admit(Signal::kTraces, bytes.view())->item_count == 1);
  const auto look = [&](const otlp::EditContext& context, otlp::AttributeList& list) {
    std::string made(otlp::SpanView::read(context.item).name);
    list.for_each([&](std::string_view key, const otlp::AnyValueView& value) {
      put_back(&made, key, value.text);
    });
    MILLRACE_CHECK(made == name);
  };
  MILLRACE_CHECK(otlp::edit_item_attributes(Signal::kTraces, Rope(bytes), look, own.work));
  return 0;
}
