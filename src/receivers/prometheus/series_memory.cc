#include "receivers/prometheus/series_memory.h"

#include <algorithm>
#include <utility>

#include "base/allocation_name.h"
#include "wire/writer.h"

namespace millrace::receivers::prometheus {

void SeriesMemory::forget() { *this = SeriesMemory(); }

bool SeriesMemory::remember(ScrapeBatch& batch, const Tracked& tracked,
                            std::vector<uint64_t> samples, Budget& budget) {
  forget();
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
  tables_ = batch.share_tables();
  return true;
}

size_t SeriesMemory::count_new(const std::vector<uint64_t>& samples) const {
  auto known = samples_.begin();
  return static_cast<size_t>(std::ranges::count_if(samples, [&](uint64_t hash) {
    while (known != samples_.end() && *known < hash) ++known;
    return known == samples_.end() || *known != hash;
  }));
}

// Of `tracked` only the hashes are read: the markers that are added end its views.
Status SeriesMemory::add_markers(ScrapeBatch& batch, const Tracked& tracked, uint64_t time,
                                 Work& work) const {
  wire::Writer writer;
  auto present = tracked.begin();
  for (const Entry& entry : series_) {
    work.pace.step(10);
    while (present != tracked.end() && present->hash < entry.hash) ++present;
    if (present != tracked.end() && present->hash == entry.hash) continue;
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
