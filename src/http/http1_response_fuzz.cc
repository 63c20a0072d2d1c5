// Any bytes, cut anywhere, are a response or an error; the cut makes no difference, and what is
// kept between two pieces stays within the bound for a head.
#include <algorithm>
#include <string>

#include "base/check.h"
#include "http/http1_response_parser.h"

namespace {

struct Collector final : millrace::http::Http1ResponseHandler {
  void on_status(int status) override { seen += "=" + std::to_string(status); }
  void on_header(std::string_view name, std::string_view value) override {
    seen.append("|").append(name).append(":").append(value);
  }
  bool on_body(std::span<const uint8_t> bytes) override {
    body.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return body.size() < 100'000;
  }
  std::string seen;
  std::string body;
};

struct Run {
  Collector collector;
  bool ok = true;
  bool complete = false;
};

void feed(Run& run, std::span<const uint8_t> bytes, size_t step) {
  millrace::http::Http1ResponseParser parser(run.collector);
  for (size_t at = 0; at < bytes.size() && run.ok; at += step) {
    run.ok = parser.receive(bytes.subspan(at, std::min(step, bytes.size() - at))).has_value();
    MILLRACE_CHECK(!run.ok || parser.kept_bytes() <= millrace::http::kResponseHeadBytesMax);
  }
  if (run.ok) run.ok = parser.finish().has_value();
  run.complete = run.ok && parser.complete();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const size_t step = data[0] % 16 + 1u;
  const std::span<const uint8_t> bytes(data + 1, size - 1);
  Run whole;
  Run cut;
  feed(whole, bytes, std::max<size_t>(bytes.size(), 1));
  feed(cut, bytes, step);
  if (whole.ok && cut.ok) {
    MILLRACE_CHECK(whole.collector.seen == cut.collector.seen);
    MILLRACE_CHECK(whole.collector.body == cut.collector.body);
  }
  return 0;
}
