#include "receivers/prometheus/protobuf_parser.h"

#include <cmath>

#include "receivers/prometheus/line_cursor.h"
#include "receivers/prometheus/protobuf_fields.h"
#include "wire/utf8.h"

namespace millrace::receivers::prometheus {
namespace {

using wire::Field;
using wire::FieldReader;
using wire::WireType;

std::unexpected<Error> wrong(std::string_view what) {
  return fail(Code::kInvalidArgument, "protobuf: " + std::string(what));
}

// Of io.prometheus.client.MetricType.
std::optional<MetricType> type_of(uint64_t number) {
  constexpr MetricType kTypes[] = {MetricType::kCounter,   MetricType::kGauge,
                                   MetricType::kSummary,   MetricType::kUnknown,
                                   MetricType::kHistogram, MetricType::kGaugeHistogram};
  if (number >= std::size(kTypes)) return std::nullopt;
  return kTypes[number];
}

// The field of a Metric that has the value of that type.
uint32_t value_field(MetricType type) {
  switch (type) {
    case MetricType::kGauge:
      return 2;
    case MetricType::kCounter:
      return 3;
    case MetricType::kSummary:
      return 4;
    case MetricType::kUnknown:
      return 5;
    default:
      return 7;
  }
}

// A varint at the begin of `bytes`: its size, 0 when it is not whole, nothing when it is none.
std::optional<size_t> varint_at(std::span<const uint8_t> bytes, uint64_t* value) {
  const uint8_t* const end = bytes.data() + bytes.size();
  const uint8_t* const after = wire::read_varint(bytes.data(), end, value);
  if (after != nullptr) return static_cast<size_t>(after - bytes.data());
  if (bytes.size() >= wire::kVarintBytesMax) return std::nullopt;
  return 0;
}

// A count, of which the float goes before the integer when it is set.
double count_of(uint64_t whole, double fraction) {
  return fraction > 0 ? fraction : static_cast<double>(whole);
}

}  // namespace

Status ProtobufParser::feed(std::string_view piece) {
  begun_ += piece;
  size_t at = 0;
  for (;;) {
    const auto taken = take_part(as_span(std::string_view(begun_).substr(at)));
    if (!taken) return fail(taken.error());
    if (*taken == 0) break;
    at += *taken;
  }
  begun_.erase(0, at);
  if (begun_.size() > 2 * kLineBytesMax) return wrong("a message is larger than 1 MiB");
  return {};
}

Status ProtobufParser::finish() {
  if (!begun_.empty() || family_left_ > 0) return wrong("the body ends inside a message");
  return {};
}

// Reads what is whole at the begin of `bytes`: the number of its bytes, 0 when more are needed.
Result<size_t> ProtobufParser::take_part(std::span<const uint8_t> bytes) {
  if (family_left_ > 0) return take_field(bytes);
  if (bytes.empty()) return size_t{0};
  uint64_t size = 0;
  const auto taken = varint_at(bytes, &size);
  if (!taken || size > wire::kLengthMax) return wrong("the length of a family is none");
  if (*taken == 0) return size_t{0};
  family_left_ = size;
  name_.clear();
  type_ = MetricType::kCounter;
  type_is_shown_ = false;
  return *taken;
}

Result<size_t> ProtobufParser::take_field(std::span<const uint8_t> bytes) {
  if (bytes.size() > family_left_) bytes = bytes.first(family_left_);
  const bool is_all = bytes.size() == family_left_;
  FieldReader reader(bytes);
  Field field;
  if (!reader.next(&field)) {
    if (is_all) return wrong("a family that is not one");
    if (bytes.size() > kLineBytesMax) return wrong("a metric is larger than 1 MiB");
    return size_t{0};
  }
  if (field.whole.size() > kLineBytesMax) return wrong("a metric is larger than 1 MiB");
  if (Status read = on_field(field); !read) return fail(read.error());
  family_left_ -= field.whole.size();
  return field.whole.size();
}

Status ProtobufParser::on_field(const Field& field) {
  if (field.is(1, WireType::kLen)) {
    if (field.bytes.empty() || !wire::is_utf8(field.text())) return wrong("the name of a family");
    name_ = field.text();
  } else if (field.is(2, WireType::kLen)) {
    if (!wire::is_utf8(field.text())) return wrong("a help text that is not UTF-8");
    sink_.on_help(name_, field.text());
  } else if (field.is(3, WireType::kVarint)) {
    const auto type = type_of(field.value);
    if (!type) return wrong("an unknown type of metric");
    type_ = *type;
  } else if (field.is(5, WireType::kLen)) {
    if (!wire::is_utf8(field.text())) return wrong("a unit that is not UTF-8");
    sink_.on_unit(name_, field.text());
  } else if (field.is(4, WireType::kLen)) {
    if (name_.empty()) return wrong("a metric in front of the name of its family");
    if (!std::exchange(type_is_shown_, true)) sink_.on_type(name_, type_);
    return read_metric(field.bytes);
  }
  return {};
}

Status ProtobufParser::read_metric(std::span<const uint8_t> message) {
  labels_.clear();
  sample_.clear();
  std::optional<std::span<const uint8_t>> value;
  FieldReader reader(message);
  for (Field field; reader.next(&field);) {
    if (field.is(1, WireType::kLen)) {
      if (labels_.size() >= kLabelsMax) return wrong("more than 1000 labels");
      if (!read_label_pair(field.bytes, &labels_.emplace_back())) return wrong("a label");
    } else if (field.is(6, WireType::kVarint)) {
      if (field.value != 0) sample_.timestamp_ms = static_cast<int64_t>(field.value);
    } else if (field.is(value_field(type_), WireType::kLen)) {
      value = field.bytes;
    }
  }
  if (!reader.ok()) return wrong("a metric that is not one");
  const std::span<const uint8_t> content = value.value_or(std::span<const uint8_t>());
  if (type_ == MetricType::kSummary) return read_summary(content);
  if (type_ == MetricType::kHistogram || type_ == MetricType::kGaugeHistogram) {
    return read_histogram(content);
  }
  return read_simple(content);
}

// Shows one sample of the current metric; keeps its times for the next.
Status ProtobufParser::show(std::string_view suffix, double value) {
  suffixed_ = name_;
  suffixed_ += suffix;
  sample_.value = std::isnan(value) ? std::nan("") : value;
  sample_.labels.add(kMetricName, suffixed_);
  for (const Label& label : labels_) sample_.labels.add(label.name, label.value);
  Status shown = sink_.on_sample(sample_);
  sample_.labels.clear();
  sample_.exemplars.clear();
  return shown;
}

Status ProtobufParser::read_simple(std::span<const uint8_t> message) {
  double value = 0;
  FieldReader reader(message);
  for (Field field; reader.next(&field);) {
    if (field.is(1, WireType::kI64)) value = field.as_double();
    if (type_ != MetricType::kCounter) continue;
    if (field.is(2, WireType::kLen) &&
        !read_exemplar(field.bytes, &sample_.exemplars.emplace_back())) {
      return wrong("an exemplar");
    }
    if (field.is(3, WireType::kLen) &&
        !read_timestamp(field.bytes, &sample_.created_ms.emplace())) {
      return wrong("a time");
    }
  }
  if (!reader.ok()) return wrong("a value");
  return show("", value);
}

Status ProtobufParser::read_summary(std::span<const uint8_t> message) {
  uint64_t count = 0;
  double sum = 0;
  FieldReader reader(message);
  for (Field field; reader.next(&field);) {
    if (field.is(1, WireType::kVarint)) count = field.value;
    if (field.is(2, WireType::kI64)) sum = field.as_double();
    if (field.is(4, WireType::kLen) &&
        !read_timestamp(field.bytes, &sample_.created_ms.emplace())) {
      return wrong("a time");
    }
  }
  if (!reader.ok()) return wrong("a summary");
  if (Status shown = show("_count", static_cast<double>(count)); !shown) return shown;
  if (Status shown = show("_sum", sum); !shown) return shown;
  FieldReader again(message);
  for (Field field; again.next(&field);) {
    if (!field.is(3, WireType::kLen)) continue;
    double quantile = 0;
    double value = 0;
    FieldReader parts(field.bytes);
    for (Field part; parts.next(&part);) {
      if (part.is(1, WireType::kI64)) quantile = part.as_double();
      if (part.is(2, WireType::kI64)) value = part.as_double();
    }
    if (!parts.ok()) return wrong("a quantile");
    sample_.labels.add("quantile", sample_.labels.keep(bound_text(quantile)));
    if (Status shown = show("", value); !shown) return shown;
  }
  return {};
}

Status ProtobufParser::read_histogram(std::span<const uint8_t> message) {
  uint64_t count = 0;
  double count_float = 0;
  double sum = 0;
  bool has_buckets = false;
  FieldReader reader(message);
  for (Field field; reader.next(&field);) {
    if (field.is(1, WireType::kVarint)) count = field.value;
    if (field.is(4, WireType::kI64)) count_float = field.as_double();
    if (field.is(2, WireType::kI64)) sum = field.as_double();
    if (field.is(3, WireType::kLen)) has_buckets = true;
    if (field.is(15, WireType::kLen) &&
        !read_timestamp(field.bytes, &sample_.created_ms.emplace())) {
      return wrong("a time");
    }
  }
  NativeParts native;
  std::vector<Exemplar> exemplars;
  if (!reader.ok() || !read_native(message, &native, &exemplars)) return wrong("a histogram");
  const bool shows_native = options_.native_histograms && native.is_native;
  if (shows_native && native.is_usable) {
    native_ = std::move(native.histogram);
    native_.is_gauge = type_ == MetricType::kGaugeHistogram;
    sample_.native = &native_;
    sample_.exemplars = std::move(exemplars);
    Status shown = show("", 0);
    sample_.native = nullptr;
    if (!shown) return shown;
  }
  if (shows_native && !(options_.always_classic && has_buckets)) return {};
  return show_classic(message, count_of(count, count_float), sum);
}

Status ProtobufParser::show_classic(std::span<const uint8_t> message, double count, double sum) {
  if (Status shown = show("_count", count); !shown) return shown;
  if (Status shown = show("_sum", sum); !shown) return shown;
  bool has_infinity = false;
  FieldReader reader(message);
  for (Field field; reader.next(&field);) {
    if (!field.is(3, WireType::kLen)) continue;
    uint64_t in_bucket = 0;
    double in_bucket_float = 0;
    double bound = 0;
    FieldReader parts(field.bytes);
    for (Field part; parts.next(&part);) {
      if (part.is(1, WireType::kVarint)) in_bucket = part.value;
      if (part.is(4, WireType::kI64)) in_bucket_float = part.as_double();
      if (part.is(2, WireType::kI64)) bound = part.as_double();
      if (part.is(3, WireType::kLen) &&
          !read_exemplar(part.bytes, &sample_.exemplars.emplace_back())) {
        return wrong("an exemplar");
      }
    }
    if (!parts.ok()) return wrong("a bucket");
    has_infinity = has_infinity || bound == HUGE_VAL;
    sample_.labels.add("le", sample_.labels.keep(bound_text(bound)));
    const double value = count_of(in_bucket, in_bucket_float);
    if (Status shown = show("_bucket", value); !shown) return shown;
  }
  if (has_infinity) return {};
  sample_.labels.add("le", "+Inf");
  return show("_bucket", count);
}

}  // namespace millrace::receivers::prometheus
