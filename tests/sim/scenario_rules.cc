#include "tests/sim/scenario_rules.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

#include "tests/sim/numbered_items.h"

namespace millrace::sim_test {
namespace {

constexpr char kTransform[] =
    "  transform:\n    trace_statements:\n"
    "      - set(span.attributes[\"{0}\"], Concat([span.attributes[\"{0}\"], \"again\"], \" \"))"
    " where span.attributes[\"{0}\"] != nil\n"
    "      - set(span.attributes[\"{0}\"], \"once\") where span.attributes[\"{0}\"] == nil\n";
constexpr char kFilter[] =
    "  filter:\n    error_mode: propagate\n"
    "    traces: {{span: ['IsMatch(span_id.string, \"{0}\")']}}\n"
    "    logs: {{log_record: ['IsMatch(span_id.string, \"{0}\")']}}\n";

}  // namespace

std::string rule_processors() {
  return fmt::format(kTransform, kEditKey) + fmt::format(kFilter, kFilterPattern);
}

Rules::Rules(uint64_t seed) : random_(Random(seed ^ 0x5275'6c65'73ULL).next()) {}

std::string Rules::draw_list(const std::string& shared, const std::string& edits, Route& route) {
  route.is_filtered = random_.chance(0.25);
  std::vector<std::string> list;
  for (const std::string& part : {shared, edits, std::string(route.is_filtered ? "filter" : "")}) {
    if (!part.empty()) list.insert(random_.chance(0.5) ? list.begin() : list.end(), part);
  }
  return fmt::format("[{}]", fmt::join(list, ", "));
}

}  // namespace millrace::sim_test
