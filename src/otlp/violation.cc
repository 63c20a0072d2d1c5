// The slow walk: reads the tables instead of being generated from them, and tracks its position. It
// runs once for each refused message.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

#include "otlp/admit.h"
#include "otlp/schema.h"
#include "wire/utf8.h"

namespace millrace::otlp {

namespace {

using wire::WireType;
using Reason = Violation::Reason;

constexpr size_t kFieldUnits = 50;

const FieldRule* find_rule(Message message, uint32_t tag) {
  for (const FieldRule& rule : fields_of(message)) {
    if (rule.number != wire::field_number_of(tag)) continue;
    const WireType type = wire::wire_type_of(tag);
    switch (rule.kind) {
      case Kind::kVarint:
        return type == WireType::kVarint ? &rule : nullptr;
      case Kind::kI64:
        return type == WireType::kI64 ? &rule : nullptr;
      case Kind::kI32:
        return type == WireType::kI32 ? &rule : nullptr;
      case Kind::kPackedI64:
        return type == WireType::kLen || type == WireType::kI64 ? &rule : nullptr;
      case Kind::kPackedVarint:
        return type == WireType::kLen || type == WireType::kVarint ? &rule : nullptr;
      default:
        return type == WireType::kLen ? &rule : nullptr;
    }
  }
  return nullptr;
}

class Search {
 public:
  Search(std::span<const uint8_t> message, Pace& pace) : begin_(message.data()), pace_(pace) {}

  // Returns true when a violation was found and stored.
  bool in_message(Message message, std::span<const uint8_t> bytes, int depth) {
    const uint8_t* at = bytes.data();
    const uint8_t* const end = at + bytes.size();
    std::map<uint32_t, uint32_t> seen;  // occurrences of repeated fields, for the path
    while (at < end) {
      pace_.step(kFieldUnits);
      const uint8_t* const field = at;
      uint32_t tag = 0;
      at = wire::read_tag(at, end, &tag);
      if (at == nullptr) return note_bad_tag(field, end);
      const FieldRule* const rule = find_rule(message, tag);
      const uint8_t* const after = wire::skip_value(tag, at, end, depth);
      uint32_t index = 0;
      if (rule != nullptr && rule->repeated) index = seen[rule->number]++;
      path_.push_back({rule, wire::field_number_of(tag), index});
      if (after == nullptr) return note_bad_field(field, tag, at, end, depth);
      if (rule != nullptr && in_value(*rule, tag, field, at, after, depth)) return true;
      path_.pop_back();
      at = after;
    }
    return false;
  }

  Violation take() { return std::move(found_); }

 private:
  // A field on the path to the current one.
  struct Step {
    const FieldRule* rule;
    uint32_t number;
    uint32_t index;  // among the fields with that number, if the field is repeated
    std::string to_text() const {
      if (rule == nullptr) return fmt::format("(field {})", number);
      return rule->repeated ? fmt::format("{}[{}]", rule->name, index) : std::string(rule->name);
    }
  };

  bool in_value(const FieldRule& rule, uint32_t tag, const uint8_t* field, const uint8_t* at,
                const uint8_t* after, int depth) {
    if (wire::wire_type_of(tag) != WireType::kLen) return false;
    uint32_t size = 0;
    at = wire::read_length(at, after, &size);
    switch (rule.kind) {
      case Kind::kString:
        pace_.step(size);
        if (wire::is_utf8({reinterpret_cast<const char*>(at), size})) return false;
        return note(Reason::kUtf8, field, "is not valid UTF-8");
      case Kind::kTraceId:
        if (size == 16 || size == 0) return false;
        return note(Reason::kIdLength, field,
                    fmt::format("has {} bytes, allowed are 16 (or none)", size));
      case Kind::kSpanId:
        if (size == 8 || size == 0) return false;
        return note(Reason::kIdLength, field,
                    fmt::format("has {} bytes, allowed are 8 (or none)", size));
      case Kind::kPackedI64:
        if (size % 8 == 0) return false;
        return note(Reason::kFraming, field,
                    fmt::format("has {} bytes, which is not a multiple of 8", size));
      case Kind::kPackedVarint:
        while (at != nullptr && at < after) {
          pace_.step(2);
          at = wire::skip_varint(at, after);
        }
        return at == nullptr && note(Reason::kFraming, field, "ends inside a number");
      case Kind::kMessage:
        if (depth <= 0) return note(Reason::kDepth, field, "is nested too deep");
        return in_message(rule.message, {at, after}, depth - 1);
      default:
        return false;
    }
  }

  bool note_bad_tag(const uint8_t* field, const uint8_t* end) {
    // Five bytes are present, or a sixth would be needed: the tag is too large, not truncated.
    const bool cut =
        std::all_of(field, end, [](uint8_t b) { return b >= 0x80; }) && end - field < 5;
    if (cut) return note(Reason::kFraming, field, "ends inside a field's tag");
    return note(Reason::kTagSize, field, "holds a field whose tag passes 32 bits");
  }

  bool note_bad_field(const uint8_t* field, uint32_t tag, const uint8_t* at, const uint8_t* end,
                      int depth) {
    if (wire::field_number_of(tag) == 0) {
      return note(Reason::kFraming, field, "has field number 0, which does not exist");
    }
    switch (wire::wire_type_of(tag)) {
      case WireType::kVarint:
        return note(Reason::kFraming, field,
                    end - at < 10 ? "ends inside a number" : "is a number of more than ten bytes");
      case WireType::kI64:
      case WireType::kI32:
        return note(Reason::kFraming, field, "ends inside a number of fixed size");
      case WireType::kLen: {
        uint32_t size = 0;
        const uint8_t* const content = wire::read_tag(at, end, &size);
        if (content == nullptr) return note(Reason::kFraming, field, "has no valid length");
        return note(Reason::kFraming, field,
                    fmt::format("claims {} bytes where {} are left", size, end - content));
      }
      case WireType::kStartGroup:
        return note_bad_group(field, tag, at, end, depth);
      case WireType::kEndGroup:
        return note(Reason::kFraming, field, "ends a group that was not begun");
    }
    return note(Reason::kFraming, field,
                fmt::format("has wire type {}, which does not exist", tag & 7));
  }

  // A group that is valid with more levels was too deep.
  bool note_bad_group(const uint8_t* field, uint32_t tag, const uint8_t* at, const uint8_t* end,
                      int depth) {
    constexpr int kMuchDeeper = 1000;
    if (wire::skip_value(tag, at, end, depth + kMuchDeeper) != nullptr) {
      return note(Reason::kDepth, field, "is a group nested too deep");
    }
    return note(contains_wide_tag(at, end) ? Reason::kTagSize : Reason::kFraming, field,
                "is a group that is not valid");
  }

  // Groups are rare and their fields have no names, so an approximation is sufficient.
  static bool contains_wide_tag(const uint8_t* at, const uint8_t* end) {
    for (; end - at >= 5; at++) {
      if (at[0] >= 0x80 && at[1] >= 0x80 && at[2] >= 0x80 && at[3] >= 0x80 && at[4] > 0x0f) {
        return true;
      }
    }
    return false;
  }

  bool note(Reason reason, const uint8_t* field, std::string description) {
    found_.reason = reason;
    found_.byte_offset = static_cast<size_t>(field - begin_);
    found_.description = std::move(description);
    for (const Step& step : path_) {
      if (!found_.field_path.empty()) found_.field_path += '.';
      found_.field_path += step.to_text();
    }
    return true;
  }

  const uint8_t* begin_;
  Pace& pace_;
  std::vector<Step> path_;
  Violation found_;
};

}  // namespace

Error Violation::to_error() const {
  const std::string_view subject =
      field_path.empty() ? "the request" : std::string_view(field_path);
  return {Code::kInvalidArgument,
          fmt::format("{} {} (byte {})", subject, description, byte_offset)};
}

std::optional<Violation> find_violation(Signal signal, std::span<const uint8_t> message,
                                        const AdmitOptions& options) {
  if (message.size() > wire::kLengthMax) {
    return Violation{Violation::Reason::kFraming, "", 0, "is larger than 2 GiB"};
  }
  Pace none;
  Search search(message, options.pace == nullptr ? none : *options.pace);
  const int depth = std::clamp(options.depth_max, 10, 1000);
  if (!search.in_message(request_of(signal), message, depth)) return std::nullopt;
  return search.take();
}

}  // namespace millrace::otlp
