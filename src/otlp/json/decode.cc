// simdjson's on-demand parser finds the structure of the whole text first (and checks that it is
// UTF-8), then hands out one value after the other without building a tree. It is lazy: what is
// not asked for is not checked. So this code asks for everything: each value is either written or
// walked, and the text must end with the root.
//
// Strings without escapes, nearly all, are copied straight from the text to the output; simdjson's
// own string functions would copy them twice. Where anything fails, a slow and exact reading
// (syntax.h) finds the place for the message.
#include "otlp/json/decode.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

// The parser's own assertions on the order of calls are for its development; fuzzing has them on.
#ifndef MILLRACE_DEBUG_CHECKS
#define SIMDJSON_DEVELOPMENT_CHECKS 0
#endif
#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <optional>
#include <string>

#include "memory/chunk_buffer.h"
#include "otlp/json/output.h"
#include "otlp/json/syntax.h"
#include "otlp/json/text_values.h"

namespace millrace::otlp::json {
namespace {

using simdjson::ondemand::array;
using simdjson::ondemand::object;
using simdjson::ondemand::value;
using wire::WireType;

static_assert(simdjson::SIMDJSON_PADDING <= kChunkPadding);

// Messages below the root, as admission counts; and containers inside of what is skipped.
constexpr int kDepthMax = wire::kDepthMax;
// The kept parser grows with the texts, by doubling, up to this; a small budget keeps a small one.
constexpr size_t kSmallestTextBytes = 4096;
constexpr size_t kKeptTextBytes = 1 << 20;
constexpr size_t kBudgetPerKeptText = 512;
constexpr size_t kQuotedInErrorsMax = 40;

struct Scanned {
  size_t size;  // up to the closing quote or the first escape
  bool escaped;
};

// From behind an opening quote. The parser has made sure that the closing one is there.
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

std::string_view trim(std::string_view token) {
  while (!token.empty() && std::string_view(" \t\n\r").contains(token.back())) {
    token.remove_suffix(1);
  }
  return token;
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

struct Failure {
  enum class Kind : uint8_t { kNone, kSyntax, kValue, kRoom };
  Kind kind = Kind::kNone;
  const char* at = nullptr;  // kValue
  std::string path;
  std::string message;
};

class Transcoder {
 public:
  explicit Transcoder(Output& out) : out_(out) {}
  bool message_body(const Message& message, object fields, int depth);
  const Failure& failure() const { return failure_; }
  bool syntax_failure() {
    failure_.kind = Failure::Kind::kSyntax;
    return false;
  }

 private:
  bool key_of(simdjson::ondemand::field& entry, std::string_view* key);
  const Field* find_leniently(const Message& message, std::string_view key);
  bool field_value(const Field& field, value& from, int depth);
  bool nested(const Field& field, value& from, int depth);
  bool elements(const Field& field, value& from, int depth);
  bool packed(const Field& field, array& from);
  bool scalar(const Field& field, value& from);
  bool string_like(const Field& field, value& from);
  bool number_like(const Field& field, value& from);
  void put_number(Kind kind, uint64_t bits);
  bool read_number(const Field& field, value& from, uint64_t* bits);
  bool number_from_text(const Field& field, std::string_view text, uint64_t* bits);
  bool text_of(value& from, std::string_view* text);
  bool skip(value& from, int depth);

  // The first character says what a value is; the parser has not looked yet.
  static char kind_of(value& from) { return from.raw_json_token()[0]; }
  bool take_null(value& from);
  bool wrong(value& from, std::string_view expected);
  bool no_room() {
    failure_.kind = Failure::Kind::kRoom;
    return false;
  }
  bool need(size_t size) { return out_.need(size) || no_room(); }
  void within(std::string_view name);
  void within(size_t index);

  Output& out_;
  Failure failure_;
};

// Names the place on the way back from a failure, the innermost first.
void Transcoder::within(std::string_view name) {
  const bool joined = !failure_.path.empty() && failure_.path[0] != '[';
  failure_.path.insert(0, std::string(name) + (joined ? "." : ""));
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
    if (next.error() != simdjson::SUCCESS) return syntax_failure();
    // By reference: copying it stalls on the stores that have just made it, a third of all time.
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
  value before = from;  // reading it again for the message is only for failures
  std::string_view text;
  if (!text_of(from, &text)) return false;
  if (text.empty() && field.presence == Presence::kImplicit) return true;
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

WireType wire_type_of(Kind kind) {
  switch (kind) {
    case Kind::kFixed64:
    case Kind::kSfixed64:
    case Kind::kDouble:
      return WireType::kI64;
    case Kind::kFixed32:
      return WireType::kI32;
    default:
      return WireType::kVarint;
  }
}

bool Transcoder::number_like(const Field& field, value& from) {
  uint64_t bits = 0;
  if (!read_number(field, from, &bits)) return false;
  if (bits == 0 && field.presence == Presence::kImplicit) return true;
  if (!need(2 * wire::kVarintBytesMax)) return false;
  out_.tag(field.number, wire_type_of(field.kind));
  put_number(field.kind, bits);
  return true;
}

void Transcoder::put_number(Kind kind, uint64_t bits) {
  switch (wire_type_of(kind)) {
    case WireType::kI64:
      return out_.fixed(bits);
    case WireType::kI32:
      return out_.fixed(static_cast<uint32_t>(bits));
    default:
      return out_.varint(bits);
  }
}

std::string_view expectation(Kind kind) {
  switch (kind) {
    case Kind::kBool:
      return "true or false";
    case Kind::kDouble:
      return "a number, \"NaN\", \"Infinity\" or \"-Infinity\"";
    case Kind::kEnum:
      return "a number or a name of this enum";
    case Kind::kInt32:
    case Kind::kSint32:
      return "a 32-bit integer";
    case Kind::kUint32:
    case Kind::kFixed32:
      return "a 32-bit integer without sign";
    case Kind::kUint64:
    case Kind::kFixed64:
      return "a 64-bit integer without sign, or its decimal string";
    default:
      return "a 64-bit integer, or its decimal string";
  }
}

bool is_unsigned(Kind kind) {
  return kind == Kind::kUint64 || kind == Kind::kFixed64 || kind == Kind::kUint32 ||
         kind == Kind::kFixed32;
}

// Cuts to the field's range; false outside of it. `bits` is what stands on the wire.
bool in_range(Kind kind, int64_t number, uint64_t* bits) {
  const bool fits = number >= std::numeric_limits<int32_t>::min() &&
                    number <= std::numeric_limits<int32_t>::max();
  *bits = static_cast<uint64_t>(number);
  switch (kind) {
    case Kind::kSint32:
      *bits = wire::zigzag_encode(number);
      return fits;
    case Kind::kInt32:
    case Kind::kEnum:
      return fits;
    default:
      return true;
  }
}
bool in_range(Kind kind, uint64_t number, uint64_t* bits) {
  *bits = number;
  return (kind != Kind::kUint32 && kind != Kind::kFixed32) ||
         number <= std::numeric_limits<uint32_t>::max();
}

// A number, a string that holds one, true or false, or an enum's name.
bool Transcoder::read_number(const Field& field, value& from, uint64_t* bits) {
  const char first = kind_of(from);
  if (field.kind == Kind::kBool) {
    bool truth = false;
    if (first != 't' && first != 'f') return wrong(from, expectation(field.kind));
    if (from.get_bool().get(truth) != simdjson::SUCCESS) return syntax_failure();
    *bits = truth ? 1 : 0;
    return true;
  }
  if (first == '"') {
    value before = from;
    std::string_view text;
    if (!text_of(from, &text)) return false;
    int32_t enum_value = 0;
    if (field.kind == Kind::kEnum && find_enum_value(field.enumeration, text, &enum_value)) {
      *bits = static_cast<uint64_t>(static_cast<int64_t>(enum_value));
      return true;
    }
    return number_from_text(field, text, bits) || wrong(before, expectation(field.kind));
  }
  if (first != '-' && (first < '0' || first > '9')) return wrong(from, expectation(field.kind));
  if (field.kind == Kind::kDouble) {
    double number = 0;
    if (from.get_double().get(number) == simdjson::SUCCESS) {
      std::memcpy(bits, &number, sizeof number);
      return true;
    }
  } else if (is_unsigned(field.kind)) {
    uint64_t number = 0;
    if (from.get_uint64().get(number) == simdjson::SUCCESS) {
      return in_range(field.kind, number, bits) || wrong(from, expectation(field.kind));
    }
  } else {
    int64_t number = 0;
    if (from.get_int64().get(number) == simdjson::SUCCESS) {
      return in_range(field.kind, number, bits) || wrong(from, expectation(field.kind));
    }
  }
  // 1e3 and 2.0 for an integer, or no number at all.
  const std::string_view token = trim(from.raw_json_token());
  if (!is_json_number(token)) return syntax_failure();
  return number_from_text(field, token, bits) || wrong(from, expectation(field.kind));
}

bool Transcoder::number_from_text(const Field& field, std::string_view text, uint64_t* bits) {
  if (field.kind == Kind::kDouble) {
    double number = 0;
    if (!parse_double(text, &number)) return false;
    std::memcpy(bits, &number, sizeof number);
    return true;
  }
  if (is_unsigned(field.kind)) {
    uint64_t number = 0;
    return parse_uint64(text, &number) && in_range(field.kind, number, bits);
  }
  int64_t number = 0;
  return parse_int64(text, &number) && in_range(field.kind, number, bits);
}

// Walks a value that nobody knows, so that nothing in the text goes unchecked.
bool Transcoder::skip(value& from, int depth) {
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
      // Not converted, only looked at: it need not fit any type. Left for the iterator to pass.
      return is_json_number(trim(from.raw_json_token())) || syntax_failure();
  }
}

bool at_end(simdjson::ondemand::document& document) {
  return document.current_location().error() == simdjson::OUT_OF_BOUNDS;
}

// What the parser allocates for a text: an index of four bytes and a copy of five thirds of one,
// for each byte.
size_t parser_bytes(size_t text_size) { return text_size * 17 / 3 + 4096; }

// Why there was no memory: others have it now, or the whole budget is less than `need`, which is
// what this text takes at least. Coming back later would then never help.
Error no_memory(size_t text_size, size_t need, const Budget& budget) {
  if (need <= budget.limit()) {
    return {Code::kUnavailable, "memory budget exhausted while reading JSON"};
  }
  return {Code::kResourceExhausted, "a JSON body of " + std::to_string(text_size) +
                                        " bytes takes at least " + std::to_string(need) +
                                        " bytes of memory to read, the whole budget is " +
                                        std::to_string(budget.limit())};
}

Error describe(const Failure& failure, std::string_view text, simdjson::error_code parser_error) {
  const std::string path = failure.path.empty() ? "" : failure.path + ": ";
  if (failure.kind == Failure::Kind::kValue) {
    const auto offset = static_cast<size_t>(failure.at - text.data());
    return {Code::kInvalidArgument, locate(text, offset).to_text() + ": " + path + failure.message};
  }
  if (const std::optional<SyntaxError> found = find_syntax_error(text)) {
    return {Code::kInvalidArgument, locate(text, found->offset).to_text() + ": " + path +
                                        "malformed JSON: " + std::string(found->what)};
  }
  return {Code::kInvalidArgument,
          path + "malformed JSON: " + std::string(simdjson::error_message(parser_error))};
}

// A parser and the reservation of what it has allocated.
struct ReservedParser {
  simdjson::ondemand::parser parser;
  Reservation memory;

  // False when the budget or the system refuses; what there was is then given back.
  bool try_grow(size_t capacity, Budget& budget) {
    Reservation larger = Reservation::try_make(budget, parser_bytes(capacity));
    if (larger && parser.allocate(capacity) == simdjson::SUCCESS) {
      memory = std::move(larger);
      return true;
    }
    parser = simdjson::ondemand::parser();
    memory = Reservation();
    return false;
  }
};

}  // namespace

struct Decoder::State {
  ReservedParser kept;
  LengthGuesses guesses;
  State() { guesses.fill(1); }
};

Decoder::Decoder() : state_(std::make_unique<State>()) {}
Decoder::~Decoder() = default;

Result<Bytes> Decoder::decode(MessageId root, const Bytes& json, ChunkPool& pool,
                              size_t max_bytes) {
  const std::string_view text = json.text();
  if (trim(text).empty()) return fail(Code::kInvalidArgument, "malformed JSON: empty");
  const size_t room = std::min(max_bytes, text.size() / 2 + 64);
  // The text itself, its parser, and the protobuf.
  const size_t need = text.size() + parser_bytes(text.size()) + std::max(room, kPooledChunkBytes);
  std::optional<ReservedParser> own;
  const bool large = text.size() > std::clamp(pool.budget().limit() / kBudgetPerKeptText,
                                              kSmallestTextBytes, kKeptTextBytes);
  ReservedParser& reserved = large ? own.emplace() : state_->kept;
  if (reserved.parser.capacity() < text.size()) {
    const size_t roomy =
        large ? text.size() : std::max(kSmallestTextBytes, std::bit_ceil(text.size()));
    if (!reserved.try_grow(roomy, pool.budget()) &&
        !reserved.try_grow(text.size(), pool.budget())) {
      return fail(no_memory(text.size(), need, pool.budget()));
    }
  }
  ChunkBuffer buffer(pool, max_bytes);
  if (buffer.make_room(room) == ChunkBuffer::Room::kMemory) {
    return fail(no_memory(text.size(), need, pool.budget()));
  }
  Output out(buffer, state_->guesses);
  Transcoder transcoder(out);
  simdjson::ondemand::document document;
  object fields;
  simdjson::error_code error =
      reserved.parser
          .iterate(simdjson::padded_string_view(text.data(), text.size(),
                                                text.size() + simdjson::SIMDJSON_PADDING))
          .get(document);
  bool fine = error == simdjson::SUCCESS || transcoder.syntax_failure();
  if (fine) {
    error = document.get_object().get(fields);
    if (error == simdjson::INCORRECT_TYPE && !find_syntax_error(text)) {
      return fail(Code::kInvalidArgument, "line 1, column 1: expected a JSON object");
    }
    fine = error == simdjson::SUCCESS || transcoder.syntax_failure();
  }
  fine = fine && transcoder.message_body(message(root), fields, kDepthMax) &&
         (at_end(document) || transcoder.syntax_failure());
  if (!fine && transcoder.failure().kind == Failure::Kind::kRoom) {
    if (out.room_failure() == ChunkBuffer::Room::kLimit) {
      return fail(Code::kResourceExhausted,
                  "JSON body is more than the limit of " + std::to_string(max_bytes) + " bytes");
    }
    // Growing takes the old chunk and a larger one.
    return fail(no_memory(text.size(), need + buffer.used(), pool.budget()));
  }
  if (!fine) return fail(describe(transcoder.failure(), text, error));
  out.sync();
  return buffer.finish();
}

}  // namespace millrace::otlp::json
