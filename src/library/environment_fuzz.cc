// Any values of the specification's variables give a configuration with these values, or an error
// that names a set variable and shows no header's value. A second call gives the same.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "millrace/config.h"

namespace {

using namespace millrace;
using v1::Config;

constexpr const char* kNames[] = {"OTEL_EXPORTER_OTLP_ENDPOINT",
                                  "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
                                  "OTEL_EXPORTER_OTLP_PROTOCOL",
                                  "OTEL_EXPORTER_OTLP_TIMEOUT",
                                  "OTEL_EXPORTER_OTLP_COMPRESSION",
                                  "OTEL_EXPORTER_OTLP_HEADERS",
                                  "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
                                  "OTEL_RESOURCE_ATTRIBUTES",
                                  "OTEL_SERVICE_NAME",
                                  "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
                                  "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
                                  "OTEL_BSP_SCHEDULE_DELAY",
                                  "OTEL_BSP_MAX_QUEUE_SIZE"};
constexpr size_t kNameCount = std::size(kNames);

// Encodes a value as an SDK does for such a variable.
std::string percent_encoded(std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    encoded += '%';
    encoded += kHex[byte >> 4];
    encoded += kHex[byte & 15];
  }
  return encoded;
}

void check_round_trip(testing::FuzzInput input) {
  std::vector<std::pair<std::string, std::string>> wanted;
  std::string list;
  for (size_t count = input.choice(5); count > 0; --count) {
    const std::string key = "k" + std::to_string(count);
    wanted.emplace_back(key, input.text());
    list += (list.empty() ? "" : ",") + key + "=" + percent_encoded(wanted.back().second);
  }
  const auto config = Config::from_environment(Config{}, [&](const char* name) -> const char* {
    return std::strcmp(name, "OTEL_EXPORTER_OTLP_HEADERS") == 0 ||
                   std::strcmp(name, "OTEL_RESOURCE_ATTRIBUTES") == 0
               ? list.c_str()
               : nullptr;
  });
  MILLRACE_CHECK(config.ok());
  MILLRACE_CHECK(config->endpoint_options.headers == wanted);
  MILLRACE_CHECK(config->resource.size() == wanted.size());
  for (size_t i = 0; i < wanted.size(); ++i) {
    MILLRACE_CHECK(config->resource[i].value.as_text() == wanted[i].second);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  testing::FuzzInput input(data, size);
  check_round_trip(input);
  std::map<std::string, std::string, std::less<>> variables;
  while (!input.empty() && variables.size() < kNameCount) {
    const std::string name = kNames[input.choice(kNameCount)];
    variables[name] = std::string(input.text()).c_str();  // ends at a NUL, as the environment does
  }
  const auto find = [&](const char* name) -> const char* {
    const auto found = variables.find(std::string_view(name));
    return found == variables.end() ? nullptr : found->second.c_str();
  };
  const auto config = Config::from_environment(Config{}, find);
  if (!config) {
    const std::string& message = config.error().message;
    const std::string name = message.substr(0, message.find(':'));
    MILLRACE_CHECK(variables.contains(name));
    if (name.ends_with("_HEADERS")) {
      // Only the name of a pair is shown; a pair without '=' shows no value either.
      const size_t found = message.rfind("found \"");
      MILLRACE_CHECK(found != std::string::npos);
      MILLRACE_CHECK(message.find_first_of(" :=", found + 7) == std::string::npos);
    }
    return 0;
  }
  MILLRACE_CHECK(!config->endpoint.ends_with('/'));
  const auto again = Config::from_environment(Config{}, find);
  MILLRACE_CHECK(again && again->endpoint == config->endpoint);
  MILLRACE_CHECK(again->endpoint_options.headers == config->endpoint_options.headers);
  MILLRACE_CHECK(config->batch_size >= 1 && config->batch_timeout_ms >= 1);
  MILLRACE_CHECK(config->endpoint_options.timeout_ms >= 1);
  return 0;
}
