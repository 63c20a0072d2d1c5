// For any arguments nothing is thrown, the exit code is one of three, and a refusal is
// explained on stderr. The input is the arguments, one a line.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "daemon/cli/command_line.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  std::vector<std::string> words = {"millrace"};
  std::istringstream lines{std::string(testing::FuzzInput(data, size).rest_text())};
  for (std::string line; std::getline(lines, line) && words.size() < 12;) {
    words.emplace_back(line.c_str());  // arguments contain no NUL
  }
  std::string out;
  std::string error;
  bool ran = false;
  cli::Program program;
  program.world = {[](const std::string& name) -> std::optional<std::string> {
                     return name == "A" ? std::optional<std::string>("a: 1") : std::nullopt;
                   },
                   [](const std::string& path) -> Result<std::string> {
                     return fail(Code::kNotFound, path + ": no such file");
                   }};
  program.catalog = config::Catalog(
      {{config::ComponentKind::kReceiver, "otlp"}, {config::ComponentKind::kExporter, "debug"}});
  program.default_configuration =
      "{receivers: {otlp: }, exporters: {debug: }, service: {pipelines: {traces: {receivers: "
      "[otlp], exporters: [debug]}}}}";
  program.run = [&](const cli::CollectorArguments&, const cli::Configuration&) {
    ran = true;
    return cli::kExitOk;
  };
  program.write_out = [&](std::string_view text) { out += text; };
  program.write_error = [&](std::string_view text) { error += text; };
  std::vector<const char*> pointers;
  for (const std::string& word : words) pointers.push_back(word.c_str());
  const int code =
      cli::run_command_line(static_cast<int>(pointers.size()), pointers.data(), program);
  MILLRACE_CHECK(code == cli::kExitOk || code == cli::kExitError || code == cli::kExitUsage);
  // validate prints nothing for a configuration without mistakes.
  const bool is_silent = std::ranges::find(words, "validate") != words.end();
  if (code == cli::kExitOk) MILLRACE_CHECK(ran || is_silent || !out.empty());
  if (code != cli::kExitOk) MILLRACE_CHECK(!ran && !(error + out).empty());
  return 0;
}
