// For any labels and help texts the page has one line for each sample, help and type, and a simple
// reader of Prometheus' text format reads exactly the given labels and values.
#include <cstddef>
#include <cstdint>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "metrics/registry.h"

namespace {

using namespace millrace;
using Sample = std::map<std::string, std::string>;

// Reads "counter{a="…",b="…"} 3": the labels, and the value under the key "". As the format
// defines, \\, \" and \n are escapes inside quotes and other characters stand for themselves.
Sample read_sample(const std::string& line, const std::string& name) {
  MILLRACE_CHECK(line.starts_with(name));
  Sample sample;
  size_t at = name.size();
  if (line[at] == '{') {
    do {
      const size_t equals = line.find("=\"", ++at);
      MILLRACE_CHECK(equals != std::string::npos);
      const std::string label = line.substr(at, equals - at);
      std::string value;
      for (at = equals + 2; line.at(at) != '"'; ++at) {
        if (line[at] == '\\') {
          ++at;
          MILLRACE_CHECK(line.at(at) == '\\' || line[at] == '"' || line[at] == 'n');
          value += line[at] == 'n' ? '\n' : line[at];
        } else {
          value += line[at];
        }
      }
      MILLRACE_CHECK(sample.emplace(label, value).second);
      ++at;
    } while (line.at(at) == ',');
    MILLRACE_CHECK(line.at(at) == '}');
    ++at;
  }
  MILLRACE_CHECK(line.at(at) == ' ');
  sample[""] = line.substr(at + 1);
  return sample;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  testing::FuzzInput input(data, size);
  const std::string help(input.text());
  metrics::Registry registry;
  std::map<Sample, uint64_t> added;
  while (!input.empty() && added.size() < 8) {
    const size_t label_count = input.choice(4);
    metrics::Labels labels;
    Sample sample;
    for (size_t i = 0; i < label_count; ++i) {
      labels.emplace_back("label" + std::to_string(i), std::string(input.text()));
      sample.insert(labels.back());
    }
    const uint64_t count = input.byte();
    if (label_count > 1 && input.flag()) std::swap(labels.front(), labels.back());
    registry.counter("counter", help, labels).add(count);
    added[sample] += count;
  }
  std::istringstream page(registry.to_prometheus_text());
  size_t comments = 0;
  std::map<Sample, uint64_t> found;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with('#')) {
      ++comments;
      continue;
    }
    Sample sample = read_sample(line, "counter");
    const auto value = static_cast<uint64_t>(std::stod(sample.at("")));
    sample.erase("");
    MILLRACE_CHECK(found.emplace(sample, value).second);
  }
  MILLRACE_CHECK(found == added);
  MILLRACE_CHECK(comments == (added.empty() ? 0 : 2));
  return 0;
}
