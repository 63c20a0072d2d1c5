#include "daemon/replay/request_reader.h"

#include <utility>

#include "daemon/replay/signal_guess.h"
#include "otlp/admit.h"

namespace millrace::replay {
namespace {

// For a frame, its decompressed bytes, and the JSON parser's six times as much.
constexpr size_t kMemoryBytesMax = size_t{4} << 30;
constexpr std::string_view kZstdMagic = "\x28\xB5\x2F\xFD";
constexpr std::string_view kWhitespace = " \t\r\n";

std::string_view without_space(std::string_view text) {
  const size_t at = text.find_first_not_of(kWhitespace);
  return at == std::string_view::npos ? std::string_view() : text.substr(at);
}

// The first key of an object; empty when the text is not an object, or has no key.
std::string_view first_key(std::string_view text) {
  text = without_space(text);
  if (!text.starts_with('{')) return {};
  text = without_space(text.substr(1));
  if (!text.starts_with('"')) return {};
  const size_t end = text.find('"', 1);
  return end == std::string_view::npos ? std::string_view() : text.substr(1, end - 1);
}

std::string shortened(std::string_view text) {
  constexpr size_t kShown = 40;
  return "\"" + std::string(text.substr(0, kShown)) + (text.size() > kShown ? "…\"" : "\"");
}

}  // namespace

std::optional<Signal> signal_of_json(std::string_view text) {
  struct Name {
    std::string_view camel;
    std::string_view snake;
    Signal signal;
  };
  constexpr Name kNames[] = {{"resourceSpans", "resource_spans", Signal::kTraces},
                             {"resourceMetrics", "resource_metrics", Signal::kMetrics},
                             {"resourceLogs", "resource_logs", Signal::kLogs},
                             {"resourceProfiles", "resource_profiles", Signal::kProfiles}};
  const std::string_view key = first_key(text);
  for (const Name& name : kNames) {
    if (key == name.camel || key == name.snake) return name.signal;
  }
  return std::nullopt;
}

RequestDecoder::RequestDecoder(std::optional<Signal> signal)
    : signal_(signal), budget_(kMemoryBytesMax), pool_(budget_, 1) {}

Result<FoundRequest> RequestDecoder::decode(const Frame& frame) {
  Bytes content = frame.bytes;
  if (!frame.is_line && content.text().starts_with(kZstdMagic)) {
    auto plain =
        decompressor_.decompress(compress::Coding::kZstd, content.view(), pool_, kFrameBytesMax);
    if (!plain) return fail(Code::kInvalidArgument, "zstd: " + plain.error().message);
    content = *std::move(plain);
  }
  Result<FoundRequest> found = [&] {
    if (!frame.is_line && !content.text().starts_with('{')) return decode_protobuf(content);
    if (dead_letter::is_record_line(content.text())) return decode_letter(content);
    return decode_json(content);
  }();
  if (!found) {
    return fail(found.error().code,
                (frame.is_cut_off ? "cut off: " : "") + std::move(found.error().message));
  }
  found->where = frame.where;
  return found;
}

Result<FoundRequest> RequestDecoder::decode_letter(const Bytes& line) {
  auto letter = letters_.parse(line);
  if (!letter) return fail(letter.error());
  auto found = admitted(letter->signal, letter->request.to_bytes());
  if (!found) return fail(found.error());
  letter->request.clear();
  found->letter = *std::move(letter);
  return found;
}

Result<FoundRequest> RequestDecoder::decode_json(const Bytes& text) {
  std::optional<Signal> signal = signal_of_json(text.text());
  if (!signal) {
    const std::string_view begin = without_space(text.text());
    if (!begin.starts_with('{')) return fail(Code::kInvalidArgument, "not JSON");
    const std::string_view key = first_key(begin);
    if (!key.empty()) {
      return fail(Code::kInvalidArgument,
                  "neither a dead letter nor OTLP: its first key is " + shortened(key));
    }
    // "{}" is an empty request of any signal; anything else is not JSON.
    signal = signal_.value_or(Signal::kTraces);
  }
  auto message = json_.decode_request(*signal, text, pool_, kFrameBytesMax);
  if (!message) return fail(message.error());
  return admitted(*signal, *std::move(message));
}

Result<FoundRequest> RequestDecoder::decode_protobuf(const Bytes& message) {
  std::optional<Signal> signal = signal_;
  if (!signal) signal = guess_signal(message.view());
  if (signal) return admitted(*signal, message);
  // Without items all signals fit equally; with some, an ambiguous request is refused.
  bool is_valid = false;
  bool has_items = false;
  for (const Signal candidate : kSignals) {
    const auto found = otlp::admit(candidate, message.view());
    is_valid = is_valid || found.has_value();
    has_items = has_items || (found.has_value() && found->item_count != 0);
  }
  if (!is_valid) return fail(Code::kInvalidArgument, "not an OTLP request in protobuf");
  if (!has_items) return admitted(Signal::kTraces, message);
  return fail(Code::kInvalidArgument,
              "the signal cannot be determined from the bytes: give it with --signal");
}

Result<FoundRequest> RequestDecoder::admitted(Signal signal, Bytes message) {
  const auto admitted = otlp::admit(signal, message.view());
  if (!admitted) {
    return fail(Code::kInvalidArgument, "not a valid request of " +
                                            std::string(signal_name(signal)) + ": " +
                                            admitted.error().to_error().message);
  }
  return FoundRequest{.signal = signal,
                      .bytes = std::move(message),
                      .item_count = admitted->item_count,
                      .where = {},
                      .letter = std::nullopt};
}

}  // namespace millrace::replay
