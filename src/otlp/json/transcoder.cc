#include "otlp/json/transcoder.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "otlp/json/syntax.h"
#include "otlp/json/text_values.h"

namespace millrace::otlp::json {

using simdjson::ondemand::array;
using simdjson::ondemand::object;
using simdjson::ondemand::value;
using wire::WireType;

namespace {

constexpr size_t kQuotedInErrorsMax = 40;
// The cost of a field or an element, in units of the pace.
constexpr size_t kValueUnits = 32;

struct Scanned {
  size_t size;  // up to the closing quote or the first escape
  bool escaped;
};

// Scans from behind an opening quote. The parser has verified that the closing quote exists.
Scanned scan_string(const char* text) {
#if defined(__SSE2__)
  for (size_t i = 0;; i += 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + i));
    const auto quotes =
        static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(block, _mm_set1_epi8('"'))));
    const auto escapes =
        static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(block, _mm_set1_epi8('\\'))));
    if (const uint32_t either = quotes | escapes; either != 0) {
      const auto at = static_cast<uint32_t>(__builtin_ctz(either));
      return {i + at, (escapes >> at & 1) != 0};
    }
  }
#else
  size_t i = 0;
  while (text[i] != '"' && text[i] != '\\') ++i;
  return {i, text[i] == '\\'};
#endif
}

// "start_time_unix_nano" -> "startTimeUnixNano"
std::string to_camel_case(std::string_view snake) {
  std::string camel;
  bool upper = false;
  for (const char c : snake) {
    if (c == '_') {
      upper = true;
      continue;
    }
    camel += upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    upper = false;
  }
  return camel;
}

}  // namespace

// Adds a name to the place of the failure; called from the innermost name outwards.
void Transcoder::within(std::string_view name) {
  const bool joined = !failure_.path.empty() && failure_.path[0] != '[';
  std::string shown(name.substr(0, kQuotedInErrorsMax));
  if (shown.size() < name.size()) shown += "…";
  failure_.path.insert(0, shown + (joined ? "." : ""));
}
void Transcoder::within(size_t index) {
  const bool joined = !failure_.path.empty() && failure_.path[0] != '[';
  failure_.path.insert(0, "[" + std::to_string(index) + "]" + (joined ? "." : ""));
}

bool Transcoder::wrong(value& from, std::string_view expected) {
  const std::string_view token = trim(from.raw_json_token());
  if (token.empty() || !std::string_view("\"{[-0123456789tfn").contains(token[0])) {
    return syntax_failure();
  }
  failure_.kind = Failure::Kind::kValue;
  failure_.at = token.data();
  failure_.message = "expected " + std::string(expected) + ", found ";
  failure_.message += token.substr(0, kQuotedInErrorsMax);
  if (token.size() > kQuotedInErrorsMax) failure_.message += "…";
  return false;
}

bool Transcoder::take_null(value& from) {
  bool is_null = false;
  if (from.is_null().get(is_null) != simdjson::SUCCESS || !is_null) return syntax_failure();
  return true;
}

bool Transcoder::key_of(simdjson::ondemand::field& entry, std::string_view* key) {
  const char* raw = entry.key().raw();
  const Scanned scanned = scan_string(raw);
  if (__builtin_expect(!scanned.escaped, 1)) {
    *key = {raw, scanned.size};
    return true;
  }
  return entry.unescaped_key().get(*key) == simdjson::SUCCESS || syntax_failure();
}

const Field* Transcoder::find_leniently(const Message& message, std::string_view key) {
  const Field* field = message.find(key);
  if (field == nullptr && key.contains('_')) field = message.find(to_camel_case(key));
  return field;
}

bool Transcoder::message_body(const Message& message, object fields, int depth) {
  for (auto next : fields) {
    pace_.step(kValueUnits);
    if (next.error() != simdjson::SUCCESS) return syntax_failure();
    // By reference: a copy would stall on the stores that have just made it, a third of all time.
    simdjson::ondemand::field&& entry = std::move(next).value_unsafe();
    std::string_view key;
    if (!key_of(entry, &key)) return false;
    const Field* field = find_leniently(message, key);
    const bool fine =
        field == nullptr ? skip(entry.value(), depth) : field_value(*field, entry.value(), depth);
    if (__builtin_expect(!fine, 0)) {
      within(field == nullptr ? key : field->name);
      return false;
    }
  }
  return true;
}

bool Transcoder::field_value(const Field& field, value& from, int depth) {
  if (field.presence == Presence::kRepeated) return elements(field, from, depth);
  if (field.kind != Kind::kMessage) return scalar(field, from);
  if (kind_of(from) == 'n') return take_null(from);
  return nested(field, from, depth);
}

bool Transcoder::nested(const Field& field, value& from, int depth) {
  object inner;
  if (kind_of(from) != '{') return wrong(from, "an object");
  if (depth == 0) return wrong(from, "at most 100 levels of messages");
  if (from.get_object().get(inner) != simdjson::SUCCESS) return syntax_failure();
  if (!need(16)) return false;
  const Output::Mark mark = out_.open(field.number, field.message);
  if (!message_body(message(field.message), inner, depth - 1)) return false;
  return out_.close(mark, field.message) || no_room();
}

bool Transcoder::elements(const Field& field, value& from, int depth) {
  const char first = kind_of(from);
  if (first == 'n') return take_null(from);
  if (first != '[') return wrong(from, "an array");
  array list;
  if (from.get_array().get(list) != simdjson::SUCCESS) return syntax_failure();
  if (field.kind != Kind::kMessage && field.kind != Kind::kString) return packed(field, list);
  size_t index = 0;
  for (auto next : list) {
    pace_.step(kValueUnits);
    if (next.error() != simdjson::SUCCESS) return syntax_failure();
    value&& element = std::move(next).value_unsafe();
    bool fine = false;
    if (field.kind == Kind::kString) {
      fine = kind_of(element) == '"' ? string_like(field, element) : wrong(element, "a string");
    } else if (kind_of(element) == 'n') {
      fine = take_null(element) && need(16);
      if (fine) fine = out_.close(out_.open(field.number, size_t{1})) || no_room();
    } else {
      fine = nested(field, element, depth);
    }
    if (__builtin_expect(!fine, 0)) {
      within(index);
      return false;
    }
    ++index;
  }
  return true;
}

bool Transcoder::packed(const Field& field, array& from) {
  if (!need(16)) return false;
  const size_t start = out_.offset();
  const Output::Mark mark = out_.open(field.number, size_t{1});
  size_t index = 0;
  for (auto next : from) {
    pace_.step(kValueUnits);
    uint64_t bits = 0;
    if (next.error() != simdjson::SUCCESS) return syntax_failure();
    value&& element = std::move(next).value_unsafe();
    if (!need(wire::kVarintBytesMax) || !read_number(field, element, &bits)) {
      within(index);
      return false;
    }
    put_number(field.kind, bits);
    ++index;
  }
  if (index == 0) {
    out_.truncate(start);
    return true;
  }
  return out_.close(mark) || no_room();
}

bool Transcoder::scalar(const Field& field, value& from) {
  if (kind_of(from) == 'n') return take_null(from);
  switch (field.kind) {
    case Kind::kString:
    case Kind::kBase64:
    case Kind::kHex16:
    case Kind::kHex8:
      return string_like(field, from);
    default:
      return number_like(field, from);
  }
}

// Precondition: the value is a string.
bool Transcoder::text_of(value& from, std::string_view* text) {
  const char* const raw = from.raw_json_token().data() + 1;
  const Scanned scanned = scan_string(raw);
  if (__builtin_expect(scanned.escaped, 0)) {
    return from.get_string().get(*text) == simdjson::SUCCESS || syntax_failure();
  }
  simdjson::ondemand::raw_json_string taken;
  if (from.get_raw_json_string().get(taken) != simdjson::SUCCESS) return syntax_failure();
  *text = {raw, scanned.size};
  return true;
}

bool Transcoder::string_like(const Field& field, value& from) {
  if (kind_of(from) != '"') return wrong(from, "a string");
  value before = from;  // for the message of a failure
  std::string_view text;
  if (!text_of(from, &text)) return false;
  if (text.empty() && field.presence == Presence::kImplicit) return true;
  pace_.step(text.size() / 2);
  if (!need(2 * wire::kVarintBytesMax + text.size())) return false;
  if (field.kind == Kind::kString) {
    out_.tag(field.number, WireType::kLen);
    out_.varint(text.size());
    out_.bytes(text.data(), text.size());
    return true;
  }
  if (field.kind == Kind::kBase64) {
    if (!need(16 + base64_size_max(text.size()))) return false;
    const Output::Mark mark = out_.open(field.number, wire::varint_size(text.size()));
    size_t size = 0;
    if (!parse_base64(text, out_.position(), &size)) return wrong(before, "base64");
    out_.advance(size);
    return out_.close(mark) || no_room();
  }
  const size_t size = field.kind == Kind::kHex16 ? 16 : 8;
  if (text.size() != 2 * size) {
    return wrong(before, size == 16 ? "32 hex digits" : "16 hex digits");
  }
  out_.tag(field.number, WireType::kLen);
  out_.varint(size);
  if (!parse_hex(text, out_.position(), size)) {
    return wrong(before, size == 16 ? "32 hex digits" : "16 hex digits");
  }
  out_.advance(size);
  return true;
}

// Walks the value of an unknown key, so that all of the text is checked.
bool Transcoder::skip(value& from, int depth) {
  pace_.step(kValueUnits);
  const char first = kind_of(from);
  if ((first == '{' || first == '[') && depth == 0) return wrong(from, "at most 100 levels");
  switch (first) {
    case '{': {
      object inner;
      if (from.get_object().get(inner) != simdjson::SUCCESS) return syntax_failure();
      for (auto next : inner) {
        std::string_view key;
        if (next.error() != simdjson::SUCCESS) return syntax_failure();
        simdjson::ondemand::field&& entry = std::move(next).value_unsafe();
        if (!key_of(entry, &key) || !skip(entry.value(), depth - 1)) return false;
      }
      return true;
    }
    case '[': {
      array inner;
      if (from.get_array().get(inner) != simdjson::SUCCESS) return syntax_failure();
      for (auto next : inner) {
        if (next.error() != simdjson::SUCCESS) return syntax_failure();
        value&& element = std::move(next).value_unsafe();
        if (!skip(element, depth - 1)) return false;
      }
      return true;
    }
    case '"': {
      std::string_view text;
      return text_of(from, &text);
    }
    case 't':
    case 'f': {
      bool truth = false;
      return from.get_bool().get(truth) == simdjson::SUCCESS || syntax_failure();
    }
    case 'n':
      return take_null(from);
    default:
      // Not converted, only checked: it need not fit any type. The iterator skips it.
      return is_json_number(trim(from.raw_json_token())) || syntax_failure();
  }
}

}  // namespace millrace::otlp::json
