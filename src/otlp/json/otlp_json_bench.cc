// MB/s of JSON text for a batch of 1,000 spans with ten attributes.
#include <benchmark/benchmark.h>

#include <string>

#include "otlp/json/decode.h"
#include "otlp/json/encode.h"

namespace millrace::otlp::json {
namespace {

std::string batch_of_spans(int spans) {
  std::string json =
      R"({"resourceSpans":[{"resource":{"attributes":[{"key":"service.name",)"
      R"("value":{"stringValue":"checkout"}}]},"scopeSpans":[{"scope":{"name":"lib"},)"
      R"("spans":[)";
  for (int i = 0; i < spans; ++i) {
    if (i > 0) json += ',';
    json += R"({"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174",)"
            R"("parentSpanId":"eee19b7ec3c1b173","name":"GET /api/v1/users","kind":2,)"
            R"("startTimeUnixNano":"1544712660000000000","endTimeUnixNano":"1544712661000000000",)"
            R"("attributes":[)";
    for (int a = 0; a < 10; ++a) {
      if (a > 0) json += ',';
      json += a % 3 == 0
                  ? R"({"key":"http.response.status_code","value":{"intValue":"200"}})"
                  : R"({"key":"http.request.method","value":{"stringValue":"GET /users/42"}})";
    }
    json += R"(],"status":{}})";
  }
  return json + "]}]}]}";
}

void decode_spans(benchmark::State& state) {
  const Bytes json = Bytes::copy_of(batch_of_spans(1000));
  Budget budget(256 << 20);
  ChunkPool pool(budget, 4);
  Decoder decoder;
  for (auto _ : state) {
    const Result<Bytes> bytes = decoder.decode_request(Signal::kTraces, json, pool, 64 << 20);
    if (!bytes) state.SkipWithError(bytes.error().message.c_str());
    benchmark::DoNotOptimize(bytes);
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * json.size()));
}
BENCHMARK(decode_spans);

void encode_spans(benchmark::State& state) {
  const Bytes json = Bytes::copy_of(batch_of_spans(1000));
  Budget budget(256 << 20);
  ChunkPool pool(budget, 4);
  const Result<Bytes> bytes = Decoder().decode_request(Signal::kTraces, json, pool, 64 << 20);
  std::string out;
  for (auto _ : state) {
    out.clear();
    benchmark::DoNotOptimize(encode_request(Signal::kTraces, bytes->view(), &out));
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * out.size()));
}
BENCHMARK(encode_spans);

}  // namespace
}  // namespace millrace::otlp::json
