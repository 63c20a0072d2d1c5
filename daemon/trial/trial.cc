#include "daemon/trial/trial.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "assembly/plan_from_document.h"
#include "daemon/trial/json_lines.h"
#include "daemon/trial/report.h"
#include "daemon/trial/sample.h"
#include "daemon/trial/trial_run.h"
#include "io/system.h"
#include "otlp/json/encode.h"

namespace millrace::trial {
namespace {

// The pipeline that the arguments name, or the only one of the sample's signal.
Result<size_t> choose_pipeline(const assembly::Plan& plan, const std::string& name, Signal signal) {
  std::vector<size_t> fitting;
  std::string ids;
  for (size_t i = 0; i < plan.pipelines.size(); ++i) {
    const assembly::PipelinePlan& pipeline = plan.pipelines[i];
    if (pipeline.signal != signal || (!name.empty() && pipeline.id != name)) continue;
    fitting.push_back(i);
    ids += (ids.empty() ? "" : ", ") + pipeline.id;
  }
  if (fitting.size() == 1) return fitting.front();
  const std::string of_signal(signal_name(signal));
  if (!fitting.empty()) {
    return fail(Code::kInvalidArgument,
                "several pipelines have " + of_signal + ": choose by --pipeline one of " + ids);
  }
  if (name.empty()) {
    return fail(Code::kNotFound, "no pipeline of the configuration has " + of_signal +
                                     ", which the sample consists of");
  }
  return fail(Code::kNotFound,
              "no pipeline \"" + name + "\" of " + of_signal + ", which the sample consists of");
}

Result<std::vector<SampleRequest>> read_requests(const std::string& path, const Surface& surface) {
  const Result<std::string> content = surface.read_file(path);
  if (!content) return fail(content.error());
  return parse_sample(path, *content);
}

Result<std::vector<std::string>> sorted(const std::vector<std::string>& requests) {
  std::vector<std::string> all;
  for (const std::string& request : requests) {
    Result<std::string> one = sorted_json(request);
    if (!one) return fail(one.error());
    all.push_back(*std::move(one));
  }
  return all;
}

// Whether the output is what the file says; prints the difference where it is not.
Result<bool> is_expected(const Trial& trial, const std::string& path, const Surface& surface) {
  const auto expected = read_requests(path, surface);
  if (!expected) return fail(expected.error());
  std::vector<std::string> texts;
  for (const SampleRequest& request : *expected) {
    std::string json;
    const auto encoded = otlp::json::encode_request(request.signal, request.bytes.view(), &json);
    if (!encoded) return fail(encoded.error());
    texts.push_back(std::move(json));
  }
  const auto here = sorted(trial.output());
  if (!here) return fail(here.error());
  const auto there = sorted(texts);
  if (!there) return fail(there.error());
  if (*here == *there) return true;
  surface.write_error("Error: the output is not what " + path + " has (- expected, + here):\n" +
                      diff_text(*there, *here, {.in_colour = surface.in_colour}));
  return false;
}

Result<bool> test(const cli::TestArguments& arguments, cli::Configuration& configuration,
                  const Surface& surface) {
  config::Diagnostics& diagnostics = configuration.diagnostics;
  std::optional<assembly::Plan> plan;
  if (!diagnostics.has_errors()) {
    plan = assembly::make_plan(configuration.document,
                               {.memory_bytes = io::memory_limit_bytes(io::read_small_file())},
                               diagnostics);
  }
  if (!plan) {
    return fail(Code::kInvalidArgument,
                "the configuration has mistakes:\n" + diagnostics.to_text());
  }
  const auto sample = read_requests(arguments.input, surface);
  if (!sample) return fail(sample.error());
  const Signal signal = sample->front().signal;
  const bool is_mixed = std::ranges::any_of(
      *sample, [&](const SampleRequest& request) { return request.signal != signal; });
  if (is_mixed) return fail(Code::kInvalidArgument, arguments.input + ": has several signals");
  const Result<size_t> pipeline = choose_pipeline(*plan, arguments.pipeline, signal);
  if (!pipeline) return fail(pipeline.error());
  const Result<Trial> trial = run_trial(*plan, *pipeline, *sample, arguments.wait);
  if (!trial) return fail(trial.error());
  surface.write_out(arguments.prints_json ? to_json(*trial)
                                          : to_text(*trial, {.in_colour = surface.in_colour}));
  if (trial->has_failed()) return false;
  return arguments.expect.empty() ? Result<bool>(true)
                                  : is_expected(*trial, arguments.expect, surface);
}

}  // namespace

int run_test(const cli::TestArguments& arguments, Result<cli::Configuration> configuration,
             const Surface& surface) {
  Result<bool> passed = configuration ? test(arguments, *configuration, surface)
                                      : Result<bool>(fail(configuration.error()));
  if (!passed) {
    std::string message = "Error: " + passed.error().message;
    if (!message.ends_with('\n')) message += '\n';
    surface.write_error(message);
  }
  return passed && *passed ? cli::kExitOk : cli::kExitError;
}

}  // namespace millrace::trial
