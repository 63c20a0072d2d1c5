#include "daemon/sink/tally.h"

#include <fmt/format.h>

#include "daemon/generate/load_result.h"

namespace millrace::load {

std::optional<uint64_t> Tally::add(Signal signal, std::span<const uint8_t> request, WallTime now) {
  now_ = now;
  if (requests_ == 0) first_ = now;
  ++requests_;
  bytes_ += request.size();
  const auto count = count_items(signal, request, check_ == IdCheck::kOn ? this : nullptr);
  if (!count) {
    ++malformed_requests_;
    return std::nullopt;
  }
  items_[index_of(signal)] += *count;
  return count;
}

void Tally::on_item(const ItemView& item) {
  const auto id = read_numbered_id(item.trace_id, item.span_id);
  if (!id) {
    ++foreign_count_;
    return;
  }
  ids_.note(*id);
  latency_.record(now_ - WallTime(Duration(static_cast<int64_t>(item.time_unix_nano))));
}

uint64_t Tally::item_count() const {
  uint64_t count = 0;
  for (const uint64_t items : items_) count += items;
  return count;
}

void Tally::check_acknowledged(NumberedId first, uint64_t count) {
  acknowledged_ += count;
  lost_ += ids_.absent_count(first, count);
}

bool Tally::is_exactly(uint64_t expected) const {
  return item_count() == expected && ids_.duplicate_count() == 0 && ids_.missing_count() == 0 &&
         malformed_requests_ == 0;
}

std::string Tally::progress_line(Duration since_last) {
  std::string line;
  const double seconds = static_cast<double>(since_last.count()) / 1e9;
  for (const Signal signal : kSignals) {
    const uint64_t items = items_[index_of(signal)];
    if (items == 0) continue;
    if (!line.empty()) line += ", ";
    const uint64_t fresh = items - items_shown_[index_of(signal)];
    line += fmt::format("{} {:.0f}/s (total {})", item_name(signal),
                        static_cast<double>(fresh) / seconds, items);
  }
  items_shown_ = items_;
  return line.empty() ? "nothing yet\n" : line + "\n";
}

std::string Tally::to_text() const {
  std::string text = fmt::format("{} requests, {} bytes, {} refused, {} malformed\n", requests_,
                                 bytes_, refused_requests_, malformed_requests_);
  for (const Signal signal : kSignals) {
    if (item_count(signal) > 0) {
      text += fmt::format("{} {}\n", item_name(signal), item_count(signal));
    }
  }
  if (check_ == IdCheck::kOn) {
    text += fmt::format("numbered {}, missing {}, duplicates {}, unchecked {}, foreign {}\n",
                        ids_.unique_count(), ids_.missing_count(), ids_.duplicate_count(),
                        ids_.unchecked_count(), foreign_count_);
    if (acknowledged_ > 0) {
      text += fmt::format("acknowledged {}, of which lost {}\n", acknowledged_, lost_);
    }
    text += "under way: " + latency_text(latency_) + "\n";
  }
  return text;
}

std::string Tally::to_json(double cpu_seconds) const {
  std::string items;
  for (const Signal signal : kSignals) {
    items += fmt::format(R"("{}":{},)", item_name(signal), item_count(signal));
  }
  return fmt::format(
      R"({{{}"items":{},"requests":{},"bytes":{},"refused_requests":{},"malformed_requests":{},)"
      R"("unique":{},"missing":{},"duplicates":{},"unchecked":{},"foreign":{},)"
      R"("acknowledged":{},"lost":{},"active_seconds":{:.6f},"cpu_seconds":{:.6f},)"
      R"("latency_ms":{}}})"
      "\n",
      items, item_count(), requests_, bytes_, refused_requests_, malformed_requests_,
      ids_.unique_count(), ids_.missing_count(), ids_.duplicate_count(), ids_.unchecked_count(),
      foreign_count_, acknowledged_, lost_, static_cast<double>((now_ - first_).count()) / 1e9,
      cpu_seconds, latency_json(latency_));
}

}  // namespace millrace::load
