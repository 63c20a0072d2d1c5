// For any Accept header: the answer is one that a clause of the header alone would get, or the
// fallback; OpenMetrics only where it is offered; clauses of other types change nothing; and the
// Content-Type, sent back as Accept, gives the same format.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "prometheus/exposition.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace::prometheus;
  millrace::testing::FuzzInput input(data, size);
  const OpenMetrics open_metrics = input.flag() ? OpenMetrics::kOffered : OpenMetrics::kNotOffered;
  const std::string_view accept = input.rest_text();
  const Exposition chosen = negotiate(accept, open_metrics);
  MILLRACE_CHECK(negotiate(content_type(chosen), OpenMetrics::kOffered) == chosen);
  const bool is_open_metrics =
      chosen.format == Format::kOpenMetrics001 || chosen.format == Format::kOpenMetrics100;
  MILLRACE_CHECK(!is_open_metrics || open_metrics == OpenMetrics::kOffered);
  MILLRACE_CHECK(negotiate(std::string(accept) + ",text/html;q=1", open_metrics) == chosen);
  MILLRACE_CHECK(negotiate("*/*, text/html," + std::string(accept), open_metrics) == chosen);

  bool is_of_a_clause = chosen == Exposition{};
  std::string_view rest = accept;
  while (!rest.empty() && !is_of_a_clause) {
    const size_t end = rest.find(',');
    is_of_a_clause = negotiate(rest.substr(0, end), open_metrics) == chosen;
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  MILLRACE_CHECK(is_of_a_clause);
  return 0;
}
