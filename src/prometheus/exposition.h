// The format of a scrape's answer, negotiated by the header Accept as Go's client does.
//
// Differences from Go's client: a clause with q=0 is ignored, the text forms of protobuf (for
// people) are not offered, and of clauses with equal q the first wins. No state: any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "prometheus/escaping.h"

namespace millrace::prometheus {

enum class Format : uint8_t {
  kText004,
  kText100,
  kOpenMetrics001,
  kOpenMetrics100,
  kProtobuf,  // io.prometheus.client.MetricFamily, each behind its length
};

struct Exposition {
  Format format = Format::kText004;
  Escaping escaping = Escaping::kUnderscores;
  bool operator==(const Exposition&) const = default;
};

enum class OpenMetrics : uint8_t { kNotOffered, kOffered };

// `accept` is the value of the header, empty when there is none. The clause with the highest q that
// names an offered format wins; without one the answer is text 0.0.4 with escaped names. Any input
// is allowed. Cost: linear in the header.
Exposition negotiate(std::string_view accept, OpenMetrics open_metrics);

// The header Content-Type.
std::string content_type(const Exposition& exposition);

}  // namespace millrace::prometheus
