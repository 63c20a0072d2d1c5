// Metrics of any kind as requests of both protocols:
//   - a request is valid: labels are sorted and not empty, no series is there twice, the times of
//   its
//     samples rise, buckets add up (RequestText checks it)
//   - each point is written or refused
//   - no request passes the limit by more than the target_info of its resource
//   - both protocols have the same samples
//   - the budget has nothing left of it (translate() checks it)

#include <fuzzer/FuzzedDataProvider.h>

#include <string>
#include <vector>

#include "base/check.h"
#include "exporters/prometheus_remote_write/testing/written.h"
#include "otlp/views.h"
#include "prometheus_series/metric_kind.h"
#include "prometheus_series/testing/random_points.h"

namespace millrace::exporters {
namespace {

using prometheus::Strategy;
using testing::pick;
using End = Translator::End;

constexpr Strategy kStrategies[] = {
    Strategy::kUnderscoreEscapingWithSuffixes, Strategy::kUnderscoreEscapingWithoutSuffixes,
    Strategy::kNoUtf8EscapingWithSuffixes, Strategy::kNoTranslation};
constexpr size_t kLimits[] = {150, 400, 1000, 3'000'000};
constexpr size_t kTargetBytes = 400;  // at most, of the resources that are made here

uint64_t count_all(const Rope& request) {
  uint64_t count = 0;
  otlp::ResourceReader resources(request);
  for (otlp::ResourceView resource; resources.next(&resource);) {
    otlp::ScopeReader scopes(resource);
    for (otlp::ScopeView scope; scopes.next(&scope);) {
      otlp::MessageReader metrics(scope.bytes.view(), otlp::kScopeItems);
      for (otlp::MessageBytes metric; metrics.next(&metric);) {
        count += count_points(
            otlp::MetricView::read(Bytes(scope.bytes.chunk(), metric.data(), metric.size())));
      }
    }
  }
  return count;
}

void run(FuzzedDataProvider& input) {
  testing::WrittenOptions options{.parts = testing::RequestText::Parts::kShared};
  options.strategy = pick(input, kStrategies);
  options.translation.bytes_max = pick(input, kLimits);
  options.translation.target_info = input.ConsumeBool();
  options.translation.labels.scope_labels = input.ConsumeBool();
  if (input.ConsumeBool()) options.translation.labels.resource_included = {"*"};
  if (input.ConsumeBool()) options.translation.labels.const_labels = {{"k", "external"}};
  testing::Attributes resource;
  if (input.ConsumeBool()) resource.emplace_back("service.name", "s");
  if (input.ConsumeBool()) resource.emplace_back("host.name", "h");
  std::vector<std::string> metrics;
  for (int count = input.ConsumeIntegralInRange(1, 6); count > 0; --count) {
    metrics.push_back(testing::random_metric(input));
  }
  const Rope request = testing::request(metrics, resource, input.ConsumeBool() ? "scope" : "");

  const testing::Translated first = testing::translate(request, options);
  options.protocol = WriteProtocol::k2;
  const testing::Translated second = testing::translate(request, options);
  for (const testing::Translated* made : {&first, &second}) {
    MILLRACE_CHECK(made->end != End::kNoMemory);
    if (made->end == End::kFull) {
      MILLRACE_CHECK(made->points > 0);
      continue;
    }
    const uint64_t refused = made->refused.total() - made->refused.of(Refusal::kDuplicateSample);
    MILLRACE_CHECK(made->points + refused == count_all(request));
    MILLRACE_CHECK(made->size <= options.translation.bytes_max + kTargetBytes);
    MILLRACE_CHECK(made->points > 0 || made->lines.empty());
  }
  const bool is_unlimited = options.translation.bytes_max == 3'000'000;
  MILLRACE_CHECK(!is_unlimited || first.end == End::kComplete);
  if (is_unlimited) MILLRACE_CHECK(first.lines == second.lines);
}

}  // namespace
}  // namespace millrace::exporters

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzedDataProvider input(data, size);
  millrace::exporters::run(input);
  return 0;
}
