// Points that are made of several samples: histograms, summaries, and sums whose time of creation
// comes in a line of its own. The samples of a family are collected until another family begins.
// Reserved in the budget. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "receivers/prometheus/family_table.h"
#include "receivers/prometheus/point.h"
#include "receivers/prometheus/scrape_batch.h"

namespace millrace::receivers::prometheus {

class PointGroups {
 public:
  PointGroups(ScrapeBatch& batch, uint64_t scrape_time)
      : batch_(batch), scrape_time_(scrape_time), memory_(batch.memory()) {}

  struct Part {
    uint32_t metric = 0;  // of the batch
    PointKind kind = PointKind::kSum;
    SampleRole role = SampleRole::kValue;
    std::span<const Label> labels;
    const Sample* sample = nullptr;
    double bound = 0;                // of kPart
    std::optional<uint32_t> number;  // of the sample; only while recorded
  };
  Status add(const Part& part);
  // Writes the points of what was collected: another family begins, or the body has ended. Points
  // that are not whole (a histogram without its count) are counted and left out.
  Status flush();
  size_t incomplete_count() const { return incomplete_count_; }

 private:
  struct Group {
    uint64_t hash = 0;  // of metric and attributes
    uint32_t metric = 0;
    PointKind kind = PointKind::kSum;
    std::string attributes;  // encoded
    std::optional<int64_t> timestamp_ms;
    uint64_t start = 0;
    bool has_value = false;  // a sum's value, a distribution's count
    DistributionValue value;
    std::string exemplars;           // encoded
    std::vector<SampleRef> samples;  // only while recorded
  };
  Group* group_of(const Part& part);
  // The place in the table of the group with these, or the free one where it belongs.
  size_t place_of(uint64_t hash, uint32_t metric, std::string_view attributes) const;
  Group& add_group(uint64_t hash, const Part& part, std::string_view attributes);
  void grow_table();
  Status write(Group& group);

  ScrapeBatch& batch_;
  const uint64_t scrape_time_;
  WorkMemory& memory_;
  // The first `group_count_` are in use; the others lend their memory to the next family.
  std::vector<Group> groups_;
  size_t group_count_ = 0;
  std::vector<uint32_t> table_;  // open addressing, a power of two: index of a group + 1; 0: free
  size_t last_ = SIZE_MAX;       // the group of the last sample
  wire::Writer writer_;
  size_t incomplete_count_ = 0;
};

uint64_t nanoseconds_of_ms(int64_t milliseconds);

}  // namespace millrace::receivers::prometheus
