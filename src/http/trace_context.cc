#include "http/trace_context.h"

#include <algorithm>
#include <span>

namespace millrace::http {
namespace {

constexpr size_t kTraceparentBytes = 55;  // "00-" 32 "-" 16 "-" 2

// Lower case only, as both forms demand.
int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// Fills `into` from its end, so that B3's short trace ids get leading zeros. False: not
// hexadecimal.
bool read_hex(std::string_view text, std::span<uint8_t> into) {
  if (text.size() % 2 != 0 || text.size() / 2 > into.size()) return false;
  const size_t skipped = into.size() - text.size() / 2;
  for (size_t i = 0; i < text.size() / 2; ++i) {
    const int high = digit_of(text[2 * i]);
    const int low = digit_of(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    into[skipped + i] = static_cast<uint8_t>(high << 4 | low);
  }
  return true;
}

bool is_zero(std::span<const uint8_t> id) {
  return std::ranges::all_of(id, [](uint8_t byte) { return byte == 0; });
}

bool read_ids(std::string_view trace_id, std::string_view span_id, TraceContext& into) {
  return read_hex(trace_id, into.trace_id) && read_hex(span_id, into.span_id) &&
         !is_zero(into.trace_id) && !is_zero(into.span_id);
}

bool is_b3_trace_id(std::string_view text) { return text.size() == 16 || text.size() == 32; }

std::optional<TraceContext> read_b3_fields(const HeaderList& head) {
  const std::string_view trace_id = head.find("x-b3-traceid");
  const std::string_view span_id = head.find("x-b3-spanid");
  TraceContext context;
  if (!is_b3_trace_id(trace_id) || span_id.size() != 16 || !read_ids(trace_id, span_id, context)) {
    return std::nullopt;
  }
  const std::string_view sampled = head.find("x-b3-sampled");
  context.is_sampled = sampled == "1" || sampled == "true" || head.find("x-b3-flags") == "1";
  return context;
}

}  // namespace

std::optional<TraceContext> parse_traceparent(std::string_view text) {
  if (text.size() < kTraceparentBytes) return std::nullopt;
  std::array<uint8_t, 1> version{};
  std::array<uint8_t, 1> flags{};
  TraceContext context;
  if (!read_hex(text.substr(0, 2), version) || version[0] == 0xff || text[2] != '-' ||
      text[35] != '-' || text[52] != '-' || !read_hex(text.substr(53, 2), flags)) {
    return std::nullopt;
  }
  // Later versions may append fields behind a dash.
  const bool is_longer = text.size() > kTraceparentBytes;
  if (is_longer && (version[0] == 0 || text[kTraceparentBytes] != '-')) return std::nullopt;
  if (!read_ids(text.substr(3, 32), text.substr(36, 16), context)) return std::nullopt;
  context.is_sampled = (flags[0] & 1) != 0;
  return context;
}

std::optional<TraceContext> parse_b3(std::string_view text) {
  const size_t dash = text.find('-');
  if (dash == std::string_view::npos || !is_b3_trace_id(text.substr(0, dash))) return std::nullopt;
  std::string_view rest = text.substr(dash + 1);
  TraceContext context;
  if (rest.size() < 16 || !read_ids(text.substr(0, dash), rest.substr(0, 16), context)) {
    return std::nullopt;
  }
  rest.remove_prefix(16);
  if (rest.empty()) return context;  // the decision is left to the receiver
  if (rest.size() < 2 || rest[0] != '-' || !std::string_view("01d").contains(rest[1])) {
    return std::nullopt;
  }
  context.is_sampled = rest[1] != '0';
  rest.remove_prefix(2);
  std::array<uint8_t, 8> parent{};
  const bool has_parent = rest.size() == 17 && rest[0] == '-' && read_hex(rest.substr(1), parent);
  if (!rest.empty() && !has_parent) return std::nullopt;
  return context;
}

std::optional<TraceContext> read_trace_context(const HeaderList& head, Propagators propagators) {
  std::optional<TraceContext> context;
  if (propagators.trace_context) context = parse_traceparent(head.find("traceparent"));
  if (context || !propagators.b3) return context;
  const std::string_view single = head.find("b3");
  return single.empty() ? read_b3_fields(head) : parse_b3(single);
}

}  // namespace millrace::http
