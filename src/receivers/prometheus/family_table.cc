#include "receivers/prometheus/family_table.h"

#include "receivers/prometheus/metric_names.h"

namespace millrace::receivers::prometheus {
namespace {

constexpr std::string_view kCreated = "_created";
constexpr std::string_view kTotal = "_total";
constexpr size_t kFamilyBytes = 192;  // a node of the map

PointKind kind_of(MetricType type) {
  switch (type) {
    case MetricType::kCounter:
    case MetricType::kInfo:
    case MetricType::kStateSet:
      return PointKind::kSum;
    case MetricType::kHistogram:
      return PointKind::kHistogram;
    case MetricType::kSummary:
      return PointKind::kSummary;
    case MetricType::kUnknown:
    case MetricType::kGauge:
    case MetricType::kGaugeHistogram:
      break;
  }
  return PointKind::kGauge;
}

bool is_distribution(MetricType type) {
  return type == MetricType::kHistogram || type == MetricType::kSummary ||
         type == MetricType::kGaugeHistogram;
}

SampleFamily simple(std::string_view metric, MetricType type) {
  return {.metric = metric,
          .type = type,
          .kind = kind_of(type),
          .is_monotonic = type == MetricType::kCounter,
          .role = SampleRole::kValue};
}

}  // namespace

FamilyTable::Family* FamilyTable::family(std::string_view name, size_t text_size) {
  const auto found = families_.find(name);
  const bool is_new = found == families_.end();
  if (!memory_.charge(text_size + (is_new ? kFamilyBytes + name.size() : 0))) {
    is_whole_ = false;
    return nullptr;
  }
  return is_new ? &families_[std::string(name)] : &found->second;
}

const FamilyTable::Family* FamilyTable::get(std::string_view name) const {
  const auto found = families_.find(name);
  return found == families_.end() ? nullptr : &found->second;
}

void FamilyTable::set_type(std::string_view name, MetricType type) {
  const bool is_counter = type == MetricType::kCounter;
  Family* const into = family(name, is_counter ? name.size() + kTotal.size() : 0);
  if (into == nullptr) return;
  into->type = type;
  if (!is_counter) return;
  into->total_name = name;
  if (!name.ends_with(kTotal)) into->total_name += kTotal;
}
void FamilyTable::set_help(std::string_view name, std::string_view help) {
  if (Family* const into = family(name, help.size())) into->help = help;
}
void FamilyTable::set_unit(std::string_view name, std::string_view unit) {
  if (Family* const into = family(name, unit.size())) into->unit = unit;
}

SampleFamily FamilyTable::family_of(std::string_view sample, bool is_native) const {
  const auto found = families_.find(sample);
  if (is_native) {
    SampleFamily native =
        simple(found == families_.end() ? sample : found->first, MetricType::kHistogram);
    native.kind = PointKind::kExponentialHistogram;
    return native;
  }
  if (found != families_.end()) {
    SampleFamily own = simple(found->first, found->second.type);
    if (own.kind == PointKind::kSummary) own.role = SampleRole::kPart;
    // Of a histogram nothing has the bare name.
    if (own.kind == PointKind::kHistogram) own = simple(found->first, MetricType::kUnknown);
    return own;
  }
  if (sample.size() > kCreated.size() && sample.ends_with(kCreated)) {
    const std::string_view name = sample.substr(0, sample.size() - kCreated.size());
    const auto base = families_.find(name);
    if (base != families_.end() &&
        (base->second.type == MetricType::kCounter || is_distribution(base->second.type))) {
      const bool is_counter = base->second.type == MetricType::kCounter;
      SampleFamily created =
          simple(is_counter ? base->second.total_name : base->first, base->second.type);
      created.role = SampleRole::kCreated;
      return created;
    }
  }
  const std::string_view name = trim_family_suffix(sample);
  const auto base = families_.find(name);
  if (base == families_.end()) return simple(sample, MetricType::kUnknown);
  const MetricType type = base->second.type;
  if (type == MetricType::kCounter) return simple(sample, type);
  if (type == MetricType::kInfo) return simple(base->first, type);
  if (!is_distribution(type)) return simple(sample, MetricType::kUnknown);
  SampleFamily part = simple(base->first, type);
  part.role = sample.ends_with("_count") ? SampleRole::kCount
              : sample.ends_with("_sum") ? SampleRole::kSum
                                         : SampleRole::kPart;
  return part;
}

const FamilyTable::Family* FamilyTable::find(std::string_view metric) const {
  const Family* found = get(metric);
  return found != nullptr ? found : get(trim_family_suffix(metric));
}

}  // namespace millrace::receivers::prometheus
