#include "receivers/prometheus/protobuf_fields.h"

#include <cmath>

#include "wire/protobuf.h"
#include "wire/utf8.h"

namespace millrace::receivers::prometheus {
namespace {

using wire::Field;
using wire::FieldReader;
using wire::WireType;

struct Span {
  int32_t offset = 0;
  uint32_t length = 0;
};

// The buckets of one sign as they are sent: spans, and counts as differences or as they are.
struct SentBuckets {
  std::vector<Span> spans;
  std::vector<int64_t> deltas;
  std::vector<double> counts;
};

bool read_span(std::span<const uint8_t> message, Span* into) {
  FieldReader reader(message);
  for (Field field; reader.next(&field);) {
    if (field.is(1, WireType::kVarint)) {
      into->offset = static_cast<int32_t>(wire::zigzag_decode(field.value));
    } else if (field.is(2, WireType::kVarint)) {
      into->length = static_cast<uint32_t>(field.value);
    }
  }
  return reader.ok();
}

// Packed or not.
bool read_deltas(const Field& field, std::vector<int64_t>* into) {
  if (field.type == WireType::kVarint) {
    into->push_back(wire::zigzag_decode(field.value));
    return true;
  }
  const uint8_t* at = field.bytes.data();
  const uint8_t* const end = at + field.bytes.size();
  while (at != nullptr && at < end) {
    uint64_t value = 0;
    at = wire::read_varint(at, end, &value);
    into->push_back(wire::zigzag_decode(value));
  }
  return at != nullptr;
}

bool read_counts(const Field& field, std::vector<double>* into) {
  if (field.type == WireType::kI64) {
    into->push_back(field.as_double());
    return true;
  }
  if (field.bytes.size() % 8 != 0) return false;
  for (size_t i = 0; i < field.bytes.size(); i += 8) {
    Field one;
    one.value = wire::load_fixed64(field.bytes.data() + i);
    into->push_back(one.as_double());
  }
  return true;
}

// False: no buckets that OTLP could have.
bool to_buckets(const SentBuckets& sent, NativeHistogram::Buckets* into) {
  if (sent.spans.empty()) return true;
  into->offset = sent.spans.front().offset - 1;  // OTLP counts from the lower bound
  size_t next = 0;
  uint64_t count = 0;
  for (const Span& span : sent.spans) {
    const bool is_first = &span == &sent.spans.front();
    const size_t gap = is_first || span.offset < 0 ? 0 : static_cast<size_t>(span.offset);
    if (!is_first && span.offset < 0) return false;
    if (into->counts.size() + gap + span.length > kNativeBucketsMax) return false;
    into->counts.resize(into->counts.size() + gap);
    for (uint32_t i = 0; i < span.length; ++i, ++next) {
      if (next < sent.deltas.size()) {
        count += static_cast<uint64_t>(sent.deltas[next]);
        if (static_cast<int64_t>(count) < 0) return false;
        into->counts.push_back(count);
      } else if (next < sent.counts.size() && sent.counts[next] >= 0) {
        into->counts.push_back(static_cast<uint64_t>(std::min(sent.counts[next], 1e18)));
      } else {
        return false;
      }
    }
  }
  return true;
}

}  // namespace

bool read_label_pair(std::span<const uint8_t> message, Label* into) {
  FieldReader reader(message);
  for (Field field; reader.next(&field);) {
    if (field.is(1, WireType::kLen)) into->name = field.text();
    if (field.is(2, WireType::kLen)) into->value = field.text();
  }
  return reader.ok() && !into->name.empty() && wire::is_utf8(into->name) &&
         wire::is_utf8(into->value);
}

bool read_timestamp(std::span<const uint8_t> message, int64_t* milliseconds) {
  int64_t seconds = 0;
  int64_t nanoseconds = 0;
  FieldReader reader(message);
  for (Field field; reader.next(&field);) {
    if (field.is(1, WireType::kVarint)) seconds = static_cast<int64_t>(field.value);
    if (field.is(2, WireType::kVarint)) nanoseconds = static_cast<int32_t>(field.value);
  }
  constexpr int64_t kSecondsMax = int64_t{1} << 53;
  if (!reader.ok() || seconds > kSecondsMax || seconds < -kSecondsMax) return false;
  *milliseconds = seconds * 1000 + nanoseconds / 1'000'000;
  return true;
}

bool read_exemplar(std::span<const uint8_t> message, Exemplar* into) {
  FieldReader reader(message);
  for (Field field; reader.next(&field);) {
    if (field.is(1, WireType::kLen)) {
      if (into->labels.size() >= kLabelsMax) return false;
      if (!read_label_pair(field.bytes, &into->labels.emplace_back())) return false;
    } else if (field.is(2, WireType::kI64)) {
      into->value = field.as_double();
    } else if (field.is(3, WireType::kLen)) {
      if (!read_timestamp(field.bytes, &into->timestamp_ms.emplace())) return false;
    }
  }
  return reader.ok();
}

bool read_native(std::span<const uint8_t> message, NativeParts* into,
                 std::vector<Exemplar>* exemplars) {
  NativeHistogram& made = into->histogram;
  SentBuckets positive;
  SentBuckets negative;
  double count_float = 0;
  double zero_count_float = 0;
  FieldReader reader(message);
  bool ok = true;
  for (Field field; ok && reader.next(&field);) {
    switch (field.number) {
      case 1:
        made.count = field.value;
        break;
      case 2:
        made.sum = field.as_double();
        break;
      case 4:
        count_float = field.as_double();
        break;
      case 5:
        made.scale = static_cast<int32_t>(wire::zigzag_decode(field.value));
        break;
      case 6:
        made.zero_threshold = field.as_double();
        break;
      case 7:
        made.zero_count = field.value;
        break;
      case 8:
        zero_count_float = field.as_double();
        break;
      case 9:
        ok = read_span(field.bytes, &negative.spans.emplace_back());
        break;
      case 10:
        ok = read_deltas(field, &negative.deltas);
        break;
      case 11:
        ok = read_counts(field, &negative.counts);
        break;
      case 12:
        ok = read_span(field.bytes, &positive.spans.emplace_back());
        break;
      case 13:
        ok = read_deltas(field, &positive.deltas);
        break;
      case 14:
        ok = read_counts(field, &positive.counts);
        break;
      case 16: {
        Exemplar exemplar;
        ok = read_exemplar(field.bytes, &exemplar);
        if (ok && exemplar.timestamp_ms) exemplars->push_back(std::move(exemplar));
        break;
      }
      default:
        break;
    }
  }
  if (!ok || !reader.ok()) return false;
  const auto whole = [](double count) {
    return count > 0 ? static_cast<uint64_t>(std::min(count, 1e18)) : 0;
  };
  if (count_float > 0) made.count = whole(count_float);
  if (zero_count_float > 0) made.zero_count = whole(zero_count_float);
  into->is_native = !positive.spans.empty() || !negative.spans.empty() || made.zero_threshold > 0 ||
                    made.zero_count > 0;
  constexpr int32_t kScaleMin = -4;
  constexpr int32_t kScaleMax = 8;
  into->is_usable = made.scale >= kScaleMin && made.scale <= kScaleMax &&
                    to_buckets(positive, &made.positive) && to_buckets(negative, &made.negative);
  return true;
}

}  // namespace millrace::receivers::prometheus
