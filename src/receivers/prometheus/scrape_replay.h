// A target exposes the same series in the same order scrape after scrape; only values change. So
// the requests of one scrape are kept as a form: the text of the body without its values, the bytes
// of the requests, and where in them the values and the time stand. A body that has the text of the
// form again is compared, its values are read, and the requests are written by copying the form and
// filling it in. A body that differs anywhere else is read in full.
//
// Not for: values with a time or an exemplar behind them, native histograms, protobuf. Where the
// budget is half used, nothing is kept. Memory: the body, the requests and about 50 bytes a sample
// (MemoryTerm::kKeyedState). One thread.
//
// Cost: scrape_output_bench; a sample takes less than a tenth of what reading it in full takes.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "memory/work.h"
#include "receivers/prometheus/exposition.h"
#include "receivers/prometheus/family_table.h"
#include "receivers/prometheus/point.h"
#include "receivers/prometheus/work_memory.h"

namespace millrace::receivers::prometheus {

// A sample that is a part of a point.
struct SampleRef {
  uint32_t sample = 0;  // its number among those with a value in the form
  SampleRole role = SampleRole::kValue;
  double bound = 0;  // of kPart
};

class ScrapeReplay {
 public:
  class Recorder;
  struct Figures {
    size_t scraped = 0;
    size_t kept = 0;
  };
  struct Input {
    std::string_view body;
    Format format = Format::kText;
    uint64_t time = 0;  // of the points, in nanoseconds
    // Of the samples about the scrape itself, in the order in which they were recorded.
    std::span<const double> reports;
  };
  struct Request {
    Bytes bytes;
    uint32_t point_count = 0;
  };

  const Figures& figures() const { return figures_; }
  // The requests of the body; nothing: it does not fit the form. An error: no memory.
  Result<std::optional<std::vector<Request>>> write(const Input& input, Work& work) const;

 private:
  // Places in the request; 0: the point has no such field.
  struct Point {
    uint32_t time_at = 0;
    uint32_t value_at = 0;  // of a distribution its count
    uint32_t sum_at = 0;
    uint32_t list_at = 0;
    uint32_t first_sample = 0;  // in samples_; parts come first, by their bounds
    uint16_t sample_count = 0;
    PointKind kind = PointKind::kGauge;
  };
  struct Part {  // a request
    size_t bytes_end = 0;
    size_t points_end = 0;
  };
  ScrapeReplay() = default;
  bool read_values(const Input& input, Work& work, std::vector<double>& into) const;
  bool fill_in(const Point& point, const std::vector<double>& values, uint64_t time,
               uint8_t* request) const;

  Format format_ = Format::kText;
  Figures figures_;
  std::string text_;            // of the body, without the values
  std::vector<uint32_t> cuts_;  // of text_ in front of each value
  std::string bytes_;           // of all requests
  std::vector<Part> parts_;
  std::vector<Point> points_;  // in the order of the requests
  std::vector<SampleRef> samples_;
  Reservation memory_;
};

// Records a form while a body is read in full. Whatever does not fit ends the recording.
class ScrapeReplay::Recorder {
 public:
  Recorder(std::string_view body, Format format, Budget& budget);

  // The next sample; `value`: its text within the body.
  void on_sample(std::string_view value);
  // The value of the last sample belongs to the text, since more than one value depends on it.
  void keep_value();
  // A sample of the scrape itself. After the body.
  void on_report() { ++report_count_; }
  // The number of the last sample; nothing: the recording has ended.
  std::optional<uint32_t> sample() const {
    if (is_abandoned_) return std::nullopt;
    return static_cast<uint32_t>(cuts_.size() + report_count_ - 1);
  }

  // Points in the order in which they come; the n-th has the number n.
  void on_point(PointKind kind, std::span<const SampleRef> samples);
  // The requests in turn: where each of their points stands, then the whole.
  void on_placed(uint32_t number, size_t request_offset,
                 std::span<const uint8_t> behind_attributes);
  void on_request(std::span<const uint8_t> bytes);

  std::optional<ScrapeReplay> finish(const ScrapeReplay::Figures& figures);

 private:
  struct Cut {
    size_t begin = 0;
    size_t end = 0;
  };
  struct Seen {  // a point as it came
    PointKind kind = PointKind::kGauge;
    uint32_t first_sample = 0;
    uint16_t sample_count = 0;
  };
  void charge(size_t bytes);
  void abandon() { is_abandoned_ = true; }

  const std::string_view body_;
  Budget& budget_;
  WorkMemory memory_;  // while it is recorded
  std::vector<Cut> cuts_;
  size_t report_count_ = 0;
  std::vector<Seen> seen_;
  ScrapeReplay made_;
  bool is_abandoned_ = false;
};
using ReplayRecorder = ScrapeReplay::Recorder;

}  // namespace millrace::receivers::prometheus
