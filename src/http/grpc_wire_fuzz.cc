// The small texts of gRPC: each reader against a twin that reads as PROTOCOL-HTTP2.md is written,
// and what is written reads back as it was.
#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "http/grpc_wire.h"

namespace {

using namespace millrace;
using namespace millrace::http;

bool all_digits(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; });
}

void check_timeout(std::string_view text) {
  const auto read = parse_grpc_timeout(text);
  constexpr std::string_view kUnits = "numSMH";
  constexpr std::array<double, 6> kNanoseconds = {1, 1e3, 1e6, 1e9, 60e9, 3600e9};
  const bool is_timeout = text.size() >= 2 && text.size() <= 9 && kUnits.contains(text.back()) &&
                          all_digits(text.substr(0, text.size() - 1));
  MILLRACE_CHECK(read.has_value() == is_timeout);
  if (!read) return;
  const double wanted = std::stod(std::string(text)) * kNanoseconds[kUnits.find(text.back())];
  MILLRACE_CHECK(wanted > 9223372036854775807.0 ? *read == Duration::max()
                                                : static_cast<double>(read->count()) == wanted);
}

// The text is never shorter than the timeout, and longer by less than one part in a million.
void check_written_timeout(int64_t nanoseconds) {
  const std::string text = write_grpc_timeout(Duration(nanoseconds));
  const auto read = parse_grpc_timeout(text);
  MILLRACE_CHECK(read.has_value());
  const int64_t least = std::max<int64_t>(nanoseconds, 1);
  MILLRACE_CHECK(read->count() >= least);
  MILLRACE_CHECK(read->count() - least <= least / 100'000 || *read == Duration::max());
}

void check_status(std::string_view text) {
  const auto code = parse_grpc_status(text);
  MILLRACE_CHECK(code.has_value() == (all_digits(text) && text.size() <= 9));
  if (!code) return;
  const int number = std::stoi(std::string(text));
  MILLRACE_CHECK(number > 16 ? *code == Code::kUnknown : static_cast<int>(*code) == number);
  MILLRACE_CHECK(parse_grpc_status(grpc_status_text(*code)) == code);
}

void check_percent(std::string_view text) {
  const std::string encoded = percent_encode_grpc_message(text);
  for (const char c : encoded) MILLRACE_CHECK(c >= 0x20 && c <= 0x7e);
  MILLRACE_CHECK(percent_decode_grpc_message(encoded) == text);
  // The twin: from the right, so that a digit that was decoded is never looked at again.
  std::string wanted(text);
  for (size_t at = wanted.size(); at-- > 0;) {
    if (wanted[at] != '%' || at + 2 >= text.size()) continue;
    if (std::isxdigit(static_cast<unsigned char>(text[at + 1])) == 0 ||
        std::isxdigit(static_cast<unsigned char>(text[at + 2])) == 0) {
      continue;
    }
    const int value = std::stoi(std::string(text.substr(at + 1, 2)), nullptr, 16);
    wanted.replace(at, 3, 1, static_cast<char>(value));
  }
  MILLRACE_CHECK(percent_decode_grpc_message(text) == wanted);
}

void check_base64(std::string_view text) {
  const std::string encoded = encode_base64(text);
  MILLRACE_CHECK(encoded.size() == (text.size() * 4 + 2) / 3);
  MILLRACE_CHECK(decode_base64(encoded) == text);
  MILLRACE_CHECK(decode_base64(encoded + std::string((4 - encoded.size() % 4) % 4, '=')) == text);
  // What decodes differs from its own encoding in the padding and the bits behind the last byte.
  const auto decoded = decode_base64(text);
  if (!decoded) return;
  const std::string_view digits = text.substr(0, text.find('='));
  const std::string again = encode_base64(*decoded);
  MILLRACE_CHECK(again.size() == digits.size());
  if (!again.empty())
    MILLRACE_CHECK(digits.starts_with(std::string_view(again).substr(0, again.size() - 1)));
}

void check_prefix(std::span<const uint8_t> bytes) {
  if (bytes.size() < kGrpcPrefixBytes) return;
  const auto first = bytes.first<kGrpcPrefixBytes>();
  const auto prefix = parse_grpc_prefix(first);
  MILLRACE_CHECK(prefix.has_value() == (bytes[0] <= 1));
  if (prefix) MILLRACE_CHECK(std::ranges::equal(write_grpc_prefix(*prefix), first));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  testing::FuzzInput input(data, size);
  check_prefix({data, size});
  check_written_timeout(static_cast<int64_t>(testing::FuzzInput(data, size).number(8)));
  const std::string_view text = input.rest_text();
  check_timeout(text);
  check_status(text);
  check_percent(text);
  check_base64(text);
  return 0;
}
