// The metric families of a body: their types, help texts and units, and to which family a sample
// belongs. Grows with the body, reserved by its owner's memory. One thread.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "receivers/prometheus/exposition.h"
#include "receivers/prometheus/point.h"
#include "receivers/prometheus/work_memory.h"

namespace millrace::receivers::prometheus {

// The role of a sample in its family.
enum class SampleRole : uint8_t { kValue, kCount, kSum, kPart, kCreated };

struct SampleFamily {
  std::string_view metric;  // the name of the OTLP metric; a view of the table or of the sample
  MetricType type = MetricType::kUnknown;
  PointKind kind = PointKind::kGauge;
  bool is_monotonic = false;
  SampleRole role = SampleRole::kValue;
};

class FamilyTable {
 public:
  struct Family {
    MetricType type = MetricType::kUnknown;
    std::string help;
    std::string unit;
    // Of a counter: how OpenMetrics names its samples, NAME_total.
    std::string total_name;
  };
  explicit FamilyTable(WorkMemory& memory) : memory_(memory) {}

  void set_type(std::string_view family, MetricType type);
  void set_help(std::string_view family, std::string_view help);
  void set_unit(std::string_view family, std::string_view unit);
  // False: the budget refused, and a text is missing.
  bool is_whole() const { return is_whole_; }

  // The family of a sample with that name; `is_native`: its value is a native histogram.
  // OpenMetrics names the times of creation NAME_created.
  SampleFamily family_of(std::string_view sample, bool is_native) const;
  // The texts of the metric of that name; null: there are none.
  const Family* find(std::string_view metric) const;

 private:
  Family* family(std::string_view name, size_t text_size);
  const Family* get(std::string_view name) const;

  WorkMemory& memory_;
  std::map<std::string, Family, std::less<>> families_;
  bool is_whole_ = true;
};

}  // namespace millrace::receivers::prometheus
