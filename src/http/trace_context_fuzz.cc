// A context that is read from any text is the one that its own text gives again, and a traceparent
// of version 00 has one spelling only.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/check.h"
#include "http/trace_context.h"

namespace millrace::http {
namespace {

void append_hex(std::string& into, std::span<const uint8_t> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (const uint8_t byte : bytes) {
    into += kDigits[byte >> 4];
    into += kDigits[byte & 15];
  }
}

std::string ids_of(const TraceContext& context) {
  std::string ids;
  append_hex(ids, context.trace_id);
  ids += '-';
  append_hex(ids, context.span_id);
  return ids;
}

void check(std::string_view text) {
  if (const auto context = parse_traceparent(text)) {
    MILLRACE_CHECK(text.substr(3, 49) == ids_of(*context));
    const std::string again = "00-" + ids_of(*context) + (context->is_sampled ? "-01" : "-00");
    MILLRACE_CHECK(parse_traceparent(again) == context);
  }
  if (const auto context = parse_b3(text)) {
    MILLRACE_CHECK(ids_of(*context).ends_with(text.substr(0, text.find('-') + 17)));
    const std::string again = ids_of(*context) + (context->is_sampled ? "-1" : "-0");
    MILLRACE_CHECK(parse_b3(again) == context);
  }
}

}  // namespace
}  // namespace millrace::http

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  millrace::http::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
