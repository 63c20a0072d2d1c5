// The delimited protobuf format: MetricFamily messages of io.prometheus.client (client_model), each
// behind its length. A family is read metric by metric, so that only one metric's message lies in
// memory; its name and type must stand in front of its metrics, as every encoder writes them.
//
// A metric with several values is shown as the samples of the text format: NAME_count, NAME_sum,
// NAME_bucket with a label le.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/bytes.h"
#include "receivers/prometheus/exposition.h"
#include "wire/protobuf.h"

namespace millrace::receivers::prometheus {

class ProtobufParser final : public ExpositionParser {
 public:
  ProtobufParser(const ParserOptions& options, ExpositionSink& sink)
      : options_(options), sink_(sink) {}
  Status feed(std::string_view piece) override;
  // Error: the body ends inside a message.
  Status finish() override;

 private:
  Result<size_t> take_part(std::span<const uint8_t> bytes);
  Result<size_t> take_field(std::span<const uint8_t> bytes);
  Status on_field(const wire::Field& field);
  Status read_metric(std::span<const uint8_t> message);
  Status show(std::string_view suffix, double value);
  Status read_simple(std::span<const uint8_t> message);
  Status read_summary(std::span<const uint8_t> message);
  Status read_histogram(std::span<const uint8_t> message);
  Status show_classic(std::span<const uint8_t> message, double count, double sum);

  const ParserOptions options_;
  ExpositionSink& sink_;
  std::string begun_;         // what was fed and is not read yet
  uint64_t family_left_ = 0;  // bytes of the current family
  std::string name_;
  std::string suffixed_;
  MetricType type_ = MetricType::kCounter;
  bool type_is_shown_ = false;
  // Of the current metric.
  std::vector<Label> labels_;
  Sample sample_;
  NativeHistogram native_;
};

}  // namespace millrace::receivers::prometheus
