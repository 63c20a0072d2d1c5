#include "json_request/json_request.h"

#include <algorithm>

#include "otlp/json/encode.h"
#include "otlp/rope_writer.h"

namespace millrace {
namespace {

struct RopeSink final : otlp::json::TextSink {
  explicit RopeSink(otlp::RopeWriter& into) : out(into) {}
  bool take(std::string_view text) override {
    out.write(as_span(text));
    return !out.failed();
  }
  otlp::RopeWriter& out;
};

}  // namespace

Result<Rope> encode_as_json(Signal signal, const Rope& request, Work& work,
                            std::string_view doing) {
  const size_t most = work.pool.budget().limit_of_messages();
  otlp::RopeWriter out(work, most - std::min(most, request.size()), doing);
  out.let_pass_the_limit();
  RopeSink sink(out);
  const auto join = [&](const Rope& message) { return out.join(message); };
  const bool is_whole = otlp::json::encode_request(signal, request, join, sink, work.pace);
  Result<Rope> text = out.finish();
  if (text && !is_whole) {
    return fail(Code::kInvalidArgument, "the batch cannot be written as JSON");
  }
  return text;
}

}  // namespace millrace
