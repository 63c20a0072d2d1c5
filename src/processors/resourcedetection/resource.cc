#include "processors/resourcedetection/resource.h"

#include <algorithm>
#include <utility>

#include "otlp/attribute_list.h"
#include "otlp/views.h"
#include "wire/utf8.h"
#include "wire/writer.h"

namespace millrace::processors::resourcedetection {
namespace {

// Of otelcol 0.162: semantic conventions 1.40.
constexpr std::string_view kSchemaUrl = "https://opentelemetry.io/schemas/1.40.0";
constexpr size_t kKeyBytesMax = 512;
constexpr size_t kTextsMax = 256;
constexpr uint32_t kArrayValue = 5;  // AnyValue.array_value
constexpr uint32_t kValues = 1;      // ArrayValue.values

}  // namespace

const Attribute* Resource::find(std::string_view key) const {
  const auto found =
      std::ranges::find_if(attributes, [&](const Attribute& each) { return each.key == key; });
  return found == attributes.end() ? nullptr : &*found;
}

void Resource::set(std::string_view key, std::string any_value) {
  std::string valid = wire::to_utf8(key, kKeyBytesMax);
  const auto found =
      std::ranges::find_if(attributes, [&](const Attribute& each) { return each.key == valid; });
  if (found != attributes.end()) {
    found->any_value = std::move(any_value);
  } else if (attributes.size() < kAttributesMax) {
    attributes.push_back({std::move(valid), std::move(any_value)});
  }
}

void Resource::set_text(std::string_view key, std::string_view text) {
  set(key, otlp::encode_string_value(wire::to_utf8(text, kTextBytesMax)));
}

void Resource::set_number(std::string_view key, int64_t number) {
  set(key, otlp::encode_int_value(number));
}

void Resource::set_texts(std::string_view key, const std::vector<std::string>& texts) {
  wire::Writer writer(64);
  const auto array = writer.open(kArrayValue);
  for (size_t i = 0; i < std::min(texts.size(), kTextsMax); ++i) {
    writer.string_field(kValues, otlp::encode_string_value(wire::to_utf8(texts[i], kTextBytesMax)));
  }
  writer.close(array);
  set(key, writer.to_string());
}

void Resource::fill_gaps(const Resource& from) {
  for (const Attribute& each : from.attributes) {
    if (find(each.key) == nullptr) set(each.key, each.any_value);
  }
  if (schema_url.empty()) schema_url = from.schema_url;
}

std::string Resource::to_text() const {
  std::string text;
  for (const Attribute& each : attributes) {
    const auto* const data = reinterpret_cast<const uint8_t*>(each.any_value.data());
    if (!text.empty()) text += ' ';
    text += each.key + "=" + otlp::to_text(otlp::AnyValueView::read({data, each.any_value.size()}));
  }
  return text;
}

void ResourceBuilder::text(std::string_view key, std::string_view text) {
  if (wants(key)) made_.set_text(key, text);
}
void ResourceBuilder::text_if_any(std::string_view key, std::string_view text) {
  if (!text.empty()) this->text(key, text);
}
void ResourceBuilder::number(std::string_view key, int64_t number) {
  if (wants(key)) made_.set_number(key, number);
}
void ResourceBuilder::texts(std::string_view key, const std::vector<std::string>& texts) {
  if (wants(key)) made_.set_texts(key, texts);
}

Resource ResourceBuilder::finish() {
  made_.schema_url = kSchemaUrl;
  return std::exchange(made_, {});
}

}  // namespace millrace::processors::resourcedetection
