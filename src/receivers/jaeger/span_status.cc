#include "receivers/jaeger/span_status.h"

#include <algorithm>
#include <charconv>
#include <string>

namespace millrace::receivers::jaeger {
namespace {

constexpr uint8_t kUnset = 0;
constexpr uint8_t kOk = 1;
constexpr uint8_t kError = 2;

constexpr std::string_view kStatusCode = "otel.status_code";
constexpr std::string_view kDescription = "otel.status_description";
constexpr std::string_view kHttpCode = "http.response.status_code";
constexpr std::string_view kHttpMessage = "http.status_message";

bool equals_ignoring_case(std::string_view text, std::string_view upper) {
  return std::ranges::equal(text, upper, [](char a, char b) {
    return (a >= 'a' && a <= 'z' ? static_cast<char>(a - 32) : a) == b;
  });
}

// Decimal, with a sign or without.
std::optional<int64_t> integer_of(const Tag& tag) {
  if (tag.kind == Tag::Kind::kInteger) return static_cast<int64_t>(tag.number);
  if (tag.kind != Tag::Kind::kText) return std::nullopt;
  std::string_view text = tag.text;
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

uint8_t status_of_http(int64_t code, SpanKind kind) {
  if (code >= 400 && code < 500 && kind == SpanKind::kServer) return kUnset;
  return code >= 100 && code < 399 ? kUnset : kError;
}

}  // namespace

SpanKind kind_of(const Tag& tag) {
  const TagText text(tag);
  if (text.view() == "client") return SpanKind::kClient;
  if (text.view() == "server") return SpanKind::kServer;
  if (text.view() == "producer") return SpanKind::kProducer;
  if (text.view() == "consumer") return SpanKind::kConsumer;
  return text.view() == "internal" ? SpanKind::kInternal : SpanKind::kUnspecified;
}

SpanStatus::SpanStatus(std::span<Tag> tags, SpanKind kind) {
  Tag* error = find(tags, "error");
  const bool is_error =
      error != nullptr && error->kind == Tag::Kind::kBoolean && error->number != 0;
  if (is_error) {
    error->is_used = true;
    code = kError;
    take_description(tags);
    if (!message.text) keep(find(tags, kHttpMessage));
  }
  if (const Tag* said = take(tags, kStatusCode)) {
    read_said(tags, *said, is_error);
  } else if (!is_error) {
    read_http(tags, kind);
  }
}

void SpanStatus::read_said(std::span<Tag> tags, const Tag& said, bool is_error) {
  if (is_error) return;  // the tag `error` decides
  const TagText text(said);
  if (equals_ignoring_case(text.view(), "OK")) code = kOk;
  if (equals_ignoring_case(text.view(), "ERROR")) code = kError;
  take_description(tags);
}

void SpanStatus::read_http(std::span<Tag> tags, SpanKind kind) {
  const Tag* tag = find(tags, kHttpCode);
  const std::optional<int64_t> number = tag == nullptr ? std::nullopt : integer_of(*tag);
  if (!number || status_of_http(*number, kind) == kUnset) return;
  code = kError;
  keep(find(tags, kHttpMessage));
}

void SpanStatus::take_description(std::span<Tag> tags) { keep(take(tags, kDescription)); }

void SpanStatus::keep(const Tag* tag) {
  if (tag != nullptr) message.text.emplace(*tag);
}

}  // namespace millrace::receivers::jaeger
