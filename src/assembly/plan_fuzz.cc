// Any text as the configuration of the whole collector: every component reads its own section.
// There is a plan, or at least one error that names a place; what the plan refers to is in it.
// Reading the files that the text names does no harm: at most a mebibyte
// (io/watched_file.h), or OpenSSL's.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "assembly/catalogue.h"
#include "assembly/plan_from_document.h"
#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "config/document.h"
#include "yaml/source.h"

namespace {

using namespace millrace;

template <class Item>
void check_indices(const std::vector<size_t>& indices, const std::vector<Item>& list) {
  for (const size_t index : indices) MILLRACE_CHECK(index < list.size());
}

void check_plan(const assembly::Plan& plan) {
  for (const assembly::PipelinePlan& pipeline : plan.pipelines) {
    check_indices(pipeline.receivers, plan.receivers);
    check_indices(pipeline.processors, plan.processors);
    check_indices(pipeline.exporters, plan.exporters);
    MILLRACE_CHECK(!pipeline.exporters.empty());
  }
  for (const assembly::ExporterPlan& exporter : plan.exporters) {
    MILLRACE_CHECK(exporter.factory != nullptr);
    if (exporter.storage) MILLRACE_CHECK(*exporter.storage < plan.storages.size());
    MILLRACE_CHECK(exporter.helper.timeout >= 0ns);
    MILLRACE_CHECK(exporter.helper.queue.queue_size >= 0);
    if (!exporter.connector) continue;
    for (const auto& group : exporter.connector->groups) check_indices(group, plan.pipelines);
  }
  MILLRACE_CHECK(plan.budget_bytes > 0);
  MILLRACE_CHECK(plan.drain_timeout >= 0ns);
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  // Each TLS client would read all of the system's authorities: a tenth of a second an input.
  setenv("SSL_CERT_FILE", "/dev/null", 1);
  setenv("SSL_CERT_DIR", "/nowhere", 1);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(testing::FuzzInput(data, size).rest_text());
  const yaml::World world = {[](const std::string& name) -> std::optional<std::string> {
                               return name == "TEXT" ? std::optional<std::string>("8")
                                                     : std::nullopt;
                             },
                             [](const std::string& path) -> Result<std::string> {
                               return fail(Code::kNotFound, path + ": no such file");
                             }};
  std::vector<yaml::Finding> warnings;
  const auto root = yaml::load({.configs = {}, .sets = {}, .built_in = text}, world, warnings);
  if (!root) return 0;
  config::Diagnostics diagnostics;
  const config::Document document = config::read_document(*root, assembly::catalog(), diagnostics);
  const auto plan = assembly::make_plan(document, {.memory_bytes = 8ULL << 30}, diagnostics);
  MILLRACE_CHECK(plan.has_value() == !diagnostics.has_errors());
  for (const config::Diagnostic& found : diagnostics.all()) {
    MILLRACE_CHECK(!found.message.empty());
  }
  if (plan) check_plan(*plan);
  return 0;
}
