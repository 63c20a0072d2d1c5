#include "destination/flight.h"

#include <algorithm>
#include <utility>

#include "pipeline/completion.h"

namespace millrace::pipeline {
namespace {

// Hands out `total` in proportion to items so that the parts add up exactly.
class Proportion {
 public:
  Proportion(uint32_t total, uint64_t items) : total_(total), items_(items) {}
  uint32_t take(uint64_t items) {
    taken_items_ += items;
    const uint64_t upto = items_ == 0 ? total_ : uint64_t{total_} * taken_items_ / items_;
    const auto part = static_cast<uint32_t>(upto - taken_);
    taken_ = upto;
    return part;
  }

 private:
  const uint64_t total_;
  const uint64_t items_;
  uint64_t taken_items_ = 0;
  uint64_t taken_ = 0;
};

std::unique_ptr<Flight> empty_like(const Flight& flight) {
  auto made = std::make_unique<Flight>();
  made->signal = flight.signal;
  made->metadata = flight.metadata;
  made->first_attempt_at = flight.first_attempt_at;
  made->interval = flight.interval;
  made->is_compact = flight.is_compact;
  return made;
}

// The parts of one owed thing; T is Queued or Entry.
template <class T>
void share_out(const T& whole, std::vector<T>& parts, uint32_t item_count,
               uint32_t (*items_of)(const T&)) {
  Proportion bytes(whole.admitted_bytes, item_count);
  Proportion cost(whole.cost, item_count);
  for (size_t i = 0; i < parts.size(); ++i) {
    T& part = parts[i];
    part.admitted_bytes = bytes.take(items_of(part));
    part.cost = cost.take(items_of(part));
    part.requests = i == 0 ? whole.requests : 0;
    part.is_part = true;
  }
}

std::vector<CutPiece> cut_exactly(const BatchCutter& cutter, Signal signal, const Rope& bytes,
                                  uint32_t item_count, CutLimits limits, Work* work = nullptr) {
  if (!cutter || item_count < 2) return {};
  std::vector<CutPiece> pieces = cutter(signal, bytes, limits, work);
  uint64_t sum = 0;
  for (const CutPiece& piece : pieces) sum += piece.item_count;
  // A cutter that counts differently from admission would unbalance the ledger: send it whole.
  if (pieces.size() < 2 || sum != item_count) return {};
  return pieces;
}

}  // namespace

void Flight::append(Queued queued) {
  Payload& payload = queued.payload;
  item_count += payload.item_count;
  entries.push_back({.completion = std::move(payload.completion),
                     .account = queued.account,
                     .size = payload.bytes.size(),
                     .item_count = payload.item_count,
                     .admitted_bytes = queued.admitted_bytes,
                     .cost = queued.cost,
                     .requests = queued.requests,
                     .is_part = queued.is_part,
                     .place = std::move(queued.place)});
  if (entries.size() == 1) {
    is_compact = queued.is_compact;
  } else {
    is_compact = is_compact && queued.is_compact;
  }
  bytes.append(std::move(payload.bytes));
}

bool Flight::is_on_disk() const {
  return std::ranges::all_of(entries, [](const Entry& entry) {
    return entry.place != nullptr && entry.place->is_on_disk();
  });
}

std::vector<std::string_view> Flight::pipelines() const {
  std::vector<std::string_view> names;
  for (const Entry& entry : entries) {
    const std::string_view name = entry.account->pipeline();
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  return names;
}

std::vector<std::unique_ptr<Flight>> Flight::at_request_boundaries() const {
  std::vector<std::unique_ptr<Flight>> flights;
  if (entries.size() < 2) return flights;
  size_t offset = 0;
  for (const Entry& entry : entries) {
    auto flight = empty_like(*this);
    flight->bytes = bytes.slice(offset, entry.size);
    flight->item_count = entry.item_count;
    flight->entries.push_back(entry);
    offset += entry.size;
    flights.push_back(std::move(flight));
  }
  return flights;
}

std::vector<std::unique_ptr<Flight>> Flight::in_halves() const {
  std::vector<std::unique_ptr<Flight>> flights;
  if (entries.size() < 2) return flights;
  size_t offset = 0;
  size_t start = 0;
  flights.push_back(empty_like(*this));
  for (const Entry& entry : entries) {
    const bool first_half = flights.size() == 1;
    if (first_half && offset != 0 && offset + entry.size / 2 >= bytes.size() / 2) {
      flights.back()->bytes = bytes.slice(start, offset - start);
      start = offset;
      flights.push_back(empty_like(*this));
    }
    flights.back()->entries.push_back(entry);
    flights.back()->item_count += entry.item_count;
    offset += entry.size;
  }
  if (flights.size() == 1) {  // the last request is the large one
    Flight& first = *flights.front();
    const Entry last = first.entries.back();
    first.entries.pop_back();
    first.item_count -= last.item_count;
    first.bytes = bytes.slice(0, offset - last.size);
    start = offset - last.size;
    flights.push_back(empty_like(*this));
    flights.back()->entries.push_back(last);
    flights.back()->item_count = last.item_count;
  }
  flights.back()->bytes = bytes.slice(start, offset - start);
  return flights;
}

std::vector<std::unique_ptr<Flight>> Flight::cut(const BatchCutter& cutter,
                                                 CutLimits limits) const {
  std::vector<std::unique_ptr<Flight>> flights;
  if (entries.size() != 1) return flights;
  const Entry& whole = entries.front();
  std::vector<CutPiece> pieces = cut_exactly(cutter, signal, bytes, whole.item_count, limits);
  std::vector<Entry> parts;
  for (const CutPiece& piece : pieces) {
    Entry part = whole;
    part.size = piece.bytes.size();
    part.item_count = piece.item_count;
    if (!parts.empty() && part.completion != nullptr) part.completion->owe_one_more();
    parts.push_back(std::move(part));
  }
  share_out<Entry>(whole, parts, whole.item_count, [](const Entry& e) { return e.item_count; });
  for (size_t i = 0; i < parts.size(); ++i) {
    auto flight = empty_like(*this);
    flight->bytes = std::move(pieces[i].bytes);
    flight->item_count = parts[i].item_count;
    flight->entries.push_back(std::move(parts[i]));
    flights.push_back(std::move(flight));
  }
  return flights;
}

std::vector<CutPiece> cut_exactly(const BatchCutter& cutter, const Payload& whole, CutLimits limits,
                                  Work* work) {
  return cut_exactly(cutter, whole.signal, whole.bytes, whole.item_count, limits, work);
}

std::vector<Queued> as_parts(const Queued& queued, std::vector<CutPiece> pieces) {
  const Payload& whole = queued.payload;
  std::vector<Queued> parts;
  for (CutPiece& piece : pieces) {
    Queued part = queued;
    part.payload.bytes = std::move(piece.bytes);
    part.payload.item_count = piece.item_count;
    part.is_compact = false;
    if (!parts.empty() && part.payload.completion != nullptr) {
      part.payload.completion->owe_one_more();
    }
    parts.push_back(std::move(part));
  }
  share_out<Queued>(queued, parts, whole.item_count,
                    [](const Queued& q) { return q.payload.item_count; });
  return parts;
}

}  // namespace millrace::pipeline
