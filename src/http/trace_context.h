// The place of a request in its sender's trace, as header fields carry it: `traceparent` (W3C Trace
// Context, section 3.2) and B3 (`b3`, or `x-b3-traceid` and its companions).
//
// Pure functions of untrusted text. No allocation.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "http/header_list.h"

namespace millrace::http {

struct TraceContext {
  std::array<uint8_t, 16> trace_id{};  // never all zero
  std::array<uint8_t, 8> span_id{};    // never all zero
  bool is_sampled = false;
  friend bool operator==(const TraceContext&, const TraceContext&) = default;
};

// The forms that are read; W3C's counts where a request has both.
struct Propagators {
  bool trace_context = false;
  bool b3 = false;
  bool any() const { return trace_context || b3; }
};

// Nothing where the text is not of that form: the request then begins a trace of its own.
std::optional<TraceContext> parse_traceparent(std::string_view text);
// The single field "traceid-spanid-sampled-parentid"; the last two may be left out.
std::optional<TraceContext> parse_b3(std::string_view text);

std::optional<TraceContext> read_trace_context(const HeaderList& head, Propagators propagators);

}  // namespace millrace::http
