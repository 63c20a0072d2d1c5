// The points of one scrape, and their requests. Points come in any order; in the requests they
// stand by resource, scope and metric, in the order of first appearance. What is known of a
// resource or a metric only at the end of a body (target_info, a unit behind its samples) is still
// written in front of the points.
//
// Memory: points lie in chunks of the pool; tables and lists are reserved in the budget as they
// grow. Requests are cut at about kRequestBytes. One thread; belongs to one scrape.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "memory/budgeted_list.h"
#include "memory/chunk_buffer.h"
#include "memory/work.h"
#include "receivers/prometheus/labels.h"
#include "receivers/prometheus/point.h"
#include "receivers/prometheus/scrape_replay.h"
#include "receivers/prometheus/work_memory.h"

namespace millrace::receivers::prometheus {

inline constexpr size_t kRequestBytes = 1 << 20;

struct ResourceKey {
  std::string job;
  std::string instance;
  auto operator<=>(const ResourceKey&) const = default;
};

struct ScopeKey {
  uint32_t resource = 0;
  std::string name = {};
  std::string version = {};
  std::string schema_url = {};
  LabelList attributes = {};
  auto operator<=>(const ScopeKey&) const = default;
};

struct MetricKey {
  uint32_t scope = 0;
  std::string name = {};
  PointKind kind = PointKind::kGauge;
  bool is_monotonic = false;
  MetricType type = MetricType::kUnknown;
  auto operator<=>(const MetricKey&) const = default;
};

struct MetricText {
  std::string help;
  std::string unit;  // UCUM
};

// What points refer to by number; a later scrape may look at it.
struct ScrapeTables {
  std::vector<ResourceKey> resources;
  std::vector<ScopeKey> scopes;
  std::vector<MetricKey> metrics;
};

class ScrapeBatch {
 public:
  // `bytes_max`: of all points.
  ScrapeBatch(Work& work, size_t bytes_max);

  // The number of that resource, scope or metric; made when it is new. Nothing: no memory.
  std::optional<uint32_t> resource(const ResourceKey& key);
  std::optional<uint32_t> scope(const ScopeKey& key);
  std::optional<uint32_t> metric(const MetricKey& key);

  struct Point {
    uint32_t metric = 0;
    std::span<const uint8_t> bytes;           // its message
    size_t attributes_size = 0;               // of its begin
    bool is_tracked = true;                   // its series gets a marker when it ends
    std::span<const SampleRef> samples = {};  // that it is made of; only while recorded
  };
  // `recorder` hears of every point and request. Before the first point; may be null.
  void record(ReplayRecorder* recorder) { recorder_ = recorder; }
  // Errors: kUnavailable, kResourceExhausted.
  Status add(const Point& point);

  // A point whose series is tracked.
  struct Series {
    uint64_t hash = 0;  // of its metric and its attributes
    uint32_t metric = 0;
    std::span<const uint8_t> attributes;
  };
  // In order of the hash. Views are valid until the next add().
  std::vector<Series> tracked();
  uint64_t hash_of(const MetricKey& key, std::span<const uint8_t> attributes) const;

  // How the tables are written: the attributes of a resource, of a scope beside its own, and the
  // texts of a metric.
  struct Describe {
    std::function<LabelList(uint32_t resource)> resource;
    std::function<LabelList(const ScopeKey&)> scope;
    std::function<MetricText(const MetricKey&)> metric;
    std::string default_scope_name;
    std::string default_scope_version;
    bool trims_suffixes = false;
  };
  using Request = ScrapeReplay::Request;
  // Calls `on_request` with each request in turn.
  Status finish(const Describe& describe, const std::function<void(Request)>& on_request);

  const ScrapeTables& tables() const { return *tables_; }
  std::shared_ptr<const ScrapeTables> share_tables() const { return tables_; }
  size_t point_count() const { return entries_.items().size(); }
  WorkMemory& memory() { return memory_; }
  Error no_room(size_t bytes) const;

 private:
  struct Entry {
    uint32_t metric = 0;
    uint32_t size = 0;  // with tag and length
    uint64_t offset = 0;
    uint64_t hash = 0;
    uint32_t attributes_offset = 0;
    uint32_t attributes_size = 0;
    uint32_t number = 0;  // in the order of add()
    bool is_tracked = false;
  };
  struct Heads {
    std::vector<std::string> resources;
    std::vector<std::string> scopes;
    std::vector<std::string> scope_ends;
    std::vector<std::string> metrics;
  };
  Heads write_heads(const Describe& describe) const;
  void sort();
  void note_placed(const Entry& point, size_t offset);
  Status write_request(std::span<const Entry> entries, const Heads& heads, Bytes* into);
  size_t metric_size(std::span<const Entry> points, const Heads& heads) const;
  size_t scope_size(std::span<const Entry> points, const Heads& heads) const;
  uint32_t scope_of(const Entry& entry) const { return tables_->metrics[entry.metric].scope; }
  uint32_t resource_of(const Entry& entry) const {
    return tables_->scopes[scope_of(entry)].resource;
  }

  Work& work_;
  WorkMemory memory_;
  ReplayRecorder* recorder_ = nullptr;
  ChunkBuffer points_;
  BudgetedList<Entry> entries_;
  std::shared_ptr<ScrapeTables> tables_ = std::make_shared<ScrapeTables>();
  std::map<ResourceKey, uint32_t> resources_;
  std::map<ScopeKey, uint32_t> scopes_;
  std::map<MetricKey, uint32_t> metrics_;
  std::vector<uint64_t> metric_hashes_;  // without what differs between two scrapes
};

}  // namespace millrace::receivers::prometheus
