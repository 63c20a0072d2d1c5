#include "exporters/prometheus/series_store.h"

#include <algorithm>
#include <cstring>

#include "prometheus/escaping.h"

namespace millrace::exporters {
namespace {

using prometheus::FamilyType;

constexpr size_t kAllocationBytes = 16;  // what an allocation takes beside its bytes
// A place in its family's list, which grows by doubling.
constexpr size_t kPlaceBytes = 2 * sizeof(Series*);
// Nodes of the two maps by name, beside the texts.
constexpr size_t kFamilyBytes = sizeof(SeriesFamily) + 4 * (64 + kAllocationBytes);

}  // namespace

SeriesStore::SeriesStore(Budget& budget, KeyHasher hasher, Options options)
    : hasher_(hasher), options_(options), memory_(budget, options.bytes_max) {}

SeriesStore::~SeriesStore() {
  for (const auto& [name, family] : families_) {
    for (Series* series : family->series) delete series;
  }
}

size_t SeriesStore::bytes_of(const SeriesFamily& family) {
  // The name stands in the family and in the names of its samples.
  return kFamilyBytes + 5 * family.name.size() + family.help.size() + family.labels.memory_bytes();
}

size_t SeriesStore::bytes_of_series(size_t labels_size) {
  return sizeof(Series) + kAllocationBytes + labels_size + kAllocationBytes + kPlaceBytes;
}

std::vector<std::string> SeriesStore::sample_names(std::string_view name, FamilyType type) const {
  const std::string base =
      options_.keeps_utf8 ? prometheus::escape_metric_name(name, prometheus::Escaping::kUnderscores)
                          : std::string(name);
  std::vector<std::string> names = {base};
  if (type == FamilyType::kHistogram || type == FamilyType::kSummary) {
    names.push_back(base + "_sum");
    names.push_back(base + "_count");
  }
  if (type == FamilyType::kHistogram) names.push_back(base + "_bucket");
  return names;
}

std::optional<Refusal> SeriesStore::open_family(const KeyHash& metric, std::string_view name,
                                                std::string_view help, FamilyType type,
                                                MonotonicTime now, SeriesFamily** into) {
  auto found = families_.find(name);
  if (found != families_.end() && found->second->type != type) {
    sweep_family(*found->second, 0, SIZE_MAX, now);
    if (found->second->live_count != 0) return Refusal::kTypeConflict;
    drop_family(found);
    found = families_.end();
  }
  SeriesFamily* family = found == families_.end() ? nullptr : found->second.get();
  if (family == nullptr) {
    if (const auto refusal = make_family(name, help, type, &family)) return refusal;
  }
  *into = family;
  // A metric for which there is no room is looked for by its name again.
  const size_t bytes = by_metric_.growth_for(metric) + 2 * sizeof(KeyHash);
  if (!memory_.try_take(bytes)) return std::nullopt;
  by_metric_.insert(metric, family);
  family->metrics.push_back(metric);
  return std::nullopt;
}

std::optional<Refusal> SeriesStore::make_family(std::string_view name, std::string_view help,
                                                FamilyType type, SeriesFamily** into) {
  const std::vector<std::string> names = sample_names(name, type);
  for (const std::string& sample : names) {
    const auto taken = sample_names_.find(sample);
    if (taken == sample_names_.end()) continue;
    if (taken->second->live_count != 0) return Refusal::kNameCollision;
    drop_family(families_.find(taken->second->name));
  }
  auto family = std::make_unique<SeriesFamily>();
  family->name = name;
  family->help = help;
  family->type = type;
  family->serial = ++serial_;
  family->key = hasher_.of({reinterpret_cast<const uint8_t*>(&serial_), sizeof serial_});
  if (!memory_.try_take(bytes_of(*family))) return Refusal::kSeriesLimit;
  for (const std::string& sample : names) sample_names_.emplace(sample, family.get());
  *into = family.get();
  const std::string_view key = family->name;
  families_.emplace(key, std::move(family));
  return std::nullopt;
}

// Precondition: no series is left.
void SeriesStore::drop_family(Families::iterator at) {
  SeriesFamily& family = *at->second;
  for (const KeyHash& metric : family.metrics) by_metric_.erase(metric);
  for (const std::string& sample : sample_names(family.name, family.type)) {
    sample_names_.erase(sample);
  }
  memory_.give_back(bytes_of(family) + family.metrics.size() * 2 * sizeof(KeyHash));
  families_.erase(at);
}

std::optional<Refusal> SeriesStore::open(const KeyHash& key, SeriesFamily& family,
                                         std::string_view labels, Series** into, bool* is_new) {
  const KeyHash same = identity(family, labels);
  Series* series = by_identity_.find(same);
  *is_new = series == nullptr;
  if (series != nullptr) {
    // The last key wins: a point with the other one takes this longer way.
    by_key_.erase(series->key);
    by_key_.insert(key, series);
    series->key = key;
    *into = series;
    return std::nullopt;
  }
  const std::string packed = pack(family, labels);
  const size_t bytes =
      bytes_of_series(packed.size()) + by_key_.growth_for(key) + by_identity_.growth_for(same);
  if (!memory_.try_take(bytes)) return Refusal::kSeriesLimit;
  series = new Series{.family = &family, .key = key};
  set_labels(*series, packed);
  series->index = static_cast<uint32_t>(family.series.size());
  family.series.push_back(series);
  ++family.live_count;
  ++series_count_;
  by_key_.insert(key, series);
  by_identity_.insert(same, series);
  *into = series;
  return std::nullopt;
}

std::string SeriesStore::pack(SeriesFamily& family, std::string_view labels) {
  std::string packed = family.labels.pack(labels);
  if (!family.labels.wants(labels, packed.size())) return packed;
  if (!memory_.try_take(LabelTexts::reference_bytes(labels))) return packed;
  family.labels.add_reference(labels);
  return family.labels.pack(labels);
}

void SeriesStore::set_labels(Series& series, std::string_view packed) {
  series.labels = std::make_unique_for_overwrite<char[]>(packed.size());
  std::memcpy(series.labels.get(), packed.data(), packed.size());
  series.labels_size = static_cast<uint32_t>(packed.size());
}

KeyHash SeriesStore::identity(const Series& series) {
  text_.clear();
  append_labels(series, text_);
  return identity(*series.family, text_);
}

bool SeriesStore::relabel(Series& series, std::string_view labels) {
  const KeyHash old = identity(series);
  if (labels == text_) return true;
  const KeyHash same = identity(*series.family, labels);
  if (by_identity_.find(same) != nullptr) return false;
  const std::string packed = pack(*series.family, labels);
  if (!memory_.try_take(packed.size() + by_identity_.growth_for(same))) return false;
  by_identity_.erase(old);
  memory_.give_back(series.labels_size);
  set_labels(series, packed);
  by_identity_.insert(same, &series);
  return true;
}

bool SeriesStore::set_detail(Series& series, std::unique_ptr<Detail> detail) {
  const size_t before = series.detail == nullptr ? 0 : series.detail->memory_bytes();
  const size_t after = detail == nullptr ? 0 : detail->memory_bytes();
  if (after > before && !memory_.try_take(after - before)) return false;
  if (after < before) memory_.give_back(before - after);
  series.detail = std::move(detail);
  return true;
}

bool SeriesStore::recount_detail(Series& series, size_t bytes_before) {
  const size_t after = series.detail->memory_bytes();
  if (after < bytes_before) memory_.give_back(bytes_before - after);
  if (after <= bytes_before || memory_.try_take(after - bytes_before)) return true;
  memory_.give_back(bytes_before);
  series.detail = nullptr;
  return false;
}

void SeriesStore::erase(Series& series) {
  SeriesFamily& family = *series.family;
  by_key_.erase(series.key);
  by_identity_.erase(identity(series));
  family.series[series.index] = nullptr;
  --family.live_count;
  --series_count_;
  memory_.give_back(bytes_of_series(series.labels_size) +
                    (series.detail == nullptr ? 0 : series.detail->memory_bytes()));
  delete &series;
}

size_t SeriesStore::sweep_family(SeriesFamily& family, size_t from, size_t series_max,
                                 MonotonicTime now) {
  const size_t end = from + std::min(series_max, family.series.size() - from);
  for (size_t index = from; index < end; ++index) {
    Series* const series = family.series[index];
    if (series == nullptr || !is_expired(*series, now)) continue;
    ++expired_count_;
    erase(*series);
  }
  return end;
}

void SeriesStore::compact(SeriesFamily& family) {
  if (reader_count_ != 0 || family.live_count * 2 > family.series.size()) return;
  std::erase(family.series, nullptr);
  family.series.shrink_to_fit();
  for (size_t index = 0; index < family.series.size(); ++index) {
    family.series[index]->index = static_cast<uint32_t>(index);
  }
}

bool SeriesStore::sweep(MonotonicTime now, size_t series_max) {
  auto at = families_.lower_bound(swept_family_);
  size_t from = at != families_.end() && at->first == swept_family_ ? swept_index_ : 0;
  const auto stop = [&](std::string_view family, size_t index) {
    swept_family_ = family;
    swept_index_ = index;
  };
  // A family counts as one series, so that many empty ones are not taken at once.
  for (size_t left = series_max; at != families_.end(); from = 0) {
    SeriesFamily& family = *at->second;
    if (left == 0) {
      stop(family.name, from);
      return false;
    }
    from = std::min(from, family.series.size());
    const size_t end = sweep_family(family, from, left, now);
    if (end != family.series.size()) {
      stop(family.name, end);
      return false;
    }
    left -= std::min(left, end - from + 1);
    compact(family);
    const auto swept = at++;
    if (family.live_count == 0) drop_family(swept);
  }
  stop({}, 0);
  return true;
}

std::vector<std::pair<std::string, size_t>> SeriesStore::largest_families(size_t count) const {
  std::vector<const SeriesFamily*> all;
  for (const auto& [name, family] : families_) all.push_back(family.get());
  const auto middle = all.begin() + static_cast<ptrdiff_t>(std::min(count, all.size()));
  std::ranges::partial_sort(all, middle, std::ranges::greater(), &SeriesFamily::live_count);
  std::vector<std::pair<std::string, size_t>> largest;
  for (auto at = all.begin(); at != middle; ++at) {
    largest.emplace_back((*at)->name, (*at)->live_count);
  }
  return largest;
}

}  // namespace millrace::exporters
