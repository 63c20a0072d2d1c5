// io.prometheus.client.MetricFamily messages, each behind its length as a varint
// (https://github.com/prometheus/client_model). See page_writer.h.
//
// Fields are in the order of their numbers and repeated numbers are not packed, as Go's client
// writes them. A native histogram is written for each ExponentialValue.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "prometheus/bucket_exemplars.h"
#include "prometheus/escaped_labels.h"
#include "prometheus/native_histogram.h"
#include "prometheus/page_output.h"
#include "prometheus/page_writer.h"
#include "wire/writer.h"

namespace millrace::prometheus {

class ProtobufWriter final : public PageWriter {
 public:
  ProtobufWriter(const PageOptions& options, Sink& sink);

  void begin_family(const Family& family) override;
  void write(const SeriesHead& head, const NumberValue& value) override;
  void write(const SeriesHead& head, const HistogramValue& value) override;
  void write(const SeriesHead& head, const SummaryValue& value) override;
  void write(const SeriesHead& head, const ExponentialValue& value) override;
  void finish() override;
  bool failed() const override { return output_.failed(); }
  size_t held_bytes() const override;

 private:
  using Nested = wire::Writer::Nested;

  Nested begin_series(const SeriesHead& head);
  void end_series(Nested metric);
  void flush();
  void write_labels(std::string_view labels);
  void write_exemplar(uint32_t field_number, const Exemplar& exemplar);
  void write_time(uint32_t field_number, uint64_t unix_nano);
  void write_bucket(double upper_bound, uint64_t count, const Exemplar* exemplar);
  void write_buckets(const NativeBuckets& buckets, uint32_t span_field, uint32_t delta_field);

  const Escaping escaping_;
  std::optional<EscapedLabels> escaped_labels_;  // when names of labels may need it
  PageOutput output_;
  FamilyType type_ = FamilyType::kUntyped;
  std::string unit_;
  // The current message. Name, help and type are first and stay for the next message of the family.
  wire::Writer message_;
  size_t family_size_ = 0;
  size_t largest_size_ = 0;  // of all messages
  BucketExemplars exemplars_;
  NativeHistogram native_;
};

}  // namespace millrace::prometheus
