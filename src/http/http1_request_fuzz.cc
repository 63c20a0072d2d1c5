// The HTTP/1.1 request parser: never more consumed than given, and the same events however the
// bytes are cut.
#include <cstdint>
#include <string>
#include <vector>

#include "base/check.h"
#include "http/http1_request_parser.h"

namespace {

using namespace millrace;
using namespace millrace::http;

struct Recorder final : Http1RequestEvents {
  void on_head(const Http1Head& head, const HeaderList& fields) override {
    log += "head " + std::to_string(head.minor_version) + (head.keep_alive ? "k" : "c");
    for (size_t i = 0; i < fields.count(); ++i) {
      log += std::string(fields.at(i).name) + "=" + std::string(fields.at(i).value) + "\n";
    }
  }
  void on_body(std::span<uint8_t> bytes) override { body.append(bytes.begin(), bytes.end()); }
  void on_end() override {
    log += "body " + body + " end\n";
    body.clear();
  }
  std::string log;
  std::string body;
};

// Feeds in steps of `step` bytes; returns what happened.
std::string run(std::vector<uint8_t> bytes, size_t step) {
  Recorder recorder;
  Http1RequestParser parser(2048, recorder);
  size_t given = 0;
  size_t consumed = 0;
  while (given < bytes.size()) {
    given = std::min(bytes.size(), given + step);
    for (;;) {
      const auto progress = parser.parse({bytes.data() + consumed, given - consumed});
      MILLRACE_CHECK(progress.consumed <= given - consumed);
      consumed += progress.consumed;
      if (progress.error != Http1Error::kNone) return recorder.log + "error";
      if (parser.started() || progress.consumed == 0) break;
      if (parser.head_done()) parser.reset();
    }
  }
  return recorder.log;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::vector<uint8_t> bytes(data, data + size);
  const std::string whole = run(bytes, size + 1);
  const std::string cut = run(bytes, 1);
  // An error may be noticed before or after events that stand in front of it.
  if (!whole.ends_with("error") && !cut.ends_with("error")) MILLRACE_CHECK(whole == cut);
  return 0;
}
