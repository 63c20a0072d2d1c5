#include "receivers/prometheus/scrape_replay.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <utility>

#include "base/allocation_name.h"
#include "memory/chunk_buffer.h"
#include "receivers/prometheus/line_cursor.h"

namespace millrace::receivers::prometheus {
namespace {

// A quantile and its value in a summary: tag, length, and two tags with 8 bytes each.
constexpr size_t kQuantileBytes = 20;
constexpr size_t kQuantileValueAt = 12;

void store(uint8_t* at, uint64_t value) { std::memcpy(at, &value, sizeof value); }
void store(uint8_t* at, double value) { store(at, std::bit_cast<uint64_t>(value)); }

Error no_room(size_t bytes, Work& work) {
  return no_memory("reading a scrape", bytes, work.pool.budget());
}

}  // namespace

// False: the text is another one.
bool ScrapeReplay::read_values(const Input& input, Work& work, std::vector<double>& into) const {
  std::string_view body = input.body;
  const char* text = text_.data();
  for (const uint32_t cut : cuts_) {
    if (body.size() < cut || std::memcmp(body.data(), text, cut) != 0) return false;
    body.remove_prefix(cut);
    text += cut;
    const std::string_view word = body.substr(0, body.find('\n'));
    const auto value = parse_value(word);
    if (!value) return false;
    body.remove_prefix(word.size());
    into.push_back(*value);
    work.pace.step(30 + cut / 8);
  }
  return body == std::string_view(text_).substr(static_cast<size_t>(text - text_.data()));
}

// False: the counts of a histogram fall.
bool ScrapeReplay::fill_in(const Point& point, const std::vector<double>& values, uint64_t time,
                           uint8_t* request) const {
  store(request + point.time_at, time);
  const bool is_number = point.kind == PointKind::kGauge || point.kind == PointKind::kSum;
  const bool is_histogram = point.kind == PointKind::kHistogram;
  double before = 0;
  size_t part = 0;
  for (size_t i = point.first_sample; i < point.first_sample + point.sample_count; ++i) {
    const SampleRef& sample = samples_[i];
    const double value = values[sample.sample];
    if (is_number) {
      store(request + point.value_at, value);
    } else if (sample.role == SampleRole::kSum) {
      store(request + point.sum_at, value);
    } else if (sample.role == SampleRole::kCount) {
      store(request + point.value_at, whole_count(value));
      if (!is_histogram) continue;
      if (!(value >= before)) return false;
      store(request + point.list_at + part * sizeof(uint64_t), whole_count(value - before));
    } else if (!is_histogram) {
      store(request + point.list_at + part++ * kQuantileBytes + kQuantileValueAt, value);
    } else if (sample.bound != HUGE_VAL) {
      if (!(value >= before)) return false;
      store(request + point.list_at + part++ * sizeof(uint64_t), whole_count(value - before));
      before = value;
    }
  }
  return true;
}

Result<std::optional<std::vector<ScrapeReplay::Request>>> ScrapeReplay::write(const Input& input,
                                                                              Work& work) const {
  if (input.format != format_) return std::nullopt;
  const size_t value_count = cuts_.size() + input.reports.size();
  const Reservation memory =
      Reservation::try_make(work.pool.budget(), MemoryTerm::kWork, value_count * sizeof(double));
  if (!memory) return fail(no_room(value_count * sizeof(double), work));
  const AllocationName name("term work");
  std::vector<double> values;
  values.reserve(value_count);
  if (!read_values(input, work, values)) return std::nullopt;
  values.insert(values.end(), input.reports.begin(), input.reports.end());
  std::vector<Request> requests;
  requests.reserve(parts_.size());
  size_t byte = 0;
  size_t point = 0;
  for (const Part& part : parts_) {
    const size_t size = part.bytes_end - byte;
    ChunkBuffer out(work, size);
    if (out.make_room(size) != ChunkBuffer::Room::kOk) return fail(no_room(size, work));
    std::memcpy(out.data(), bytes_.data() + byte, size);
    Request request{.bytes = {}, .point_count = static_cast<uint32_t>(part.points_end - point)};
    for (; point < part.points_end; ++point) {
      if (!fill_in(points_[point], values, input.time, out.data())) return std::nullopt;
      work.pace.step(30);
    }
    out.note_written(size);
    request.bytes = out.finish();
    requests.push_back(std::move(request));
    byte = part.bytes_end;
  }
  return requests;
}

}  // namespace millrace::receivers::prometheus
