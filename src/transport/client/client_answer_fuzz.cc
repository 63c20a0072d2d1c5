// Any answer of a back end, in both dialects: every response becomes an answer that keeps to the
// limits, a success only where the peer has said so, and the same answer again for the same bytes.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "transport/client/client_dialect.h"

namespace {

using namespace millrace;
using namespace millrace::transport;

constexpr size_t kBodyBytesMax = 20'000;
constexpr size_t kFieldBytesMax = 20'000;  // what is kept of all fields of a response
constexpr WallTime kNow = WallTime(1'790'000'000s);
constexpr Duration kYear = std::chrono::hours(24 * 365);

constexpr std::string_view kNames[] = {
    ":status",       "content-type", "grpc-status",      "grpc-message", "grpc-status-details-bin",
    "grpc-encoding", "retry-after",  "content-encoding", "x-other"};
constexpr std::string_view kValues[] = {"200",
                                        "429",
                                        "503",
                                        "413",
                                        "application/grpc",
                                        "application/x-protobuf",
                                        "application/json",
                                        "text/plain; charset=utf-8",
                                        "0",
                                        "8",
                                        "14",
                                        "gzip",
                                        "zstd",
                                        "identity",
                                        "Mon, 21 Sep 2026 12:00:00 GMT"};

ClientResponse read_response(testing::FuzzInput& input) {
  ClientResponse response;
  for (size_t count = input.choice(12); count > 0; --count) {
    const std::string_view name = kNames[input.choice(std::size(kNames))];
    const size_t which = input.choice(std::size(kValues) + 4);
    response.add_header(name, which < std::size(kValues) ? kValues[which] : input.text());
  }
  const size_t piece = 1 + input.byte();
  const std::span<const uint8_t> body = input.rest();
  for (size_t at = 0; at < body.size(); at += piece) {
    if (!response.add_body(body.subspan(at, std::min(piece, body.size() - at)), kBodyBytesMax)) {
      break;
    }
  }
  MILLRACE_CHECK(response.body.size() <= kBodyBytesMax);
  const size_t kept = response.content_encoding.size() + response.retry_after.size() +
                      response.grpc_encoding.size() + response.grpc_message.size() +
                      response.grpc_details.size();
  MILLRACE_CHECK(kept <= kFieldBytesMax);
  MILLRACE_CHECK(response.too_large == (body.size() > kBodyBytesMax));
  return response;
}

void check(const ClientAnswer& answer, const ClientResponse& response, const CallEnd& end,
           bool is_grpc) {
  MILLRACE_CHECK(answer.body.size() <= kBodyBytesMax);
  if (answer.retry_after) {
    MILLRACE_CHECK(*answer.retry_after >= 0ns);
    if (!response.retry_after.empty() && response.body.empty()) {
      MILLRACE_CHECK(*answer.retry_after <= kYear);
    }
  }
  const bool is_whole = end.kind == CallEnd::Kind::kComplete || response.too_large;
  MILLRACE_CHECK((answer.kind == ClientAnswer::Kind::kAnswered) == is_whole);
  if (answer.code == Code::kOk) {
    MILLRACE_CHECK(is_whole && !response.too_large && !answer.too_large);
    MILLRACE_CHECK(is_grpc ? response.grpc_status == Code::kOk
                           : response.http_status >= 200 && response.http_status < 300);
  } else {
    MILLRACE_CHECK(is_grpc || !answer.message.empty());
  }
}

bool same(const ClientAnswer& a, const ClientAnswer& b) {
  return a.kind == b.kind && a.code == b.code && a.http_status == b.http_status &&
         a.message == b.message && a.body.text() == b.body.text() &&
         a.body_is_json == b.body_is_json && a.retry_after == b.retry_after &&
         a.too_large == b.too_large;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::unique_ptr<ClientDialect> kDialects[] = {
      make_http_dialect({.host = "a", .response_bytes_max = kBodyBytesMax}),
      make_grpc_dialect({.host = "a", .response_bytes_max = kBodyBytesMax})};
  testing::FuzzInput input(data, size);
  const bool is_grpc = input.flag();
  CallEnd end;
  const size_t how = input.choice(16);
  if (how < 4) end.kind = static_cast<CallEnd::Kind>(how);
  if (end.kind == CallEnd::Kind::kReset) {
    end.http2_error = static_cast<http::Http2ErrorCode>(input.choice(16));
  } else if (end.kind != CallEnd::Kind::kComplete) {
    end.message = "it broke";
  }
  const ClientResponse response = read_response(input);
  ClientDialect& dialect = *kDialects[is_grpc ? 1 : 0];
  const ClientAnswer answer = dialect.interpret(response, end, kNow);
  check(answer, response, end, is_grpc);
  MILLRACE_CHECK(same(answer, dialect.interpret(response, end, kNow)));
  return 0;
}
