// Writes the answer of a scrape, piece by piece: a family, then each of its series, then the next
// family, and in the end finish().
//
//   CollectingSink sink(…);
//   auto writer = make_page_writer({.exposition = …, .names = NameForm::kPlain}, sink);
//   writer->begin_family({.name = "http_requests_total", .type = FamilyType::kCounter});
//   writer->write({.labels = R"(code="200")"}, NumberValue{.value = 5});
//   writer->finish();
//
// The output goes into chunks of the sink, split at any byte. Each call writes one series, whatever
// number of chunks that takes, so the caller decides between two calls whether to go on in a later
// turn. The writer holds no other memory, except for one MetricFamily message with protobuf: a
// family whose series are longer than kMessageBytes is written as several messages with the same
// name. held_bytes() says how much that is.
//
// One thread. Cost: a series of a text costs its line: a copy of name and labels, and one number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "prometheus/exposition.h"
#include "prometheus/model.h"

namespace millrace::prometheus {

// Provides the memory of the output.
class Sink {
 public:
  // Takes the first `used` bytes of the chunk given before (0 at the first call) and returns the
  // next chunk, at least one byte. Empty: there is no memory; the writer then ignores all calls.
  virtual std::span<uint8_t> next_chunk(size_t used) = 0;
  // Takes the first `used` bytes of the last chunk; 0 if no chunk was needed. Called once, by
  // finish(), unless next_chunk() has returned nothing.
  virtual void finish(size_t used) = 0;

 protected:
  ~Sink() = default;
};

// Whether names and labels came from a Namer that keeps UTF-8. Only those are escaped or quoted,
// which costs a walk over the labels of each series if the scraper does not accept UTF-8.
enum class NameForm : uint8_t { kPlain, kUtf8 };

struct PageOptions {
  Exposition exposition;
  NameForm names = NameForm::kPlain;
};

class PageWriter {
 public:
  virtual ~PageWriter() = default;

  // A family of which no series follows is not written in protobuf, and as comments in a text.
  virtual void begin_family(const Family& family) = 0;
  // Preconditions: the value fits the type of the family.
  virtual void write(const SeriesHead& head, const NumberValue& value) = 0;
  virtual void write(const SeriesHead& head, const HistogramValue& value) = 0;
  virtual void write(const SeriesHead& head, const SummaryValue& value) = 0;
  // Protobuf leaves out a value that has no native form (native_histogram.h).
  virtual void write(const SeriesHead& head, const ExponentialValue& value) = 0;
  // Writes the end of the page and gives the last chunk to the sink. No other call may follow.
  virtual void finish() = 0;

  // The sink had no memory: the page is incomplete.
  virtual bool failed() const = 0;
  // At least the memory that the writer has beside the sink's chunks. It grows only by what one
  // series is longer than all before, so a caller may reserve it between two calls.
  virtual size_t held_bytes() const { return 0; }
};

inline constexpr size_t kMessageBytes = 32 << 10;

// `sink` must outlive the writer.
std::unique_ptr<PageWriter> make_page_writer(const PageOptions& options, Sink& sink);

}  // namespace millrace::prometheus
