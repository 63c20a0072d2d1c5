#include "destination/flight.h"

#include <algorithm>
#include <utility>

#include "base/allocation_name.h"

namespace millrace::pipeline {
namespace {

std::unique_ptr<Flight> empty_like(const Flight& flight) {
  auto made = std::make_unique<Flight>();
  made->signal = flight.signal;
  made->metadata = flight.metadata;
  made->first_attempt_at = flight.first_attempt_at;
  made->oldest_at = flight.oldest_at;
  made->interval = flight.interval;
  made->is_compact = flight.is_compact;
  return made;
}

// How many requests the first half has: up to the boundary that is nearest to the middle, at least
// one and not all.
size_t first_half_count(const std::vector<Entry>& entries, size_t byte_count) {
  size_t offset = 0;
  for (size_t i = 0; i < entries.size(); ++i) {
    if (offset != 0 && offset + entries[i].size / 2 >= byte_count / 2) return i;
    offset += entries[i].size;
  }
  return entries.size() - 1;  // the last request is the large one
}

}  // namespace

void Flight::append(PendingRequest&& request) {
  const AllocationName name("term queues");  // the lists are part of each request's slot
  is_compact = request.is_compact && (entries.empty() || is_compact);
  item_count += request.item_count();
  oldest_at = std::min(oldest_at, request.admitted_at);
  entries.push_back({.owed = std::move(request.owed), .size = request.bytes.size()});
  bytes.append(std::move(request.bytes));
}

bool Flight::is_on_disk() const {
  return std::ranges::all_of(entries, [](const Entry& entry) { return entry.owed.is_on_disk(); });
}

std::vector<std::string_view> Flight::pipelines() const {
  std::vector<std::string_view> names;
  for (const Entry& entry : entries) {
    const std::string_view name = entry.owed.account().pipeline();
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  return names;
}

std::vector<PendingRequest> Flight::take_out(const std::function<bool(const Obligation&)>& takes,
                                             MonotonicTime now) {
  std::vector<PendingRequest> taken;
  if (std::ranges::none_of(entries, [&](const Entry& entry) { return takes(entry.owed); })) {
    return taken;
  }
  Rope left_bytes;
  std::vector<Entry> left;
  size_t offset = 0;
  for (Entry& entry : entries) {
    Rope slice = bytes.slice(offset, entry.size);
    offset += entry.size;
    if (!takes(entry.owed)) {
      left_bytes.append(std::move(slice));
      left.push_back(std::move(entry));
      continue;
    }
    item_count -= entry.owed.item_count();
    taken.push_back({.owed = std::move(entry.owed),
                     .bytes = std::move(slice),
                     .metadata = metadata,
                     .admitted_at = now,
                     .signal = signal,
                     .is_compact = is_compact});
  }
  entries = std::move(left);
  bytes = std::move(left_bytes);
  return taken;
}

std::vector<std::unique_ptr<Flight>> Flight::split_at_requests() {
  std::vector<std::unique_ptr<Flight>> flights;
  if (entries.size() < 2) return flights;
  size_t offset = 0;
  for (Entry& entry : entries) {
    auto flight = empty_like(*this);
    flight->bytes = bytes.slice(offset, entry.size);
    flight->item_count = entry.owed.item_count();
    offset += entry.size;
    flight->entries.push_back(std::move(entry));
    flights.push_back(std::move(flight));
  }
  return flights;
}

std::vector<std::unique_ptr<Flight>> Flight::split_in_halves() {
  std::vector<std::unique_ptr<Flight>> flights;
  if (entries.size() < 2) return flights;
  const size_t first_count = first_half_count(entries, bytes.size());
  size_t offset = 0;
  size_t next = 0;
  for (const size_t end : {first_count, entries.size()}) {
    auto flight = empty_like(*this);
    size_t byte_count = 0;
    for (; next < end; ++next) {
      byte_count += entries[next].size;
      flight->item_count += entries[next].owed.item_count();
      flight->entries.push_back(std::move(entries[next]));
    }
    flight->bytes = bytes.slice(offset, byte_count);
    offset += byte_count;
    flights.push_back(std::move(flight));
  }
  return flights;
}

std::vector<std::unique_ptr<Flight>> Flight::cut(const BatchCutter& cutter, CutLimits limits) {
  std::vector<std::unique_ptr<Flight>> flights;
  if (entries.size() != 1) return flights;
  Obligation& whole = entries.front().owed;
  std::vector<CutPiece> pieces =
      cut_exactly(cutter, signal, bytes, whole.item_count(), limits, nullptr);
  if (pieces.empty()) return flights;
  std::vector<uint32_t> item_counts;
  for (const CutPiece& piece : pieces) item_counts.push_back(piece.item_count);
  std::vector<Obligation> owed = whole.split(item_counts);
  for (size_t i = 0; i < pieces.size(); ++i) {
    auto flight = empty_like(*this);
    flight->item_count = item_counts[i];
    flight->entries.push_back({.owed = std::move(owed[i]), .size = pieces[i].bytes.size()});
    flight->bytes = std::move(pieces[i].bytes);
    flights.push_back(std::move(flight));
  }
  return flights;
}

}  // namespace millrace::pipeline
