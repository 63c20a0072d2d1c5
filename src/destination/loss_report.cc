#include "destination/loss_report.h"

#include <ctime>

namespace millrace::pipeline {
namespace {

constexpr std::array<std::string_view, 3> kRefusalNames = {"queue_full", "larger_than_queue",
                                                           "storage_failed"};

bool is_refusal(size_t kind) { return kind >= ledger::kDropReasonCount; }

std::string_view reason_of(size_t kind) {
  return is_refusal(kind) ? kRefusalNames[kind - ledger::kDropReasonCount]
                          : ledger::drop_reason_name(static_cast<ledger::DropReason>(kind));
}

int64_t nanoseconds(MonotonicTime time) { return time.time_since_epoch().count(); }

// "2026-11-30T22:14:03Z"
std::string time_text(int64_t wall_ns) {
  const auto seconds = static_cast<std::time_t>(wall_ns / 1'000'000'000);
  std::tm parts = {};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  const size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text.data(), size};
}

}  // namespace

void LossReport::note(ledger::DropReason reason, uint64_t items, const io::Loop& loop,
                      Logger* log) {
  note(static_cast<size_t>(reason), items, loop, log);
}

void LossReport::note(Refusal reason, uint64_t items, const io::Loop& loop, Logger* log) {
  note(ledger::kDropReasonCount + static_cast<size_t>(reason), items, loop, log);
}

void LossReport::note(size_t index, uint64_t items, const io::Loop& loop, Logger* log) {
  if (log == nullptr || items == 0) return;
  Kind& kind = kinds_[index];
  kind.items.fetch_add(items, std::memory_order_relaxed);
  kind.last_ns.store(nanoseconds(loop.now()), std::memory_order_relaxed);
  if (kind.is_going_on.load(std::memory_order_relaxed)) return;
  kind.begun_ns.store(nanoseconds(loop.now()), std::memory_order_relaxed);
  kind.begun_wall_ns.store(loop.wall_now().time_since_epoch().count(), std::memory_order_relaxed);
  if (kind.is_going_on.exchange(true, std::memory_order_acq_rel)) return;
  if (is_refusal(index)) {
    log->warn("Data is being refused; its senders hear of it.", {{"exporter", exporter_},
                                                                 {"signal", signal_},
                                                                 {"reason", reason_of(index)},
                                                                 {"refused_items", items}});
  } else {
    log->warn("Data is being dropped.", {{"exporter", exporter_},
                                         {"signal", signal_},
                                         {"reason", reason_of(index)},
                                         {"dropped_items", items}});
  }
}

void LossReport::tick(const io::Loop& loop, Logger* log) {
  if (log == nullptr) return;
  for (size_t index = 0; index < kinds_.size(); ++index) {
    if (kinds_[index].is_going_on.load(std::memory_order_acquire)) report(index, loop, log);
  }
}

// A total when it is due, or the end.
void LossReport::report(size_t index, const io::Loop& loop, Logger* log) {
  Kind& kind = kinds_[index];
  const int64_t now_ns = nanoseconds(loop.now());
  const int64_t begun_ns = kind.begun_ns.load(std::memory_order_relaxed);
  const int64_t last_ns = kind.last_ns.load(std::memory_order_relaxed);
  const uint64_t items = kind.items.load(std::memory_order_relaxed);
  const std::string since = time_text(kind.begun_wall_ns.load(std::memory_order_relaxed));
  const std::string_view reason = reason_of(index);
  const std::string_view name = is_refusal(index) ? "refused_items" : "dropped_items";
  if (Duration(now_ns - last_ns) >= kQuietTime) {
    log->info(is_refusal(index) ? "No data is refused any more." : "No data is dropped any more.",
              {{"exporter", exporter_},
               {"signal", signal_},
               {"reason", reason},
               {name, items},
               {"since", since},
               {"for_s", (last_ns - begun_ns) / 1'000'000'000}});
    kind.items.fetch_sub(items, std::memory_order_relaxed);
    kind.reported_items = 0;
    kind.reported_ns = 0;
    kind.is_going_on.store(false, std::memory_order_release);
    return;
  }
  const int64_t reported_ns = kind.reported_ns == 0 ? begun_ns : kind.reported_ns;
  if (Duration(now_ns - reported_ns) < kReportInterval || items == kind.reported_items) return;
  log->warn(is_refusal(index) ? "Data is still being refused." : "Data is still being dropped.",
            {{"exporter", exporter_},
             {"signal", signal_},
             {"reason", reason},
             {name, items - kind.reported_items},
             {"in_s", (now_ns - reported_ns) / 1'000'000'000},
             {"since", since},
             {"since_then", items}});
  kind.reported_items = items;
  kind.reported_ns = now_ns;
}

}  // namespace millrace::pipeline
