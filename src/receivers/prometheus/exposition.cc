#include "receivers/prometheus/exposition.h"

#include <array>

#include "receivers/prometheus/openmetrics_parser.h"
#include "receivers/prometheus/protobuf_parser.h"
#include "receivers/prometheus/text_parser.h"

namespace millrace::receivers::prometheus {

std::string_view metric_type_name(MetricType type) {
  constexpr std::array<std::string_view, 8> kNames = {
      "unknown", "counter", "gauge", "histogram", "gaugehistogram", "summary", "info", "stateset"};
  return kNames[static_cast<size_t>(type)];
}

std::unique_ptr<ExpositionParser> make_parser(Format format, const ParserOptions& options,
                                              ExpositionSink& sink) {
  switch (format) {
    case Format::kOpenMetrics:
      return std::make_unique<OpenMetricsParser>(sink);
    case Format::kProtobuf:
      return std::make_unique<ProtobufParser>(options, sink);
    case Format::kText:
      break;
  }
  return std::make_unique<TextParser>(sink);
}

}  // namespace millrace::receivers::prometheus
