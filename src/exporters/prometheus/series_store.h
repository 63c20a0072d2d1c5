// The families and series that are exposed, with their newest values; what they take is bounded and
// reserved. Knows nothing of OTLP: it is given names, labels and values that are ready.
//
// Two ways lead to a series: by the key of what a sender sends (one lookup, the way of nearly every
// point), and by the name and labels that a scraper sees, so that no two series of a page are
// equal. A series that has not been heard of for `expiration` is gone for scrapers at once; sweep()
// frees it.
//
// One thread. Pointers to series and families hold until the next erase() or sweep().
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "exporters/prometheus/accumulate.h"
#include "exporters/prometheus/key_table.h"
#include "exporters/prometheus/label_texts.h"
#include "exporters/prometheus/state_memory.h"
#include "prometheus/model.h"
#include "prometheus_series/key_hash.h"
#include "prometheus_series/refusal.h"
#include "prometheus_series/values.h"

namespace millrace::exporters {

struct SeriesFamily;

struct Series {
  SeriesFamily* family = nullptr;
  KeyHash key;                     // by which it is found
  std::unique_ptr<char[]> labels;  // packed by the family
  uint32_t labels_size = 0;
  uint32_t index = 0;  // in the family's list
  Interval interval;
  MonotonicTime received{};        // the last point
  double number = 0;               // counters and gauges
  std::unique_ptr<Detail> detail;  // null: there is only the number
};

struct SeriesFamily {
  std::string name;
  std::string help;
  prometheus::FamilyType type = prometheus::FamilyType::kUntyped;
  uint64_t serial = 0;          // different for each that ever was
  KeyHash key;                  // of the serial, for the keys of its series
  std::vector<Series*> series;  // in the order of their coming; null where one has gone
  size_t live_count = 0;
  std::vector<KeyHash> metrics;  // the metrics that have this name
  LabelTexts labels;             // of its series: texts of a LabelBuilder
};

class SeriesStore {
 public:
  using Families = std::map<std::string_view, std::unique_ptr<SeriesFamily>>;
  struct Options {
    size_t bytes_max = 0;
    Duration expiration = 5min;
    // Names differ that become equal when they are escaped for scrapers without UTF-8: only the
    // first of them is accepted.
    bool keeps_utf8 = false;
  };

  SeriesStore(Budget& budget, KeyHasher hasher, Options options);
  ~SeriesStore();
  SeriesStore(const SeriesStore&) = delete;
  SeriesStore& operator=(const SeriesStore&) = delete;

  const KeyHasher& hasher() const { return hasher_; }

  // The family of a metric that came before; null: not known.
  SeriesFamily* find_family(const KeyHash& metric) const { return by_metric_.find(metric); }
  // The family with that name, made if there is none; `metric` leads to it from now on. A family
  // whose series have all expired gives its name to another type.
  //   kTypeConflict, kNameCollision, kSeriesLimit
  std::optional<Refusal> open_family(const KeyHash& metric, std::string_view name,
                                     std::string_view help, prometheus::FamilyType type,
                                     MonotonicTime now, SeriesFamily** into);

  Series* find(const KeyHash& key) const { return by_key_.find(key); }
  // The series with these labels, made if there is none; `key` leads to it from now on, another key
  // no longer. `is_new`: it has no value yet.
  //   kSeriesLimit
  std::optional<Refusal> open(const KeyHash& key, SeriesFamily& family, std::string_view labels,
                              Series** into, bool* is_new);
  // Appends the labels of the series, as they were given.
  static void append_labels(const Series& series, std::string& into) {
    series.family->labels.unpack({series.labels.get(), series.labels_size}, into);
  }
  // Replaces the labels. False: another series has them, or there is no room; nothing is changed.
  bool relabel(Series& series, std::string_view labels);
  // False: no room; the series keeps what it has.
  bool set_detail(Series& series, std::unique_ptr<Detail> detail);
  // For a detail that was changed where it is: false when it has outgrown the room, and is gone.
  bool recount_detail(Series& series, size_t bytes_before);
  void erase(Series& series);

  bool is_expired(const Series& series, MonotonicTime now) const {
    return series.received + options_.expiration <= now;
  }

  // Frees what has expired, of about `series_max` series from where the last call ended. True: the
  // last family was reached.
  bool sweep(MonotonicTime now, size_t series_max);

  // For pages. While there are readers, the lists of the families keep their order; a family may go
  // between two calls.
  const Families& families() const { return families_; }
  void add_reader() { ++reader_count_; }
  void remove_reader() { --reader_count_; }

  size_t series_count() const { return series_count_; }
  size_t memory_bytes() const { return memory_.used(); }
  size_t memory_bytes_max() const { return memory_.bytes_max(); }
  uint64_t expired_count() const { return expired_count_; }
  // The families with the most series, most first.
  std::vector<std::pair<std::string, size_t>> largest_families(size_t count) const;

 private:
  // The names of a family's samples, which no other family may have.
  std::vector<std::string> sample_names(std::string_view name, prometheus::FamilyType type) const;
  std::optional<Refusal> make_family(std::string_view name, std::string_view help,
                                     prometheus::FamilyType type, SeriesFamily** into);
  void drop_family(Families::iterator at);
  void compact(SeriesFamily& family);
  // Expired series of the family from `from` on, of at most `series_max`; where it ended.
  size_t sweep_family(SeriesFamily& family, size_t from, size_t series_max, MonotonicTime now);
  KeyHash identity(const SeriesFamily& family, std::string_view labels) const {
    return hasher_.joined(family.key, hasher_.of(labels));
  }
  KeyHash identity(const Series& series);
  // The labels packed for the family, which learns from texts that are new to it.
  std::string pack(SeriesFamily& family, std::string_view labels);
  static void set_labels(Series& series, std::string_view packed);
  static size_t bytes_of(const SeriesFamily& family);
  static size_t bytes_of_series(size_t labels_size);

  const KeyHasher hasher_;
  const Options options_;
  StateMemory memory_;
  Families families_;  // by name; the keys are the families' own names
  std::map<std::string, SeriesFamily*, std::less<>> sample_names_;
  KeyTable<SeriesFamily> by_metric_;
  KeyTable<Series> by_key_;
  KeyTable<Series> by_identity_;
  size_t series_count_ = 0;
  size_t reader_count_ = 0;
  std::string text_;  // of one call
  uint64_t serial_ = 0;
  uint64_t expired_count_ = 0;
  std::string swept_family_;  // where the sweep goes on
  size_t swept_index_ = 0;
};

}  // namespace millrace::exporters
