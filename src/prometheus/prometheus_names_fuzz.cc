// For any names: results are valid and stay the same when they are translated or escaped again;
// the labels of a series are those of a map, and can be read back from their text.
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "prometheus/escaping.h"
#include "prometheus/labels.h"
#include "prometheus/names.h"

namespace {

using namespace millrace::prometheus;
using millrace::testing::FuzzInput;

constexpr MetricKind kKinds[] = {MetricKind::kMonotonicSum, MetricKind::kGauge,
                                 MetricKind::kHistogram};

void check_metric(const Namer& namer, FuzzInput& input) {
  const MetricKind kind = kKinds[input.choice(3)];
  const std::string_view name = input.text();
  const std::string_view unit = input.text();
  if (const auto made = namer.metric_name(name, unit, kind)) {
    MILLRACE_CHECK(!made->empty());
    MILLRACE_CHECK(namer.keeps_utf8() || is_plain_metric_name(*made));
  }
  if (namer.keeps_utf8()) return;
  for (const auto strategy :
       {Strategy::kUnderscoreEscapingWithSuffixes, Strategy::kUnderscoreEscapingWithoutSuffixes}) {
    const Namer plain(strategy);
    const auto once = plain.metric_name(name, "", kind);
    if (once) MILLRACE_CHECK(*plain.metric_name(*once, "", kind) == *once);
  }
}

void check_escaping(std::string_view name) {
  for (const Escaping escaping : {Escaping::kUnderscores, Escaping::kDots, Escaping::kValues}) {
    const std::string metric = escape_metric_name(name, escaping);
    MILLRACE_CHECK(name.empty() || is_plain_metric_name(metric));
    MILLRACE_CHECK(escape_metric_name(metric, escaping) == metric);
    const std::string label = escape_label_name(name, escaping);
    MILLRACE_CHECK(name.empty() || is_plain_label_name(label));
    MILLRACE_CHECK(escape_label_name(label, escaping) == label);
  }
}

// Attributes with distinct keys against a map of names to the values of their keys.
void check_labels(const Namer& namer, FuzzInput& input) {
  LabelBuilder builder(namer);
  builder.begin(MetricKind::kGauge);
  std::map<std::string, std::map<std::string, std::string>> expected;
  while (!input.empty()) {
    const std::string key(input.text());
    const std::string value(input.text());
    std::string name;
    const bool has_name = namer.append_label_name(name, key);
    MILLRACE_CHECK(has_name != name.empty());
    if (has_name && expected[name].contains(key)) continue;
    MILLRACE_CHECK(builder.add_attribute(key, value) == has_name);
    if (!has_name) continue;
    MILLRACE_CHECK(!name.starts_with("__"));
    MILLRACE_CHECK(namer.keeps_utf8() || is_plain_label_name(name));
    expected[name][key] = value;
  }
  std::string text;
  builder.append_to(text);
  LabelReader reader(text);
  std::string_view name;
  std::string_view value;
  for (const auto& [wanted, values] : expected) {
    std::string joined;
    bool is_first = true;
    for (const auto& [key, part] : values) {
      if (!is_first && joined == part) continue;
      joined += is_first ? part : ";" + part;
      is_first = false;
    }
    MILLRACE_CHECK(reader.next(&name, &value));
    MILLRACE_CHECK(name == wanted && value == joined);
  }
  MILLRACE_CHECK(!reader.next(&name, &value));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzInput input(data, size);
  const auto strategy = *strategy_named(strategy_names()[input.choice(4)]);
  const Namer namer(strategy, input.text());
  check_metric(namer, input);
  check_escaping(input.text());
  check_labels(namer, input);
  return 0;
}
