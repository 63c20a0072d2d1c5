// The formats in which targets expose metrics, as parsers see them: a body comes in pieces, and
// what it says goes to a sink, one sample at a time. A parser keeps at most kLineBytesMax of the
// body.
//
// Formats: text 0.0.4 and 1.0.0 (text_parser.h), OpenMetrics 1.0 (openmetrics_parser.h), delimited
// protobuf (protobuf_parser.h). One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "receivers/prometheus/labels.h"

namespace millrace::receivers::prometheus {

// A longer line, or a longer message of one metric, is an error.
inline constexpr size_t kLineBytesMax = 1 << 20;

enum class MetricType : uint8_t {
  kUnknown,
  kCounter,
  kGauge,
  kHistogram,
  kGaugeHistogram,
  kSummary,
  kInfo,
  kStateSet,
};
// "counter", "unknown": the value of prometheus.type.
std::string_view metric_type_name(MetricType type);

struct Exemplar {
  std::vector<Label> labels;
  double value = 0;
  std::optional<int64_t> timestamp_ms;
};

// A native histogram with exponential buckets, with absolute counts.
struct NativeHistogram {
  struct Buckets {
    int32_t offset = 0;  // OTLP's: the index of the first bucket
    std::vector<uint64_t> counts;
  };
  int32_t scale = 0;
  uint64_t count = 0;
  double sum = 0;
  double zero_threshold = 0;
  uint64_t zero_count = 0;
  Buckets positive;
  Buckets negative;
  bool is_gauge = false;
};

// Views are valid during the call that shows it.
struct Sample {
  LabelSet labels;  // with __name__, in any order
  double value = 0;
  std::string_view value_text;  // of the line; empty where there is no text
  std::optional<int64_t> timestamp_ms;
  std::optional<int64_t> created_ms;
  std::vector<Exemplar> exemplars;
  NativeHistogram* native = nullptr;  // instead of the value

  void clear() {
    labels.clear();
    value = 0;
    value_text = {};
    timestamp_ms.reset();
    created_ms.reset();
    exemplars.clear();
    native = nullptr;
  }
};

class ExpositionSink {
 public:
  // Of the family of that name, from now on.
  virtual void on_type(std::string_view family, MetricType type) = 0;
  virtual void on_help(std::string_view family, std::string_view help) = 0;
  virtual void on_unit(std::string_view family, std::string_view unit) = 0;
  // An error ends the parsing.
  virtual Status on_sample(Sample& sample) = 0;

 protected:
  ~ExpositionSink() = default;
};

class ExpositionParser {
 public:
  virtual ~ExpositionParser() = default;
  // kInvalidArgument: the body is not of this format; kResourceExhausted: a line is too long; or
  // the error of the sink. After an error nothing more may be fed.
  virtual Status feed(std::string_view piece) = 0;
  // The body has ended.
  virtual Status finish() = 0;
};

enum class Format : uint8_t { kText, kOpenMetrics, kProtobuf };

// The choice of samples of histograms (scrape_native_histograms,
// always_scrape_classic_histograms).
struct ParserOptions {
  bool native_histograms = false;
  bool always_classic = false;
};

// `sink` must outlive the parser.
std::unique_ptr<ExpositionParser> make_parser(Format format, const ParserOptions& options,
                                              ExpositionSink& sink);

}  // namespace millrace::receivers::prometheus
