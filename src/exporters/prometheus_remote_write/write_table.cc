#include "exporters/prometheus_remote_write/write_table.h"

#include <algorithm>
#include <bit>
#include <utility>
#include <vector>

#include "prometheus/labels.h"

namespace millrace::exporters {
namespace {

using prometheus::NativeBuckets;
using prometheus::NativeHistogram;
using wire::Writer;

constexpr std::string_view kNameLabel = "__name__";
constexpr size_t kSampleUnits = 20;  // of a pace
constexpr size_t kSeriesUnits = 100;

// Field numbers that differ between the protocols.
struct Numbers {
  uint32_t series;  // of the request
  uint32_t samples;
  uint32_t histograms;
  uint32_t exemplars;
};
constexpr Numbers kNumbers1 = {.series = 1, .samples = 2, .histograms = 4, .exemplars = 3};
constexpr Numbers kNumbers2 = {.series = 5, .samples = 2, .histograms = 3, .exemplars = 4};
constexpr uint32_t kFamilies = 3;  // WriteRequest.metadata
constexpr uint32_t kSymbols = 4;   // v2 Request.symbols
constexpr uint32_t kMetadata = 5;  // v2 TimeSeries.metadata
constexpr uint32_t kLabels = 1;    // TimeSeries.labels, labels_refs

constexpr size_t kPrefixBytes = 6;         // of a nested message, with its tag
constexpr size_t kMetadataBytes = 2 + 18;  // v2 Metadata: a type and two references

const Numbers& numbers_of(WriteProtocol protocol) {
  return protocol == WriteProtocol::k1 ? kNumbers1 : kNumbers2;
}

void put_double(Writer& out, uint32_t number, double value) {
  if (std::bit_cast<uint64_t>(value) != 0) out.double_field(number, value);
}
void put_varint(Writer& out, uint32_t number, uint64_t value) {
  if (value != 0) out.varint_field(number, value);
}

size_t sample_size(const SampleTimes& times) {
  constexpr size_t kValueBytes = 9;
  return kValueBytes + 2 + wire::varint_size(static_cast<uint64_t>(times.time_ms)) +
         wire::varint_size(static_cast<uint64_t>(times.start_ms));
}

void put_buckets(Writer& out, const NativeBuckets& buckets, uint32_t spans, uint32_t deltas) {
  for (const prometheus::BucketSpan& span : buckets.spans) {
    const Writer::Nested nested = out.open(spans);
    if (span.offset != 0) out.sint_field(1, span.offset);
    put_varint(out, 2, span.length);
    out.close(nested);
  }
  if (buckets.deltas.empty()) return;
  const Writer::Nested packed = out.open(deltas, 2 * buckets.deltas.size());
  for (const int64_t delta : buckets.deltas) out.raw_varint(wire::zigzag_encode(delta));
  out.close(packed);
}

// The content of a Histogram, which has the same fields in both protocols but for the start.
void put_histogram(Writer& out, const SampleTimes& times, const NativeHistogram& histogram,
                   WriteProtocol protocol) {
  out.varint_field(1, histogram.count);
  put_double(out, 3, histogram.sum);
  if (histogram.schema != 0) out.sint_field(4, histogram.schema);
  put_double(out, 5, histogram.zero_threshold);
  out.varint_field(6, histogram.zero_count);
  put_buckets(out, histogram.negative, 8, 9);
  put_buckets(out, histogram.positive, 11, 12);
  put_varint(out, 15, static_cast<uint64_t>(times.time_ms));
  if (protocol == WriteProtocol::k2) put_varint(out, 17, static_cast<uint64_t>(times.start_ms));
}

}  // namespace

WriteTable::WriteTable(WriteProtocol protocol, Metadata metadata, Budget& budget,
                       const KeyHasher& hasher)
    : protocol_(protocol),
      metadata_(metadata),
      budget_(budget),
      hasher_(hasher),
      arena_(budget),
      series_(budget),
      samples_(budget),
      exemplars_(budget),
      families_(budget),
      symbols_(budget),
      series_index_(budget),
      family_index_(budget),
      symbol_index_(budget),
      sorted_(budget) {
  if (protocol_ == WriteProtocol::k2) static_cast<void>(symbol({}));  // the first one is empty
}

WriteTable::Piece WriteTable::keep(std::span<const uint8_t> bytes) {
  // Places in the arena have 32 bits.
  failed_ = failed_ || bytes.size() > kNone - arena_.size() || !arena_.make_room(bytes.size());
  if (failed_) return {};
  const Piece piece{static_cast<uint32_t>(arena_.size()), static_cast<uint32_t>(bytes.size())};
  arena_.append(bytes);
  return piece;
}

uint32_t WriteTable::symbol(std::string_view text) {
  const KeyHash key = hasher_.of(text);
  const uint32_t known = symbol_index_.find(key.high, key.low);
  if (known != kNone || failed_) return known == kNone ? 0 : known;
  const auto number = static_cast<uint32_t>(symbols_.size());
  const Piece piece = keep(text);
  failed_ =
      failed_ || !symbols_.try_push_back(piece) || !symbol_index_.insert(key.high, key.low, number);
  if (failed_) return 0;
  encoded_size_ += kPrefixBytes + text.size();
  return number;
}

void WriteTable::put_label(std::string_view name, std::string_view value) {
  if (protocol_ == WriteProtocol::k2) {
    scratch_.raw_varint(symbol(name));
    scratch_.raw_varint(symbol(value));
    return;
  }
  const Writer::Nested label = scratch_.open(kLabels, name.size() + value.size() + 4);
  scratch_.string_field(1, name);
  scratch_.string_field(2, value);
  scratch_.close(label);
}

// In the order of the names. Both names that are not in the text come before most others.
void WriteTable::put_labels(const SeriesName& name) {
  name_.assign(name.name).append(name.suffix);
  bool has_name = false;
  bool has_extra = name.extra_name.empty();
  const auto put_up_to = [&](std::string_view next, bool is_end) {
    if (!has_name && (is_end || kNameLabel < next)) {
      put_label(kNameLabel, name_);
      has_name = true;
    }
    if (!has_extra && (is_end || name.extra_name < next)) {
      put_label(name.extra_name, name.extra_value);
      has_extra = true;
    }
  };
  prometheus::LabelReader reader(name.labels);
  for (std::string_view label, value; reader.next(&label, &value);) {
    put_up_to(label, false);
    put_label(label, value);
  }
  put_up_to({}, true);
}

uint32_t WriteTable::family(const WrittenFamily& family) {
  if (failed_ || (protocol_ == WriteProtocol::k1 && metadata_ == Metadata::kNone)) return kNone;
  // In 1.0 a name has one metadata, in 2.0 each series its own.
  KeyHash key = hasher_.of(family.name);
  if (protocol_ == WriteProtocol::k2) {
    key = hasher_.joined(hasher_.joined(key, hasher_.of(family.help)), hasher_.of(family.unit));
    key.low += static_cast<uint64_t>(family.type);
  }
  const uint32_t known = family_index_.find(key.high, key.low);
  if (known != kNone) return known;
  Family made{.type = family.type};
  if (protocol_ == WriteProtocol::k2) {
    made.help_ref = symbol(family.help);
    made.unit_ref = symbol(family.unit);
  } else {
    made.name = keep(family.name);
    made.help = keep(family.help);
    made.unit = keep(family.unit);
    encoded_size_ +=
        4 * kPrefixBytes + 2 + family.name.size() + family.help.size() + family.unit.size();
  }
  const auto number = static_cast<uint32_t>(families_.size());
  failed_ =
      failed_ || !families_.try_push_back(made) || !family_index_.insert(key.high, key.low, number);
  return failed_ ? kNone : number;
}

uint32_t WriteTable::series(const SeriesName& name, uint32_t family) {
  if (failed_) return kNone;
  scratch_.truncate(0);
  put_labels(name);
  const KeyHash key = hasher_.of(scratch_.view());
  const uint32_t known = series_index_.find(key.high, key.low);
  if (known != kNone || failed_) return known;
  const Piece labels = keep(scratch_.view());
  const auto number = static_cast<uint32_t>(series_.size());
  failed_ = failed_ || !series_.try_push_back({.labels = labels, .family = family}) ||
            !series_index_.insert(key.high, key.low, number);
  if (failed_) return kNone;
  encoded_size_ += kPrefixBytes + labels.size;
  if (protocol_ == WriteProtocol::k2) encoded_size_ += kPrefixBytes + kMetadataBytes;
  return number;
}

void WriteTable::add(uint32_t series, Sample sample) {
  const auto number = static_cast<uint32_t>(samples_.size());
  failed_ = failed_ || series == kNone || number == kNone || !samples_.try_push_back(sample);
  if (failed_) return;
  Series& into = series_[series];
  if (into.samples.first == kNone) {
    into.samples.first = number;
  } else {
    Sample& last = samples_[into.samples.last];
    into.is_unsorted = into.is_unsorted || sample.times.time_ms <= last.times.time_ms;
    last.next = number;
  }
  into.samples.last = number;
}

void WriteTable::add_sample(uint32_t series, const SampleTimes& times, double value,
                            Stands stands) {
  add(series, {.times = times, .value = value, .stands = stands});
  encoded_size_ += 2 + sample_size(times);
}

void WriteTable::add_histogram(uint32_t series, const SampleTimes& times,
                               const NativeHistogram& histogram) {
  if (failed_) return;
  scratch_.truncate(0);
  put_histogram(scratch_, times, histogram, protocol_);
  const Piece message = keep(scratch_.view());
  add(series, {.times = times, .histogram = message, .stands = Stands::kForPoint});
  encoded_size_ += kPrefixBytes + message.size;
}

void WriteTable::add_exemplar(uint32_t series, std::string_view labels, double value,
                              int64_t time_ms) {
  if (failed_ || series == kNone) return;
  std::vector<std::pair<std::string, std::string>> sorted;
  prometheus::LabelReader reader(labels);
  for (std::string_view name, text; reader.next(&name, &text);) sorted.emplace_back(name, text);
  std::ranges::sort(sorted);
  scratch_.truncate(0);
  Writer::Nested refs;
  if (protocol_ == WriteProtocol::k2) refs = scratch_.open(kLabels);
  for (const auto& [name, text] : sorted) put_label(name, text);
  if (protocol_ == WriteProtocol::k2) scratch_.close(refs);
  put_double(scratch_, 2, value);
  put_varint(scratch_, 3, static_cast<uint64_t>(time_ms));
  const Piece message = keep(scratch_.view());
  const auto number = static_cast<uint32_t>(exemplars_.size());
  failed_ = failed_ || !exemplars_.try_push_back({.message = message});
  if (failed_) return;
  Chain& chain = series_[series].exemplars;
  if (chain.first == kNone) {
    chain.first = number;
  } else {
    exemplars_[chain.last].next = number;
  }
  chain.last = number;
  encoded_size_ += kPrefixBytes + message.size;
}

bool WriteTable::is_same_value(const Sample& a, const Sample& b) const {
  return std::bit_cast<uint64_t>(a.value) == std::bit_cast<uint64_t>(b.value) &&
         std::ranges::equal(bytes_of(a.histogram), bytes_of(b.histogram));
}

bool WriteTable::sort_samples(const Series& series, uint64_t* duplicate_points) {
  sorted_.truncate(0);
  for (uint32_t at = series.samples.first; at != kNone; at = samples_[at].next) {
    if (!sorted_.try_push_back(at)) return false;
  }
  if (!series.is_unsorted) return true;
  uint32_t* const begin = &sorted_[0];
  uint32_t* const end = begin + sorted_.size();
  // By time, and of one time in the order of their numbers, which is that of their arrival.
  std::sort(begin, end, [&](uint32_t a, uint32_t b) {
    return std::pair(samples_[a].times.time_ms, a) < std::pair(samples_[b].times.time_ms, b);
  });
  uint32_t* kept = begin;
  for (uint32_t* at = begin; at != end; ++at) {
    const Sample& sample = samples_[*at];
    if (at + 1 != end && samples_[at[1]].times.time_ms == sample.times.time_ms) {
      const bool is_lost = !is_same_value(sample, samples_[at[1]]);
      if (is_lost && sample.stands == Stands::kForPoint) ++*duplicate_points;
      continue;
    }
    *kept++ = *at;
  }
  sorted_.truncate(static_cast<size_t>(kept - begin));
  return true;
}

void WriteTable::write_sample(Writer& out, const Sample& sample) const {
  const Numbers& numbers = numbers_of(protocol_);
  if (sample.histogram.size != 0) {
    return out.bytes_field(numbers.histograms, bytes_of(sample.histogram));
  }
  const Writer::Nested nested = out.open(numbers.samples);
  put_double(out, 1, sample.value);
  put_varint(out, 2, static_cast<uint64_t>(sample.times.time_ms));
  if (protocol_ == WriteProtocol::k2) {
    put_varint(out, 3, static_cast<uint64_t>(sample.times.start_ms));
  }
  out.close(nested);
}

void WriteTable::write_series(Writer& out, const Series& series) const {
  const Numbers& numbers = numbers_of(protocol_);
  const Writer::Nested nested = out.open(numbers.series, series.labels.size + 20);
  if (protocol_ == WriteProtocol::k1) {
    out.raw(bytes_of(series.labels));  // each with its tag
  } else {
    out.bytes_field(kLabels, bytes_of(series.labels));
  }
  for (const uint32_t sample : sorted_.view()) write_sample(out, samples_[sample]);
  for (uint32_t at = series.exemplars.first; at != kNone; at = exemplars_[at].next) {
    out.bytes_field(numbers.exemplars, bytes_of(exemplars_[at].message));
  }
  if (protocol_ == WriteProtocol::k2 && series.family != kNone) {
    const Family& family = families_[series.family];
    const Writer::Nested metadata = out.open(kMetadata);
    put_varint(out, 1, static_cast<uint64_t>(family.type));
    put_varint(out, 3, family.help_ref);
    put_varint(out, 4, family.unit_ref);
    out.close(metadata);
  }
  out.close(nested);
}

void WriteTable::write_families(Writer& out) const {
  const auto put_text = [&](uint32_t number, Piece piece) {
    if (piece.size != 0) out.bytes_field(number, bytes_of(piece));
  };
  for (const Family& family : families_.view()) {
    const Writer::Nested nested = out.open(kFamilies, 100);
    put_varint(out, 1, static_cast<uint64_t>(family.type));
    put_text(2, family.name);
    put_text(4, family.help);
    put_text(5, family.unit);
    out.close(nested);
  }
}

void WriteTable::write_symbols(Writer& out) const {
  for (const Piece& piece : symbols_.view()) out.bytes_field(kSymbols, bytes_of(piece));
}

Result<WriteTable::Written> WriteTable::finish(Pace& pace) {
  constexpr size_t kWriterSlack = 64;  // a writer asks for room for the longest prefix
  const auto no_room = [] { return fail(Code::kUnavailable, "no memory for the request"); };
  if (failed_) return no_room();
  const size_t size = encoded_size_ + kWriterSlack;
  Written written;
  written.memory = Reservation::try_make_to_drain(budget_, MemoryTerm::kEncoded, size);
  if (!written.memory) return no_room();
  Writer out(size);
  if (protocol_ == WriteProtocol::k2) write_symbols(out);
  for (const Series& series : series_.view()) {
    if (!sort_samples(series, &written.duplicate_points)) return no_room();
    pace.step(kSeriesUnits + kSampleUnits * sorted_.size() + series.labels.size);
    write_series(out, series);
  }
  if (protocol_ == WriteProtocol::k1) write_families(out);
  MILLRACE_CHECK(out.size() <= encoded_size_);
  written.bytes = out.finish();
  return written;
}

}  // namespace millrace::exporters
