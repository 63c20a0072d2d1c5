#include "extensions/console/scan.h"

#include <algorithm>

#include "wire/utf8.h"

namespace millrace::extensions::console {
namespace {

std::string_view type_name(otlp::AnyValueView::Type type) {
  using Type = otlp::AnyValueView::Type;
  switch (type) {
    case Type::kEmpty:
      return "empty";
    case Type::kString:
      return "string";
    case Type::kBool:
      return "bool";
    case Type::kInt:
      return "int";
    case Type::kDouble:
      return "double";
    case Type::kArray:
      return "array";
    case Type::kKvlist:
      return "kvlist";
    case Type::kBytes:
      return "bytes";
  }
  return "empty";
}

bool has(const AttributeFilter& filter, otlp::MessageBytes message, uint32_t field_number) {
  const auto value = otlp::find_attribute(message, field_number, filter.key);
  if (!value) return false;
  if (!filter.value) return true;
  if (value->type == otlp::AnyValueView::Type::kString) return value->text == *filter.value;
  return otlp::to_text(*value) == *filter.value;
}

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

std::string_view service_of(const otlp::ResourceView& resource) {
  const auto value =
      otlp::find_attribute(resource.resource.view(), otlp::kResourceAttributes, "service.name");
  return value && value->type == otlp::AnyValueView::Type::kString ? value->text
                                                                   : std::string_view();
}

std::string hex(otlp::MessageBytes bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::optional<std::string> bytes_of_hex(std::string_view hex, size_t byte_count) {
  if (hex.size() != 2 * byte_count) return std::nullopt;
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2) {
    const int high = digit_of(hex[i]);
    const int low = digit_of(hex[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

std::vector<AttributeFilter> read_filters(const std::vector<std::string>& texts) {
  std::vector<AttributeFilter> filters;
  for (const std::string& text : texts) {
    const size_t equals = text.find('=');
    AttributeFilter filter{.key = text.substr(0, equals), .value = std::nullopt};
    if (equals != std::string::npos) filter.value = text.substr(equals + 1);
    filters.push_back(std::move(filter));
  }
  return filters;
}

bool matches(const std::vector<AttributeFilter>& filters, otlp::MessageBytes item,
             uint32_t item_attributes, const otlp::ResourceView& resource,
             const otlp::ScopeView& scope) {
  return std::ranges::all_of(filters, [&](const AttributeFilter& filter) {
    return has(filter, item, item_attributes) ||
           has(filter, resource.resource.view(), otlp::kResourceAttributes) ||
           has(filter, scope.scope.view(), otlp::kScopeAttributes);
  });
}

std::string shown(std::string_view text) { return wire::to_utf8(text, kShownTextBytesMax); }

bool write_attributes(JsonWriter& json, std::string_view name, otlp::MessageBytes message,
                      uint32_t field_number) {
  json.key(name).open_list();
  otlp::MessageReader attributes(message, field_number);
  otlp::MessageBytes bytes;
  size_t count = 0;
  bool is_whole = true;
  while (attributes.next(&bytes)) {
    if (++count > kShownAttributesMax) {
      is_whole = false;
      break;
    }
    const otlp::KeyValueView attribute = otlp::KeyValueView::read(bytes);
    const otlp::AnyValueView value = otlp::AnyValueView::read(attribute.value);
    const bool is_text = value.type == otlp::AnyValueView::Type::kString;
    const std::string text = is_text ? std::string() : otlp::to_text(value);
    const std::string_view whole = is_text ? value.text : std::string_view(text);
    json.open_object().member("key", shown(attribute.key));
    json.member("type", type_name(value.type)).member("value", shown(whole));
    json.flag("is_cut", whole.size() > kShownTextBytesMax).close_object();
  }
  json.close_list();
  return is_whole;
}

}  // namespace millrace::extensions::console
