// Any bytes are a response or none, and what is read is what libprotobuf reads; refused beyond that
// are only tags of more than 32 bits, which it cuts.
#include <google/protobuf/stubs/logging.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include <opentelemetry/proto/collector/trace/v1/trace_service.pb.h>
#include "base/check.h"
#include "exporters/otlp/partial_success.h"

namespace {

bool may_have_long_tag(std::span<const uint8_t> bytes) {
  for (size_t at = 0; at + 5 <= bytes.size(); ++at) {
    const auto four = bytes.subspan(at, 4);
    const bool goes_on = std::ranges::all_of(four, [](uint8_t byte) { return byte >= 0x80; });
    if (goes_on && bytes[at + 4] > 0x0f) return true;
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  google::protobuf::SetLogHandler(nullptr);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto partial = millrace::exporters::parse_partial_success({data, size});
  opentelemetry::proto::collector::trace::v1::ExportTraceServiceResponse response;
  const bool is_parsed = response.ParseFromArray(data, static_cast<int>(size));
  if (!partial) {
    MILLRACE_CHECK(!is_parsed || may_have_long_tag({data, size}));
    return 0;
  }
  if (partial->has_too_many_fields) return 0;
  MILLRACE_CHECK(partial->message.size() <= size);
  // libprotobuf also wants the message to be UTF-8; here the code that reports it does so.
  if (!is_parsed) return 0;
  const auto& twin = response.partial_success();
  MILLRACE_CHECK(partial->message == twin.error_message());
  const int64_t rejected = std::max<int64_t>(twin.rejected_spans(), 0);
  MILLRACE_CHECK(partial->rejected_count == static_cast<uint64_t>(rejected));
  return 0;
}
