// One remote-write request in the making: its series with their samples, and at the end its bytes.
//
// Source: Prometheus's Remote-Write specifications 1.0 (prometheus.WriteRequest) and 2.0
// (io.prometheus.write.v2.Request), with the fields of prompb/types.proto for native histograms.
//
// Samples with the same labels become one series, sorted by time; of samples with one time the last
// added stays. Everything is reserved in the budget before it is allocated (MemoryTerm::kEncoded).
// After the first failure the table is to be thrown away. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/pace.h"
#include "base/result.h"
#include "exporters/prometheus_remote_write/reserved_array.h"
#include "memory/budget.h"
#include "prometheus/native_histogram.h"
#include "prometheus_series/key_hash.h"
#include "wire/writer.h"

namespace millrace::exporters {

enum class WriteProtocol : uint8_t { k1, k2 };

// prometheus.MetricMetadata.MetricType; 2.0 has the same numbers.
enum class WrittenType : uint8_t {
  kUnknown = 0,
  kCounter = 1,
  kGauge = 2,
  kHistogram = 3,
  kSummary = 5,
  kInfo = 6,
  kStateset = 7,
};

struct WrittenFamily {
  std::string_view name;
  std::string_view help;
  std::string_view unit;
  WrittenType type = WrittenType::kUnknown;
};

// The labels of a series: `labels` is a text of prometheus::LabelBuilder without __name__ and
// without `extra_name`.
struct SeriesName {
  std::string_view name;
  std::string_view suffix = {};  // "_bucket", behind the name
  std::string_view labels;
  std::string_view extra_name = {};  // "le" or "quantile"; empty: none
  std::string_view extra_value = {};
};

struct SampleTimes {
  int64_t time_ms = 0;
  int64_t start_ms = 0;  // 2.0 only; 0: not known
};

class WriteTable {
 public:
  // Whether 1.0 sends the metadata of families; 2.0 always does.
  enum class Metadata : uint8_t { kNone, kSent };
  // `budget` and `hasher` outlive this.
  WriteTable(WriteProtocol protocol, Metadata metadata, Budget& budget, const KeyHasher& hasher);

  static constexpr uint32_t kNone = NumberIndex::kNone;
  // Numbers; kNone after a failure, which later calls take without harm, and for a family whose
  // metadata is not sent.
  uint32_t family(const WrittenFamily& family);
  // One whose metadata only 2.0 sends.
  uint32_t series_family(const WrittenFamily& family) {
    return protocol_ == WriteProtocol::k2 ? this->family(family) : kNone;
  }
  uint32_t series(const SeriesName& name, uint32_t family);

  // A sample counts for the point that it was made of, or is only a part of one.
  enum class Stands : uint8_t { kForPoint, kForPart };
  void add_sample(uint32_t series, const SampleTimes& times, double value, Stands stands);
  void add_histogram(uint32_t series, const SampleTimes& times,
                     const prometheus::NativeHistogram& histogram);
  // `labels` is a text of prometheus::append_label, in any order of names.
  void add_exemplar(uint32_t series, std::string_view labels, double value, int64_t time_ms);

  // The budget had no room.
  bool failed() const { return failed_; }
  // At least the size of what finish() would write, and at most some 20 bytes a series more.
  size_t encoded_size() const { return encoded_size_; }
  uint32_t series_count() const { return static_cast<uint32_t>(series_.size()); }
  uint32_t sample_count() const { return static_cast<uint32_t>(samples_.size()); }

  struct Written {
    Bytes bytes;
    Reservation memory;
    uint64_t duplicate_points = 0;  // another value had their time; they are not written
  };
  //   kUnavailable  the budget has no room
  Result<Written> finish(Pace& pace);

 private:
  struct Piece {
    uint32_t offset = 0;
    uint32_t size = 0;
  };
  struct Chain {
    uint32_t first = kNone;
    uint32_t last = kNone;
  };
  struct Series {
    Piece labels;  // in arena_, as they are sent
    uint32_t family = kNone;
    Chain samples;
    Chain exemplars;
    bool is_unsorted = false;
  };
  struct Sample {
    SampleTimes times;
    double value = 0;
    Piece histogram;  // in arena_, the content of the message; size 0: a number
    uint32_t next = kNone;
    Stands stands = Stands::kForPart;
  };
  struct Exemplar {
    Piece message;  // in arena_
    uint32_t next = kNone;
  };
  struct Family {
    Piece name;
    Piece help;
    Piece unit;
    uint32_t help_ref = 0;
    uint32_t unit_ref = 0;
    WrittenType type = WrittenType::kUnknown;
  };

  uint32_t symbol(std::string_view text);
  // Into arena_; a failure leaves an empty piece.
  Piece keep(std::span<const uint8_t> bytes);
  Piece keep(std::string_view text) { return keep(as_span(text)); }
  void put_label(std::string_view name, std::string_view value);
  void put_labels(const SeriesName& name);
  void add(uint32_t series, Sample sample);
  std::string_view text_of(Piece piece) const {
    return as_text(arena_.view(piece.offset, piece.size));
  }
  std::span<const uint8_t> bytes_of(Piece piece) const {
    return arena_.view(piece.offset, piece.size);
  }
  bool is_same_value(const Sample& a, const Sample& b) const;
  // Into sorted_: the samples that are written. False: no room.
  bool sort_samples(const Series& series, uint64_t* duplicate_points);
  void write_series(wire::Writer& out, const Series& series) const;
  void write_sample(wire::Writer& out, const Sample& sample) const;
  void write_families(wire::Writer& out) const;
  void write_symbols(wire::Writer& out) const;

  const WriteProtocol protocol_;
  const Metadata metadata_;
  Budget& budget_;
  const KeyHasher& hasher_;
  ReservedArray<uint8_t> arena_;
  ReservedArray<Series> series_;
  ReservedArray<Sample> samples_;
  ReservedArray<Exemplar> exemplars_;
  ReservedArray<Family> families_;
  ReservedArray<Piece> symbols_;  // 2.0
  NumberIndex series_index_;
  NumberIndex family_index_;
  NumberIndex symbol_index_;
  ReservedArray<uint32_t> sorted_;
  wire::Writer scratch_;  // the labels or the message that is being made
  std::string name_;      // of the series, with its suffix
  size_t encoded_size_ = 0;
  bool failed_ = false;
};

}  // namespace millrace::exporters
