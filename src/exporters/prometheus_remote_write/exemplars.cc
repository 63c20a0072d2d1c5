#include "exporters/prometheus_remote_write/exemplars.h"

#include <algorithm>
#include <string_view>

#include "prometheus/labels.h"
#include "wire/protobuf.h"

namespace millrace::exporters {
namespace {

using otlp::AnyValueView;
using otlp::KeyValueView;
using otlp::MessageBytes;
using wire::Field;
using wire::WireType;

constexpr size_t kCharactersMax = 128;
constexpr uint32_t kFilteredAttributes = 7;
constexpr int64_t kNanosOfMilli = 1'000'000;
constexpr std::string_view kTraceId = "trace_id";
constexpr std::string_view kSpanId = "span_id";

// Precondition: valid UTF-8.
size_t count_characters(std::string_view text) {
  return static_cast<size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// Empty: the id is missing or zero.
std::string hex_of(MessageBytes id) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  if (std::ranges::all_of(id, [](uint8_t byte) { return byte == 0; })) return {};
  std::string text;
  for (const uint8_t byte : id) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

}  // namespace

WrittenExemplar read_written_exemplar(MessageBytes exemplar) {
  WrittenExemplar made;
  MessageBytes span_id;
  MessageBytes trace_id;
  wire::FieldReader reader(exemplar);
  for (Field field; reader.next(&field);) {
    if (field.is(2, WireType::kI64)) {
      made.time_ms = static_cast<int64_t>(field.value) / kNanosOfMilli;
    }
    if (field.is(3, WireType::kI64)) made.value = field.as_double();
    if (field.is(6, WireType::kI64)) {
      made.value = static_cast<double>(static_cast<int64_t>(field.value));
    }
    if (field.is(4, WireType::kLen)) span_id = field.bytes;
    if (field.is(5, WireType::kLen)) trace_id = field.bytes;
  }
  size_t characters = 0;
  const auto add = [&](std::string& into, std::string_view name, std::string_view text) {
    characters += count_characters(name) + count_characters(text);
    prometheus::append_label(into, name, text);
  };
  const std::string trace = hex_of(trace_id);
  const std::string span = hex_of(span_id);
  if (!trace.empty()) add(made.labels, kTraceId, trace);
  if (!span.empty()) add(made.labels, kSpanId, span);
  std::string attributes = made.labels;
  otlp::MessageReader filtered(exemplar, kFilteredAttributes);
  for (MessageBytes attribute; filtered.next(&attribute);) {
    const KeyValueView view = KeyValueView::read(attribute);
    // The ids have their labels already.
    if ((view.key == kTraceId && !trace.empty()) || (view.key == kSpanId && !span.empty())) {
      continue;
    }
    add(attributes, view.key, to_text(AnyValueView::read(view.value)));
  }
  if (characters <= kCharactersMax) made.labels = std::move(attributes);
  return made;
}

}  // namespace millrace::exporters
