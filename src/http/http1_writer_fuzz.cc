// The parsers read the output of the writers: heads of requests and whole responses with any fields
// that have no control characters in them, whatever else stands there.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "http/http1_request_parser.h"
#include "http/http1_request_writer.h"
#include "http/http1_response_parser.h"
#include "http/http1_response_writer.h"

namespace {

using namespace millrace;
using namespace millrace::http;
using Fields = std::vector<ResponseField>;

// The text without what must not stand in a value, and without blanks around it, which are none of
// the value's own (RFC 9110, section 5.5).
std::string value_of(std::string_view text) {
  std::string value(text);
  std::erase_if(value, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  value.erase(0, value.find_first_not_of(' '));
  value.erase(value.find_last_not_of(' ') + 1);
  return value;
}

Fields read_fields(testing::FuzzInput& input) {
  Fields fields;
  for (size_t count = input.choice(6); count > 0; --count) {
    fields.push_back({"x-" + std::to_string(input.choice(4)), value_of(input.text())});
  }
  return fields;
}

struct RequestSeen final : Http1RequestEvents {
  void on_head(const Http1Head& head, const HeaderList& list) override {
    MILLRACE_CHECK(head.minor_version == 1 && head.keep_alive);
    for (size_t i = 0; i < list.count(); ++i) {
      const auto field = list.at(i);
      if (field.name == ":path") path = field.value;
      if (field.name.starts_with("x-")) {
        fields.push_back({std::string(field.name), std::string(field.value)});
      }
    }
  }
  void on_body(std::span<uint8_t> bytes) override { body += as_text(bytes); }
  void on_end() override { ended = true; }
  std::string path;
  Fields fields;
  std::string body;
  bool ended = false;
};

struct ResponseSeen final : Http1ResponseHandler {
  void on_status(int seen) override { status = seen; }
  void on_header(std::string_view name, std::string_view value) override {
    if (name.starts_with("x-")) fields.push_back({std::string(name), std::string(value)});
  }
  bool on_body(std::span<const uint8_t> bytes) override {
    body += as_text(bytes);
    return true;
  }
  int status = 0;
  Fields fields;
  std::string body;
};

bool same(const Fields& a, const Fields& b) {
  return std::ranges::equal(
      a, b, [](const auto& x, const auto& y) { return x.name == y.name && x.value == y.value; });
}

void check_request(const Fields& fields, std::string path, std::string_view body) {
  std::erase_if(path, [](unsigned char c) { return c <= 0x20 || c >= 0x7f; });
  path = "/" + path;
  const std::string length = std::to_string(body.size());
  std::vector<Http1Field> written = {{"host", "a"}, {"content-length", length}};
  for (const ResponseField& field : fields) written.push_back({field.name, field.value});
  std::string bytes = write_http1_request_head("POST", path, written);
  bytes += body;
  RequestSeen seen;
  Http1RequestParser parser(1 << 16, seen);
  std::span<uint8_t> left(reinterpret_cast<uint8_t*>(bytes.data()), bytes.size());
  while (!left.empty()) {
    const auto progress = parser.parse(left);
    MILLRACE_CHECK(progress.error == Http1Error::kNone && progress.consumed > 0);
    left = left.subspan(progress.consumed);
  }
  MILLRACE_CHECK(seen.ended && seen.path == path && seen.body == body);
  MILLRACE_CHECK(same(seen.fields, fields));
}

void check_response(const Fields& fields, int status, std::string_view body) {
  std::string bytes;
  append_http1_response(bytes, {.status = status, .body = body, .date = {}, .fields = &fields});
  ResponseSeen seen;
  Http1ResponseParser parser(seen);
  MILLRACE_CHECK(parser.receive(as_span(bytes)).has_value());
  MILLRACE_CHECK(parser.complete() && parser.keep_alive());
  MILLRACE_CHECK(seen.status == status && seen.body == (status == 204 ? "" : body));
  MILLRACE_CHECK(same(seen.fields, fields));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  testing::FuzzInput input(data, size);
  constexpr int kStatuses[] = {200, 204, 400, 429, 503, 599};
  const int status = kStatuses[input.choice(std::size(kStatuses))];
  const Fields fields = read_fields(input);
  const std::string path(input.text());
  const std::string_view body = input.rest_text();
  check_request(fields, path, body);
  check_response(fields, status, body);
  return 0;
}
