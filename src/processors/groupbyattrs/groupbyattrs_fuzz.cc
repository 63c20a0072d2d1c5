// Groups spans with few different attributes, and compares with a naive twin that keeps a list of
// groups. Cuts in any places of the rope make no difference.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "memory/testing/test_work.h"
#include "otlp/admit.h"
#include "otlp/attribute_list.h"
#include "otlp/edit.h"
#include "processors/groupbyattrs/groupbyattrs_processor.h"
#include "wire/writer.h"

namespace {

using namespace millrace;
using namespace millrace::processors::groupbyattrs;
using Attributes = std::vector<std::pair<std::string, std::string>>;  // key, content of AnyValue

struct Span {
  Attributes resource;
  std::string scope;
  std::string name;
  Attributes attributes;
};

Attributes read_attributes(testing::FuzzInput& input) {
  Attributes attributes;
  constexpr std::array<const char*, 3> kKeys = {"a", "b", "c"};
  for (const char* key : kKeys) {
    const size_t choice = input.choice(6);
    if (choice == 0) attributes.emplace_back(key, otlp::encode_string_value("x"));
    if (choice == 1) attributes.emplace_back(key, otlp::encode_string_value("y"));
    if (choice == 2) attributes.emplace_back(key, otlp::encode_int_value(1));
    if (choice == 3) attributes.emplace_back(key, "");
  }
  if (input.flag()) std::ranges::reverse(attributes);
  return attributes;
}

void write(wire::Writer& w, uint32_t number, const Attributes& attributes) {
  for (const auto& [key, value] : attributes) {
    const auto entry = w.open(number);
    w.string_field(1, key);
    w.string_field(2, value);
    w.close(entry);
  }
}

std::string line_of(std::string_view scope, std::string_view name, Attributes resource,
                    const Attributes& attributes) {
  std::ranges::sort(resource);
  std::string line;
  for (const auto& [key, value] : resource) line += key + "=" + value + ";";
  line += "|" + std::string(scope) + "|" + std::string(name) + "|";
  for (const auto& [key, value] : attributes) line += key + "=" + value + ";";
  return line;
}

// Moves the attributes, and orders the spans by group, scope, and place.
std::vector<std::string> group_naively(std::vector<Span> spans,
                                       const std::vector<std::string>& keys) {
  std::vector<Attributes> groups;
  std::vector<std::pair<size_t, std::string>> scopes;
  struct Line {
    std::array<size_t, 3> place;  // group, scope, number
    std::string text;
  };
  std::vector<Line> lines;
  for (Span& span : spans) {
    for (const std::string& key : keys) {
      const auto is_key = [&](const auto& pair) { return pair.first == key; };
      const auto found = std::ranges::find_if(span.attributes, is_key);
      if (found == span.attributes.end()) continue;
      const auto present = std::ranges::find_if(span.resource, is_key);
      if (present == span.resource.end()) {
        span.resource.push_back(*found);
      } else {
        present->second = found->second;
      }
      span.attributes.erase(found);
    }
    Attributes sorted = span.resource;
    std::ranges::sort(sorted);
    const auto index_in = [](auto& list, const auto& element) {
      const auto found = std::ranges::find(list, element);
      const auto index = static_cast<size_t>(found - list.begin());
      if (found == list.end()) list.push_back(element);
      return index;
    };
    const size_t group = index_in(groups, sorted);
    const size_t scope = index_in(scopes, std::pair(group, span.scope));
    lines.push_back({{group, scope, lines.size()},
                     line_of(span.scope, span.name, span.resource, span.attributes)});
  }
  std::ranges::sort(lines, {}, &Line::place);
  std::vector<std::string> texts;
  for (Line& line : lines) texts.push_back(std::move(line.text));
  return texts;
}

std::vector<std::string> lines_of(const Rope& request, Work& work) {
  std::vector<std::string> lines;
  const auto read = [](otlp::MessageBytes message, uint32_t number) {
    Attributes attributes;
    otlp::MessageReader reader(message, number);
    for (otlp::MessageBytes entry; reader.next(&entry);) {
      const auto view = otlp::KeyValueView::read(entry);
      attributes.emplace_back(view.key, as_text(view.value));
    }
    return attributes;
  };
  const auto look = [&](const otlp::EditContext& context, otlp::AttributeList&) {
    const auto resource = read(context.resource->resource.view(), otlp::kResourceAttributes);
    lines.push_back(line_of(context.scope->name, otlp::SpanView::read(context.item).name, resource,
                            read(context.item, otlp::kSpanAttributes)));
  };
  MILLRACE_CHECK(otlp::edit_item_attributes(Signal::kTraces, request, look, work));
  return lines;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  testing::FuzzInput input(data, size);
  Options options;
  if (input.flag()) options.keys.emplace_back("a");
  if (input.flag()) options.keys.emplace_back("c");
  const bool is_cut = input.flag();
  wire::Writer w(1024);
  std::vector<Span> spans;
  while (!input.empty() && spans.size() < 50) {
    const Attributes resource = read_attributes(input);
    const auto resource_spans = w.open(1);
    const auto message = w.open(1);
    write(w, 1, resource);
    w.close(message);
    for (size_t scopes = input.choice(3); scopes > 0; scopes--) {
      const std::string name(input.choice(2), 's');
      const auto scope_spans = w.open(2);
      const auto scope = w.open(1);
      if (!name.empty()) w.string_field(1, name);
      w.close(scope);
      for (size_t count = input.choice(4); count > 0; count--) {
        spans.push_back({resource, name, std::to_string(spans.size()), read_attributes(input)});
        const auto span = w.open(2);
        w.string_field(5, spans.back().name);
        write(w, 9, spans.back().attributes);
        w.close(span);
      }
      w.close(scope_spans);
    }
    w.close(resource_spans);
  }
  testing::TestWork own;
  pipeline::Payload payload;
  const Bytes request = Bytes::copy_of(w.view());
  for (size_t at = 0; at < request.size();) {
    const size_t part = is_cut ? std::min<size_t>(7, request.size() - at) : request.size();
    payload.bytes.append(Bytes::copy_of(request.view().subspan(at, part)));
    at += part;
  }
  payload.item_count = static_cast<uint32_t>(spans.size());
  MILLRACE_CHECK(make_groupbyattrs_processor(options)->process(payload, own.work));
  const Bytes bytes = Bytes::copy_of(payload.bytes.to_bytes().view());
  MILLRACE_CHECK(otlp::admit(Signal::kTraces, bytes.view())->item_count == spans.size());
  MILLRACE_CHECK(lines_of(Rope(bytes), own.work) == group_naively(spans, options.keys));
  return 0;
}
