#include "receivers/prometheus/series_memory.h"

#include <algorithm>
#include <utility>

#include "base/allocation_name.h"
#include "wire/writer.h"

namespace millrace::receivers::prometheus {

void SeriesMemory::forget() { *this = SeriesMemory(); }

bool SeriesMemory::remember(ScrapeBatch& batch, std::vector<uint64_t> samples, Budget& budget) {
  forget();
  const std::vector<ScrapeBatch::Series> tracked = batch.tracked();
  size_t text_size = 0;
  for (const ScrapeBatch::Series& series : tracked) text_size += series.attributes.size();
  const size_t need = text_size + tracked.size() * sizeof(Entry) +
                      samples.size() * sizeof(uint64_t) + batch.memory().total();
  memory_ = Reservation::try_make(budget, MemoryTerm::kKeyedState, need);
  if (!memory_) return false;
  const AllocationName name("term keyed_state");
  attributes_.reserve(text_size);
  series_.reserve(tracked.size());
  for (const ScrapeBatch::Series& series : tracked) {
    series_.push_back({.hash = series.hash,
                       .offset = attributes_.size(),
                       .size = static_cast<uint32_t>(series.attributes.size()),
                       .metric = series.metric});
    attributes_ += as_text(series.attributes);
  }
  samples_ = std::move(samples);
  std::ranges::sort(samples_);
  tables_ = batch.share_tables();
  return true;
}

size_t SeriesMemory::count_new(const std::vector<uint64_t>& samples) const {
  return static_cast<size_t>(std::ranges::count_if(
      samples, [this](uint64_t hash) { return !std::ranges::binary_search(samples_, hash); }));
}

Status SeriesMemory::add_markers(ScrapeBatch& batch, uint64_t time, Work& work) const {
  if (series_.empty()) return {};
  std::vector<uint64_t> present;
  for (const ScrapeBatch::Series& series : batch.tracked()) present.push_back(series.hash);
  wire::Writer writer;
  for (const Entry& entry : series_) {
    work.pace.step(30);
    if (std::ranges::binary_search(present, entry.hash)) continue;
    MetricKey key = tables_->metrics[entry.metric];
    ScopeKey scope = tables_->scopes[key.scope];
    const auto resource = batch.resource(tables_->resources[scope.resource]);
    if (!resource) return fail(batch.no_room(0));
    scope.resource = *resource;
    const auto scope_number = batch.scope(scope);
    if (!scope_number) return fail(batch.no_room(0));
    key.scope = *scope_number;
    const auto metric = batch.metric(key);
    if (!metric) return fail(batch.no_room(0));
    writer.truncate(0);
    writer.raw(as_span(std::string_view(attributes_).substr(entry.offset, entry.size)));
    write_marker(writer, key.kind, time);
    const Status added = batch.add({.metric = *metric,
                                    .bytes = writer.view(),
                                    .attributes_size = entry.size,
                                    .is_tracked = false});
    if (!added) return added;
  }
  return {};
}

}  // namespace millrace::receivers::prometheus
