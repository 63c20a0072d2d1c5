// Runs transforms of every kind on any request: the result passes admission and has the items that
// the processor says, and cuts in any places of the rope make no difference.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "memory/testing/test_work.h"
#include "otlp/admit.h"
#include "processors/metricstransform/metrics_transform.h"
#include "yaml/parse.h"

namespace {

using namespace millrace;
using namespace millrace::processors::metricstransform;

constexpr std::array<std::string_view, 12> kTransforms = {
    R"({include: a, action: update, new_name: b, operations: [{action: add_label, new_label: n, new_value: v}]})",
    R"({include: ^(a|b)$$, match_type: regexp, action: insert, new_name: 'c.$$1'})",
    R"({include: '^(?P<which>.)', match_type: regexp, action: combine, new_name: d, aggregation_type: sum})",
    R"({include: a, action: group, group_resource_labels: {r: 1}})",
    R"({include: ., match_type: regexp, experimental_match_labels: {k: "^$$"}, action: update, operations: [{action: update_label, label: k, new_label: l, value_actions: [{value: x, new_value: y}]}]})",
    R"({include: ., match_type: regexp, action: update, operations: [{action: delete_label_value, label: k, label_value: x}]})",
    R"({include: ., match_type: regexp, action: update, operations: [{action: toggle_scalar_data_type}]})",
    R"({include: ., match_type: regexp, action: update, operations: [{action: experimental_scale_value, experimental_scale: 0.1}]})",
    R"({include: ., match_type: regexp, action: update, operations: [{action: aggregate_labels, label_set: [k], aggregation_type: mean}]})",
    R"({include: ., match_type: regexp, action: update, operations: [{action: aggregate_label_values, label: k, aggregated_values: [x, y], new_value: z, aggregation_type: max}]})",
    R"({include: a, action: insert, new_name: a})",
    R"({include: ., match_type: regexp, experimental_match_labels: {k: x}, action: combine, new_name: e, aggregation_type: median})",
};

std::shared_ptr<const Options> read(std::string_view text) {
  const auto root = yaml::parse(text, "fuzz.yaml");
  MILLRACE_CHECK(root);
  config::Diagnostics diagnostics;
  config::Section section(*root, diagnostics, "processors::metrics_transform");
  auto options = read_options(section);
  section.finish();
  MILLRACE_CHECK(!diagnostics.has_errors());
  return options;
}

Result<std::string> run(const std::shared_ptr<const Options>& options, Rope request,
                        uint32_t item_count) {
  static Logger log{{}, nullptr, nullptr};
  testing::TestWork own;
  pipeline::Payload payload;
  payload.signal = Signal::kMetrics;
  payload.bytes = std::move(request);
  payload.item_count = item_count;
  const auto result = make_metrics_transform_processor(options, log)->process(payload, own.work);
  if (!result) return fail(result.error());
  const Bytes bytes = payload.bytes.to_bytes();
  const auto admitted = otlp::admit(Signal::kMetrics, bytes.view());
  MILLRACE_CHECK(admitted);
  MILLRACE_CHECK(admitted->item_count == payload.item_count);
  MILLRACE_CHECK(payload.item_count + result->left_count() == item_count + result->added_count);
  return std::string(bytes.text());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  testing::FuzzInput input(data, size);
  std::string text;
  for (size_t count = 1 + input.choice(3); count > 0; --count) {
    text += (text.empty() ? "" : ", ") + std::string(kTransforms[input.choice(kTransforms.size())]);
  }
  const size_t part = 1 + input.choice(9);
  const auto options = read("transforms: [" + text + "]");

  const Bytes request = Bytes::copy_of(input.rest());
  const auto admitted = otlp::admit(Signal::kMetrics, request.view());
  if (!admitted) return 0;
  const auto whole = run(options, Rope(request), admitted->item_count);
  Rope cut;
  for (size_t at = 0; at < request.size(); at += part) {
    cut.append(Bytes::copy_of(request.view().subspan(at, std::min(part, request.size() - at))));
  }
  const auto in_pieces = run(options, std::move(cut), admitted->item_count);
  MILLRACE_CHECK(whole.has_value() == in_pieces.has_value());
  if (whole) MILLRACE_CHECK(*whole == *in_pieces);
  return 0;
}
