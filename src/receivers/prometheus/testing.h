// For tests: a sink that writes down what a parser shows.
#pragma once

#include <cmath>
#include <cstdio>
#include <string>
#include <string_view>

#include "receivers/prometheus/exposition.h"

namespace millrace::receivers::prometheus {

// One line for each call: "type a counter", "sample a{b="c"} 1 @2".
class WritingSink final : public ExpositionSink {
 public:
  void on_type(std::string_view family, MetricType type) override {
    text += "type " + std::string(family) + " " + std::string(metric_type_name(type)) + "\n";
  }
  void on_help(std::string_view family, std::string_view help) override {
    text += "help " + std::string(family) + " " + std::string(help) + "\n";
  }
  void on_unit(std::string_view family, std::string_view unit) override {
    text += "unit " + std::string(family) + " " + std::string(unit) + "\n";
  }
  Status on_sample(Sample& sample) override {
    sample.labels.sort();
    text += "sample";
    for (const Label& label : sample.labels.all()) write(label);
    text += " = " + number(sample.value);
    if (sample.timestamp_ms) text += " @" + std::to_string(*sample.timestamp_ms);
    if (sample.created_ms) text += " since " + std::to_string(*sample.created_ms);
    for (const Exemplar& exemplar : sample.exemplars) {
      text += " #";
      for (const Label& label : exemplar.labels) write(label);
      text += " = " + number(exemplar.value);
      if (exemplar.timestamp_ms) text += " @" + std::to_string(*exemplar.timestamp_ms);
    }
    if (sample.native != nullptr) text += " native " + std::to_string(sample.native->count);
    text += "\n";
    return {};
  }
  static std::string number(double value) {
    if (std::isnan(value)) return "NaN";
    char shown[40];
    std::snprintf(shown, sizeof shown, "%.17g", value);
    return shown;
  }

  std::string text;

 private:
  void write(const Label& label) {
    text += " " + std::string(label.name) + "=\"" + std::string(label.value) + "\"";
  }
};

// Writes down what a parser of that format shows of `body`, fed in pieces of that size; behind it
// "error: …".
inline std::string parse_text(Format format, std::string_view body, size_t piece_size = SIZE_MAX,
                              ParserOptions options = {}) {
  WritingSink sink;
  const auto parser = make_parser(format, options, sink);
  Status status;
  while (status && !body.empty()) {
    status = parser->feed(body.substr(0, piece_size));
    body.remove_prefix(std::min(piece_size, body.size()));
  }
  if (status) status = parser->finish();
  if (!status) sink.text += "error: " + status.error().message + "\n";
  return sink.text;
}

}  // namespace millrace::receivers::prometheus
