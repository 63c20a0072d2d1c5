#include "millrace/statistics.h"

#include <algorithm>
#include <utility>

#include "c_interface/handles.h"

namespace v1 = millrace::v1;

static_assert(v1::kDropReasonCount <= MILLRACE_DROP_REASON_ROOM);
// The numbers are equal. A reason that C++ inserts in the middle needs a table here.
static_assert(static_cast<uint32_t>(v1::DropReason::kShutdown) == MILLRACE_DROP_SHUTDOWN);
static_assert(v1::kDropReasonCount == MILLRACE_DROP_HANDED_BACK + 1);

namespace {

void copy_counts(const v1::DropCounts& from, uint64_t* to) {
  std::copy(from.begin(), from.end(), to);
}

template <class From>
millrace_statistics* snapshot(const From* from) noexcept {
  try {
    return new millrace_statistics{from->statistics()};
  } catch (...) {
    return nullptr;
  }
}

}  // namespace

extern "C" {

const char* millrace_drop_reason_name(millrace_drop_reason reason) {
  if (reason >= v1::kDropReasonCount) return "unknown";
  return v1::drop_reason_name(static_cast<v1::DropReason>(reason));
}

millrace_statistics* millrace_statistics_of(const millrace_collector* collector) {
  return collector == nullptr ? nullptr : snapshot(&collector->collector);
}
millrace_statistics* millrace_processor_statistics(const millrace_processor* processor) {
  return processor == nullptr ? nullptr : snapshot(&processor->processor);
}
void millrace_statistics_free(millrace_statistics* statistics) { delete statistics; }

millrace_code millrace_statistics_totals(const millrace_statistics* statistics,
                                         millrace_totals* totals) {
  if (statistics == nullptr || totals == nullptr) return MILLRACE_INVALID_ARGUMENT;
  const v1::Statistics& from = statistics->statistics;
  millrace_totals sums = {};
  sums.collected = from.collected();
  sums.refused = from.refused();
  sums.exported = from.exported();
  sums.failed = from.failed();
  sums.queued = from.queued();
  for (size_t i = 0; i < v1::kDropReasonCount; ++i) {
    sums.dropped[i] = from.dropped(static_cast<v1::DropReason>(i));
  }
  sums.repaired_texts = from.repaired_texts;
  sums.corrected_times = from.corrected_times;
  sums.truncated_values = from.truncated_values;
  sums.skipped_attributes = from.skipped_attributes;
  sums.exporter_exceptions = from.exporter_exceptions;
  sums.buffer_bytes = from.buffer_bytes;
  sums.thread_count = from.thread_count;
  sums.balances = from.balances() ? 1 : 0;
  return millrace::c_interface::write_struct(sums, totals);
}

millrace_code millrace_statistics_signal(const millrace_statistics* statistics,
                                         millrace_signal signal,
                                         millrace_signal_statistics* counts) {
  if (statistics == nullptr || counts == nullptr || signal > MILLRACE_LOGS) {
    return MILLRACE_INVALID_ARGUMENT;
  }
  const v1::SignalStatistics& from = statistics->statistics.of(static_cast<v1::Signal>(signal));
  millrace_signal_statistics to = {};
  to.collected = from.collected;
  to.refused_buffer_full = from.refused_buffer_full;
  to.refused_shut_down = from.refused_shut_down;
  to.refused_too_large = from.refused_too_large;
  to.buffered = from.buffered;
  copy_counts(from.dropped_in_buffer, to.dropped_in_buffer);
  return millrace::c_interface::write_struct(to, counts);
}

size_t millrace_statistics_destination_count(const millrace_statistics* statistics) {
  return statistics == nullptr ? 0 : statistics->statistics.destinations.size();
}

millrace_code millrace_statistics_destination(const millrace_statistics* statistics, size_t index,
                                              millrace_destination_statistics* counts) {
  if (counts == nullptr || index >= millrace_statistics_destination_count(statistics)) {
    return MILLRACE_INVALID_ARGUMENT;
  }
  const v1::DestinationStatistics& from = statistics->statistics.destinations[index];
  millrace_destination_statistics to = {};
  to.name = from.name.c_str();
  to.last_error = from.last_error.c_str();
  to.signal = static_cast<millrace_signal>(from.signal);
  to.recovered = from.recovered;
  to.delivered = from.delivered;
  to.rejected_by_peer = from.rejected_by_peer;
  to.filtered = from.filtered;
  to.queued = from.queued;
  to.retries = from.retries;
  copy_counts(from.dropped, to.dropped);
  return millrace::c_interface::write_struct(to, counts);
}

}  // extern "C"
