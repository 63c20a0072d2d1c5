#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "base/allocation_name.h"
#include "receivers/prometheus/scrape_replay.h"
#include "wire/protobuf.h"

namespace millrace::receivers::prometheus {
namespace {

constexpr size_t kOfSample = 2 * 64;  // of each list, which doubles, and of the copy in its group

bool is_before(const SampleRef& a, const SampleRef& b) {
  const bool a_is_part = a.role == SampleRole::kPart;
  if (a_is_part != (b.role == SampleRole::kPart)) return a_is_part;
  return a_is_part ? a.bound < b.bound : a.sample < b.sample;
}

bool is_same_part(const SampleRef& a, const SampleRef& b) {
  return a.role == SampleRole::kPart && b.role == SampleRole::kPart && a.bound == b.bound;
}

}  // namespace

ScrapeReplay::Recorder::Recorder(std::string_view body, Format format, Budget& budget)
    : body_(body), budget_(budget), memory_(budget, MemoryTerm::kKeyedState) {
  made_.format_ = format;
  const bool is_text = format != Format::kProtobuf && body.size() <= UINT32_MAX;
  if (!is_text || budget.used() > budget.limit() / 2) abandon();
  charge(body.size());
}

void ReplayRecorder::charge(size_t bytes) {
  if (!is_abandoned_ && !memory_.charge(bytes)) abandon();
}

void ReplayRecorder::on_sample(std::string_view value) {
  charge(kOfSample);
  if (is_abandoned_) return;
  const auto begin =
      reinterpret_cast<uintptr_t>(value.data()) - reinterpret_cast<uintptr_t>(body_.data());
  // A line that was put together of two pieces lies elsewhere.
  if (value.empty() || begin >= body_.size() || value.size() > body_.size() - begin) {
    return abandon();
  }
  const size_t end = begin + value.size();
  if (end < body_.size() && body_[end] != '\n') return abandon();
  const AllocationName name("term keyed_state");
  cuts_.push_back({begin, end});
}

void ReplayRecorder::keep_value() {
  if (!is_abandoned_) cuts_.pop_back();
}

void ReplayRecorder::on_point(PointKind kind, std::span<const SampleRef> samples) {
  charge(samples.empty() ? 0 : kOfSample);
  if (samples.empty() || kind == PointKind::kExponentialHistogram || samples.size() > UINT16_MAX) {
    abandon();  // a marker, or of a value that is no number
  }
  if (is_abandoned_) return;
  const AllocationName name("term keyed_state");
  auto& all = made_.samples_;
  seen_.push_back({.kind = kind,
                   .first_sample = static_cast<uint32_t>(all.size()),
                   .sample_count = static_cast<uint16_t>(samples.size())});
  all.insert(all.end(), samples.begin(), samples.end());
  const auto own = std::span(all).last(samples.size());
  std::ranges::sort(own, is_before);
  if (std::ranges::adjacent_find(own, is_same_part) != own.end()) abandon();
}

void ReplayRecorder::on_placed(uint32_t number, size_t request_offset,
                               std::span<const uint8_t> behind_attributes) {
  if (is_abandoned_) return;
  const Seen& seen = seen_[number];
  ScrapeReplay::Point point{
      .first_sample = seen.first_sample, .sample_count = seen.sample_count, .kind = seen.kind};
  const auto place = [&](const uint8_t* of) {
    return static_cast<uint32_t>(request_offset +
                                 static_cast<size_t>(of - behind_attributes.data()));
  };
  wire::FieldReader reader(behind_attributes);
  for (wire::Field field; reader.next(&field);) {
    // All of these fields have a tag of one byte.
    const uint8_t* const whole = field.whole.data();
    if (field.type == wire::WireType::kI64) {
      if (field.number == 3) point.time_at = place(whole + 1);
      if (field.number == 4) point.value_at = place(whole + 1);
      if (field.number == 5) point.sum_at = place(whole + 1);
    } else if (field.type != wire::WireType::kLen) {
      return abandon();
    } else if (field.number == 6 && point.list_at == 0) {
      point.list_at = place(seen.kind == PointKind::kSummary ? whole : field.bytes.data());
    }
  }
  if (!reader.ok()) return abandon();
  const AllocationName name("term keyed_state");
  made_.points_.push_back(point);
}

void ReplayRecorder::on_request(std::span<const uint8_t> bytes) {
  charge(2 * bytes.size() + sizeof(ScrapeReplay::Part));
  if (is_abandoned_) return;
  const AllocationName name("term keyed_state");
  made_.bytes_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  made_.parts_.push_back({.bytes_end = made_.bytes_.size(), .points_end = made_.points_.size()});
}

std::optional<ScrapeReplay> ReplayRecorder::finish(const ScrapeReplay::Figures& figures) {
  if (is_abandoned_ || made_.points_.size() != seen_.size()) return std::nullopt;
  const AllocationName name("term keyed_state");
  made_.figures_ = figures;
  made_.text_.reserve(body_.size());
  made_.cuts_.reserve(cuts_.size());
  size_t from = 0;
  for (const Cut& cut : cuts_) {
    made_.cuts_.push_back(static_cast<uint32_t>(cut.begin - from));
    made_.text_ += body_.substr(from, cut.begin - from);
    from = cut.end;
  }
  made_.text_ += body_.substr(from);
  made_.bytes_.shrink_to_fit();
  made_.points_.shrink_to_fit();
  made_.samples_.shrink_to_fit();
  const size_t size = made_.text_.capacity() + made_.bytes_.capacity() +
                      made_.cuts_.capacity() * sizeof(uint32_t) +
                      made_.parts_.capacity() * sizeof(ScrapeReplay::Part) +
                      made_.points_.capacity() * sizeof(ScrapeReplay::Point) +
                      made_.samples_.capacity() * sizeof(SampleRef);
  made_.memory_ = Reservation::try_make(budget_, MemoryTerm::kKeyedState, size);
  if (!made_.memory_) return std::nullopt;
  return std::move(made_);
}

}  // namespace millrace::receivers::prometheus
