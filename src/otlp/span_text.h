// Texts of spans as otelcol's components write them into attributes, and the search for the
// encoded value of an attribute. Pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "otlp/views.h"

namespace millrace::otlp {

// "SPAN_KIND_SERVER"; empty for a kind that does not exist.
inline std::string_view span_kind_text(int32_t kind) {
  constexpr std::array<std::string_view, 6> kTexts = {
      "SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL", "SPAN_KIND_SERVER",
      "SPAN_KIND_CLIENT",      "SPAN_KIND_PRODUCER", "SPAN_KIND_CONSUMER"};
  const auto index = static_cast<size_t>(kind);
  return kind >= 0 && index < kTexts.size() ? kTexts[index] : "";
}

// "STATUS_CODE_ERROR"; empty for a code that does not exist.
inline std::string_view status_code_text(int32_t code) {
  constexpr std::array<std::string_view, 3> kTexts = {"STATUS_CODE_UNSET", "STATUS_CODE_OK",
                                                      "STATUS_CODE_ERROR"};
  const auto index = static_cast<size_t>(code);
  return code >= 0 && index < kTexts.size() ? kTexts[index] : "";
}

// The content of the AnyValue of the first attribute with that key, as field `number` of `message`;
// data() == nullptr: there is none.
inline MessageBytes find_any_value(MessageBytes message, uint32_t number, std::string_view key) {
  MessageReader attributes(message, number);
  for (MessageBytes attribute; attributes.next(&attribute);) {
    const auto view = KeyValueView::read(attribute);
    if (view.key != key) continue;
    return view.value.data() != nullptr ? view.value : attribute.last(0);
  }
  return {};
}

}  // namespace millrace::otlp
