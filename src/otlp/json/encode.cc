#include "otlp/json/encode.h"

#include <algorithm>
#include <vector>

#include "base/allocation_name.h"
#include "base/json_string.h"
#include "otlp/json/number_text.h"
#include "otlp/json/text_values.h"
#include "otlp/rope_reader.h"
#include "wire/protobuf.h"

namespace millrace::otlp::json {
namespace {

using wire::FieldReader;
using wire::WireType;

class Writer {
 public:
  Writer(std::string* out, size_t message_bytes, Pace& pace)
      : out_(*out), pace_(pace), merged_bytes_left_(message_bytes + kMergedBytesLeast) {}
  bool message_body(const Message& message, std::span<const uint8_t> bytes, int depth);
  uint64_t dropped_field_count() const { return dropped_; }
  // From now on the output goes to `sink`, except for the last character.
  void write_to(TextSink* sink) { sink_ = sink; }
  [[nodiscard]] bool spill() {
    if (sink_ == nullptr || out_.size() < kSpilledBytes) return true;
    const bool goes_on = sink_->take(std::string_view(out_).substr(0, out_.size() - 1));
    out_.erase(0, out_.size() - 1);
    return goes_on;
  }

 private:
  // The state of one field, gathered over the whole message.
  struct Gathered {
    const Field* known = nullptr;
    size_t count = 0;                // the number of its effective values
    const uint8_t* begin = nullptr;  // the first of them
    wire::Field last = {};
  };
  static constexpr size_t kFieldUnits = 20;
  static constexpr size_t kSpilledBytes = 32 * 1024;
  bool long_string(std::string_view text);
  bool long_base64(std::span<const uint8_t> bytes);
  static constexpr size_t kMergedBytesLeast = 64 * 1024;
  bool is_scattered(const Message& message, std::span<const uint8_t> bytes, int depth);
  bool in_order(const Message& message, std::span<const uint8_t> bytes, int depth);
  bool gathered(const Message& message, std::span<const uint8_t> bytes, int depth);
  bool gathered_value(const Gathered& field, std::span<const uint8_t> bytes, int depth);
  template <class Visit>
  bool each_value(const Gathered& of, std::span<const uint8_t> bytes, int depth,
                  const Visit& visit);
  void key(const Field& known);
  bool one_value(const Field& known, const wire::Field& value, int depth);
  bool list_values(const Field& known, const wire::Field& value, int depth, bool* first);

  // What is not yet with the sink: kSpilledBytes and one value, of which each byte may become six.
  static constexpr size_t kTextBytesMax = 16 * kSpilledBytes;
  std::string& out_;
  TextSink* sink_ = nullptr;
  Pace& pace_;
  size_t merged_bytes_left_;
  uint64_t dropped_ = 0;
};

// Checked before anything is written: writing and starting over would double the work with each
// level of nesting.
bool Writer::is_scattered(const Message& message, std::span<const uint8_t> bytes, int depth) {
  uint32_t seen = 0;
  const Field* last = nullptr;
  bool oneof_seen = false;
  FieldReader reader(bytes, depth + 1);
  for (wire::Field field; reader.next(&field);) {
    pace_.step(kFieldUnits / 2);
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

// The usual case: the values of each field are adjacent.
bool Writer::in_order(const Message& message, std::span<const uint8_t> bytes, int depth) {
  out_ += '{';
  const Field* list = nullptr;  // the repeated field with an open array
  bool first = true;
  FieldReader reader(bytes, depth + 1);
  for (wire::Field field; reader.next(&field);) {
    pace_.step(kFieldUnits + field.bytes.size() / 4);
    if (!spill()) return false;
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

// For each field only the position of its first effective value is stored; the values are then
// found again, in as many passes as the message has kinds of fields. A list of the values would
// take thirty times the bytes of small values.
bool Writer::gathered(const Message& message, std::span<const uint8_t> bytes, int depth) {
  std::vector<Gathered> fields;
  FieldReader reader(bytes, depth + 1);
  for (wire::Field field; reader.next(&field);) {
    pace_.step(kFieldUnits);
    const Field* known = message.find(field.number);
    if (known == nullptr || !fits(*known, field.type)) {
      ++dropped_;
      continue;
    }
    Gathered* home = nullptr;
    for (Gathered& candidate : fields) {
      if (candidate.known == known) home = &candidate;
      // A member of a oneof replaces any earlier member.
      if (candidate.known != known && known->presence == Presence::kOneof &&
          candidate.known->presence == Presence::kOneof) {
        candidate.count = 0;
      }
    }
    if (home == nullptr) home = &fields.emplace_back(Gathered{.known = known});
    if (home->count++ == 0) home->begin = field.whole.data();
    home->last = field;
  }
  if (!reader.ok()) return false;
  out_ += '{';
  for (const Gathered& field : fields) {
    if (field.count == 0) continue;
    key(*field.known);
    if (!gathered_value(field, bytes, depth)) return false;
  }
  out_ += '}';
  return true;
}

// Calls `visit` with each value of the field in `bytes` until it returns false.
template <class Visit>
bool Writer::each_value(const Gathered& of, std::span<const uint8_t> bytes, int depth,
                        const Visit& visit) {
  FieldReader reader({of.begin, bytes.data() + bytes.size()}, depth + 1);
  for (wire::Field field; reader.next(&field);) {
    pace_.step(kFieldUnits);
    if (field.number != of.known->number || !fits(*of.known, field.type)) continue;
    if (!spill() || !visit(field)) return false;
  }
  return true;
}

bool Writer::gathered_value(const Gathered& field, std::span<const uint8_t> bytes, int depth) {
  if (field.known->presence == Presence::kRepeated) {
    out_ += '[';
    bool first = true;
    const bool fine = each_value(field, bytes, depth, [&](const wire::Field& value) {
      return list_values(*field.known, value, depth, &first);
    });
    out_ += ']';
    return fine;
  }
  if (field.known->kind != Kind::kMessage || field.count == 1) {
    return one_value(*field.known, field.last, depth);
  }
  // Concatenated messages are the merged message. The copies of all levels exist at once, so they
  // have a common limit.
  size_t size = 0;
  each_value(field, bytes, depth, [&](const wire::Field& value) {
    size += value.bytes.size();
    return true;
  });
  if (size > merged_bytes_left_) return false;
  merged_bytes_left_ -= size;
  std::vector<uint8_t> merged;
  merged.reserve(size);
  each_value(field, bytes, depth, [&](const wire::Field& value) {
    merged.insert(merged.end(), value.bytes.begin(), value.bytes.end());
    return true;
  });
  const bool fine = message_body(message(field.known->message), merged, depth - 1);
  merged_bytes_left_ += size;
  return fine;
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
    pace_.step(kFieldUnits);
    if (!spill()) return false;
    append_number(known.kind, bits, &out_);
  }
  return true;
}

bool Writer::one_value(const Field& known, const wire::Field& value, int depth) {
  switch (known.kind) {
    case Kind::kMessage:
      return message_body(message(known.message), value.bytes, depth - 1);
    case Kind::kString:
      if (value.bytes.size() > kSpilledBytes) return long_string(value.text());
      {
        const AllocationName name("constant JSON text of one value", kTextBytesMax);
        append_json_string(out_, value.text());
      }
      return true;
    case Kind::kBase64:
      out_ += '"';
      if (!long_base64(value.bytes)) return false;
      out_ += '"';
      return true;
    case Kind::kHex16:
    case Kind::kHex8:
      out_ += '"';
      append_hex(value.bytes, &out_);
      out_ += '"';
      return true;
    default:
      append_number(known.kind, value.value, &out_);
      return true;
  }
}

// Writes in stretches that end between two characters; each character is escaped by itself.
bool Writer::long_string(std::string_view text) {
  out_ += '"';
  while (!text.empty()) {
    size_t size = std::min(text.size(), kSpilledBytes / 2);
    while (size < text.size() && size > 1 && (static_cast<uint8_t>(text[size]) & 0xc0) == 0x80) {
      --size;
    }
    {
      const AllocationName name("constant JSON text of one value", kTextBytesMax);
      std::string stretch;
      append_json_string(stretch, text.substr(0, size));
      out_.append(stretch, 1, stretch.size() - 2);
    }
    text.remove_prefix(size);
    pace_.step(size * 2);
    if (!spill()) return false;
  }
  out_ += '"';
  return true;
}

bool Writer::long_base64(std::span<const uint8_t> bytes) {
  constexpr size_t kStretchBytes = 3 * 4096;
  while (bytes.size() > kStretchBytes) {
    append_base64(bytes.first(kStretchBytes), &out_);
    bytes = bytes.subspan(kStretchBytes);
    pace_.step(kStretchBytes * 2);
    if (!spill()) return false;
  }
  append_base64(bytes, &out_);
  return true;
}

}  // namespace

Result<Encoded> encode(MessageId root, std::span<const uint8_t> bytes, std::string* out,
                       Pace* pace) {
  const size_t start = out->size();
  Pace none;
  Writer writer(out, bytes.size(), pace == nullptr ? none : *pace);
  if (!writer.message_body(message(root), bytes, wire::kDepthMax)) {
    out->resize(start);
    return fail(Code::kInvalidArgument, "not a valid " + std::string(message(root).name));
  }
  return Encoded{.dropped_field_count = writer.dropped_field_count()};
}

bool encode_request(Signal signal, const Rope& request, const Join& join, TextSink& sink,
                    Pace& pace) {
  const Message& root = message(request_message(signal));
  std::string out;
  Writer writer(&out, request.size(), pace);
  if (signal == Signal::kProfiles) {  // profiles have fields beside the list
    const std::optional<Bytes> whole = join(request);
    writer.write_to(&sink);
    return whole && writer.message_body(root, whole->view(), wire::kDepthMax) && sink.take(out);
  }
  const Field* const list = root.find(uint32_t{1});
  out = "{";
  writer.write_to(&sink);
  bool is_first = true;
  for (RopeReader reader(request); !reader.done();) {
    const uint32_t tag = reader.read_tag();
    if (tag != wire::make_tag(1, WireType::kLen)) {
      reader.skip_value(tag);
      continue;
    }
    const size_t size = reader.read_varint();
    const std::optional<Bytes> resource_x = join(reader.take(size));
    if (!resource_x) return false;
    if (is_first) {
      out.append("\"").append(list->name).append("\":[");
    } else {
      out += ',';
    }
    is_first = false;
    if (!writer.message_body(message(list->message), resource_x->view(), wire::kDepthMax - 1) ||
        !writer.spill()) {
      return false;
    }
  }
  out += is_first ? "}" : "]}";
  return sink.take(out);
}

}  // namespace millrace::otlp::json
