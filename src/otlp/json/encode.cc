#include "otlp/json/encode.h"

#include <array>
#include <charconv>
#include <vector>

#include "base/json_string.h"
#include "otlp/json/text_values.h"
#include "wire/protobuf.h"

namespace millrace::otlp::json {
namespace {

using wire::FieldReader;
using wire::WireType;

template <class Number>
void append_number(Number number, std::string* out) {
  std::array<char, 24> text;
  out->append(text.data(), std::to_chars(text.data(), text.data() + text.size(), number).ptr);
}
template <class Number>
void append_quoted(Number number, std::string* out) {
  *out += '"';
  append_number(number, out);
  *out += '"';
}

class Writer {
 public:
  explicit Writer(std::string* out) : out_(*out) {}
  bool message_body(const Message& message, std::span<const uint8_t> bytes, int depth);
  uint64_t dropped_field_count() const { return dropped_; }

 private:
  // What one field of a message amounts to, gathered over the whole message.
  struct Gathered {
    const Field* known = nullptr;
    std::vector<wire::Field> values;
  };
  static bool is_scattered(const Message& message, std::span<const uint8_t> bytes, int depth);
  bool in_order(const Message& message, std::span<const uint8_t> bytes, int depth);
  bool gathered(const Message& message, std::span<const uint8_t> bytes, int depth);
  bool gathered_value(const Gathered& field, int depth);
  void key(const Field& known);
  bool one_value(const Field& known, const wire::Field& value, int depth);
  bool list_values(const Field& known, const wire::Field& value, int depth, bool* first);
  void number(Kind kind, uint64_t bits);

  std::string& out_;
  uint64_t dropped_ = 0;
};

// Looked at before anything is written: trying and starting over would double the work with each
// level of nesting.
bool Writer::is_scattered(const Message& message, std::span<const uint8_t> bytes, int depth) {
  uint32_t seen = 0;
  const Field* last = nullptr;
  bool oneof_seen = false;
  FieldReader reader(bytes, depth + 1);
  for (wire::Field field; reader.next(&field);) {
    const Field* known = message.find(field.number);
    if (known == nullptr || !fits(*known, field.type)) continue;
    const bool oneof = known->presence == Presence::kOneof;
    const uint32_t bit = 1u << message.index_of(known);
    const bool goes_on = known == last && known->presence == Presence::kRepeated;
    if (!goes_on && ((seen & bit) != 0 || (oneof && oneof_seen))) return true;
    seen |= bit;
    oneof_seen = oneof_seen || oneof;
    last = known;
  }
  return false;
}

bool Writer::message_body(const Message& message, std::span<const uint8_t> bytes, int depth) {
  if (depth < 0) return false;
  return is_scattered(message, bytes, depth) ? gathered(message, bytes, depth)
                                             : in_order(message, bytes, depth);
}

void Writer::key(const Field& known) {
  if (out_.back() != '{') out_ += ',';
  out_ += '"';
  out_ += known.name;
  out_ += "\":";
}

// The usual case: each field stands in one place.
bool Writer::in_order(const Message& message, std::span<const uint8_t> bytes, int depth) {
  out_ += '{';
  const Field* list = nullptr;  // the repeated field whose array is open
  bool first = true;
  FieldReader reader(bytes, depth + 1);
  for (wire::Field field; reader.next(&field);) {
    const Field* known = message.find(field.number);
    if (known == nullptr || !fits(*known, field.type)) {
      ++dropped_;
      continue;
    }
    if (known != list) {
      if (list != nullptr) out_ += ']';
      list = nullptr;
      key(*known);
      if (known->presence == Presence::kRepeated) {
        out_ += '[';
        list = known;
        first = true;
      }
    }
    if (list != nullptr ? !list_values(*known, field, depth, &first)
                        : !one_value(*known, field, depth)) {
      return false;
    }
  }
  if (list != nullptr) out_ += ']';
  out_ += '}';
  return reader.ok();
}

bool Writer::gathered(const Message& message, std::span<const uint8_t> bytes, int depth) {
  std::vector<Gathered> fields;
  FieldReader reader(bytes, depth + 1);
  for (wire::Field field; reader.next(&field);) {
    const Field* known = message.find(field.number);
    if (known == nullptr || !fits(*known, field.type)) {
      ++dropped_;
      continue;
    }
    Gathered* home = nullptr;
    for (Gathered& candidate : fields) {
      if (candidate.known == known) home = &candidate;
      // A member of a oneof ends whatever other member was there.
      if (candidate.known != known && known->presence == Presence::kOneof &&
          candidate.known->presence == Presence::kOneof) {
        candidate.values.clear();
      }
    }
    if (home == nullptr) home = &fields.emplace_back(Gathered{.known = known, .values = {}});
    home->values.push_back(field);
  }
  if (!reader.ok()) return false;
  out_ += '{';
  for (const Gathered& field : fields) {
    if (field.values.empty()) continue;
    key(*field.known);
    if (!gathered_value(field, depth)) return false;
  }
  out_ += '}';
  return true;
}

bool Writer::gathered_value(const Gathered& field, int depth) {
  if (field.known->presence == Presence::kRepeated) {
    out_ += '[';
    bool first = true;
    for (const wire::Field& value : field.values) {
      if (!list_values(*field.known, value, depth, &first)) return false;
    }
    out_ += ']';
    return true;
  }
  if (field.known->kind != Kind::kMessage)
    return one_value(*field.known, field.values.back(), depth);
  // Concatenated messages are the merged message.
  std::vector<uint8_t> merged;
  for (const wire::Field& value : field.values) {
    merged.insert(merged.end(), value.bytes.begin(), value.bytes.end());
  }
  return message_body(message(field.known->message), merged, depth - 1);
}

bool Writer::list_values(const Field& known, const wire::Field& value, int depth, bool* first) {
  const auto separate = [&] {
    if (!*first) out_ += ',';
    *first = false;
  };
  if (value.type != WireType::kLen || !is_packable(known.kind)) {
    separate();
    return one_value(known, value, depth);
  }
  const uint8_t* at = value.bytes.data();
  const uint8_t* const end = at + value.bytes.size();
  while (at != end) {
    uint64_t bits = 0;
    const WireType type = wire_type_of(known.kind);
    if (type == WireType::kVarint) {
      at = wire::read_varint(at, end, &bits);
      if (at == nullptr) return false;
    } else {
      const size_t size = type == WireType::kI64 ? 8 : 4;
      if (static_cast<size_t>(end - at) < size) return false;
      bits = size == 8 ? wire::load_fixed64(at) : wire::load_fixed32(at);
      at += size;
    }
    separate();
    number(known.kind, bits);
  }
  return true;
}

bool Writer::one_value(const Field& known, const wire::Field& value, int depth) {
  switch (known.kind) {
    case Kind::kMessage:
      return message_body(message(known.message), value.bytes, depth - 1);
    case Kind::kString:
      append_json_string(out_, value.text());
      return true;
    case Kind::kBase64:
      out_ += '"';
      append_base64(value.bytes, &out_);
      out_ += '"';
      return true;
    case Kind::kHex16:
    case Kind::kHex8:
      out_ += '"';
      append_hex(value.bytes, &out_);
      out_ += '"';
      return true;
    default:
      number(known.kind, value.value);
      return true;
  }
}

void Writer::number(Kind kind, uint64_t bits) {
  switch (kind) {
    case Kind::kBool:
      out_ += bits != 0 ? "true" : "false";
      break;
    case Kind::kInt32:
    case Kind::kEnum:
      append_number(static_cast<int32_t>(bits), &out_);
      break;
    case Kind::kSint32:
      append_number(static_cast<int32_t>(wire::zigzag_decode(bits & UINT32_MAX)), &out_);
      break;
    case Kind::kUint32:
    case Kind::kFixed32:
      append_number(static_cast<uint32_t>(bits), &out_);
      break;
    case Kind::kInt64:
    case Kind::kSfixed64:
      append_quoted(static_cast<int64_t>(bits), &out_);
      break;
    case Kind::kUint64:
    case Kind::kFixed64:
      append_quoted(bits, &out_);
      break;
    default: {
      double value;
      std::memcpy(&value, &bits, sizeof value);
      append_double(value, &out_);
    }
  }
}

}  // namespace

Result<Encoded> encode(MessageId root, std::span<const uint8_t> bytes, std::string* out) {
  const size_t start = out->size();
  Writer writer(out);
  if (!writer.message_body(message(root), bytes, wire::kDepthMax)) {
    out->resize(start);
    return fail(Code::kInvalidArgument, "not a valid " + std::string(message(root).name));
  }
  return Encoded{.dropped_field_count = writer.dropped_field_count()};
}

}  // namespace millrace::otlp::json
