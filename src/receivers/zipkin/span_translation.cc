#include "receivers/zipkin/span_translation.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "receivers/zipkin/attribute_writer.h"
#include "receivers/zipkin/tag_names.h"
#include "span_output/attribute_writer.h"

namespace millrace::receivers::zipkin {
namespace {

using otlp::json::Output;
using span_output::write_boolean_attribute;
using span_output::write_fixed64;
using span_output::write_integer_attribute;
using span_output::write_string_attribute;
using span_output::write_text;
using span_output::write_varint;

// Fields of the OTLP messages, by their numbers.
constexpr uint32_t kResourceOfResourceSpans = 1;
constexpr uint32_t kScopeOfScopeSpans = 1;
constexpr uint32_t kSpansOfScopeSpans = 2;
constexpr uint32_t kAttributesOfResource = 1;
constexpr uint32_t kAttributesOfSpan = 9;
constexpr uint32_t kAttributesOfEvent = 3;
constexpr uint32_t kAttributesOfLink = 4;
// otelcol looks for so many links.
constexpr size_t kLinksMax = 128;
constexpr uint64_t kStatusError = 2;

// `tags` are sorted by their keys.
template <class Tags>
auto find(Tags& tags, std::string_view key) -> decltype(&tags.front()) {
  const auto found = std::ranges::lower_bound(tags, key, {}, &Tag::key);
  return found != tags.end() && found->key == key ? &*found : nullptr;
}
std::string_view value_of(const std::vector<Tag>& tags, std::string_view key) {
  const Tag* tag = find(tags, key);
  return tag == nullptr ? std::string_view() : tag->value;
}
// Its value; the tag is used up.
const std::string_view* take(std::vector<Tag>& tags, std::string_view key) {
  Tag* tag = find(tags, key);
  if (tag == nullptr) return nullptr;
  tag->is_used = true;
  return &tag->value;
}

// The id that `text` is in hex digits, perhaps in quotes; an id of zeros is left out, as an empty
// one.
bool write_hex_id(Output& out, uint32_t number, std::string_view text, size_t size,
                  Failure& failure) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    text = text.substr(1, text.size() - 2);
  }
  std::array<char, 16> bytes{};
  bool is_good = text.empty() || text.size() == 2 * size;
  for (size_t i = 0; is_good && i < text.size() / 2; ++i) {
    uint8_t byte = 0;
    const char* const at = text.data() + 2 * i;
    is_good = std::from_chars(at, at + 2, byte, 16).ptr == at + 2;
    bytes[i] = static_cast<char>(byte);
  }
  if (!is_good) {
    failure = {.kind = Failure::Kind::kBadData, .what = "has a link whose ids are not hex digits"};
    return false;
  }
  if (std::ranges::all_of(bytes, [](char byte) { return byte == 0; })) return true;
  return write_text(out, number, {bytes.data(), size});
}

bool parse_count(std::string_view text, uint32_t* into) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *into);
  return error == std::errc() && end == text.data() + text.size();
}

// otelcol writes what Zipkin has no field for as "…|attributes as JSON|dropped attributes". Writes
// the last two parts; `rest` is the text behind the first bars.
bool write_encoded_attributes(Output& out, uint32_t attributes_number, uint32_t dropped_number,
                              std::string_view rest, Arena& arena, Work& work, Failure& failure) {
  const size_t bar = rest.rfind('|');
  if (!write_json_attributes(out, attributes_number, rest.substr(0, bar), arena, work, failure)) {
    return false;
  }
  uint32_t dropped = 0;
  if (!parse_count(rest.substr(bar + 1), &dropped)) {
    failure = {.kind = Failure::Kind::kBadData, .what = "has a count that is no number"};
    return false;
  }
  return dropped == 0 || write_varint(out, dropped_number, dropped);
}

// "trace id|span id|trace state|attributes|dropped attributes"
bool write_link(Output& out, std::string_view text, Arena& arena, Work& work, Failure& failure) {
  if (std::ranges::count(text, '|') < 4) return true;
  if (!out.need(16)) return false;
  const Output::Mark link = out.open(13, size_t{1});
  const auto next_part = [&text] {
    const size_t bar = text.find('|');
    const std::string_view part = text.substr(0, bar);
    text.remove_prefix(bar + 1);
    return part;
  };
  if (!write_hex_id(out, 1, next_part(), 16, failure)) return false;
  if (!write_hex_id(out, 2, next_part(), 8, failure)) return false;
  if (const std::string_view state = next_part(); !state.empty() && !write_text(out, 3, state)) {
    return false;
  }
  return write_encoded_attributes(out, kAttributesOfLink, 5, text, arena, work, failure) &&
         out.close(link);
}

bool write_links(Output& out, Span& span, Arena& arena, Work& work, Failure& failure) {
  for (size_t i = 0; i < kLinksMax; ++i) {
    const std::string_view* text =
        take(span.tags.items(), std::string(kLinkPrefix) + std::to_string(i));
    if (text == nullptr) return true;
    if (!write_link(out, *text, arena, work, failure)) return false;
  }
  return true;
}

// An annotation is text, or "name|attributes|dropped attributes".
bool write_event(Output& out, const Annotation& annotation, Arena& arena, Work& work,
                 Failure& failure) {
  if (!out.need(16)) return false;
  const Output::Mark event = out.open(11, size_t{1});
  if (annotation.timestamp_us != 0 && !write_fixed64(out, 1, annotation.timestamp_us * 1000)) {
    return false;
  }
  const std::string_view value = annotation.value;
  const size_t bar = value.find('|');
  const std::string_view name = value.substr(0, bar);
  if (!name.empty() && !write_text(out, 2, name)) return false;
  const bool is_encoded = bar != std::string_view::npos && value.rfind('|') != bar;
  if (is_encoded && !write_encoded_attributes(out, kAttributesOfEvent, 4, value.substr(bar + 1),
                                              arena, work, failure)) {
    return false;
  }
  return out.close(event);
}

uint64_t kind_of(Span& span) {
  switch (span.kind) {
    case Kind::kClient:
      return 3;
    case Kind::kServer:
      return 2;
    case Kind::kProducer:
      return 4;
    case Kind::kConsumer:
      return 5;
    case Kind::kNone:
      break;
  }
  const std::string_view* said = take(span.tags.items(), kSpanKind);
  return said != nullptr && *said == "internal" ? 1 : 0;
}

bool write_status(Output& out, Span& span) {
  uint64_t code = 0;
  std::string_view message;
  if (const std::string_view* said = take(span.tags.items(), kStatusCode)) {
    if (*said == "STATUS_CODE_OK" || *said == "Ok") code = 1;
    if (*said == "STATUS_CODE_ERROR" || *said == "Error") code = kStatusError;
    if (const std::string_view* text = take(span.tags.items(), kStatusDescription)) message = *text;
  }
  if (Tag* error = find(span.tags.items(), kError)) {
    code = kStatusError;
    error->is_used = error->value == "true";
  }
  if (code == 0 && message.empty()) return true;
  if (!out.need(16)) return false;
  const Output::Mark status = out.open(15, size_t{1});
  return (message.empty() || write_text(out, 2, message)) &&
         (code == 0 || write_varint(out, 3, code)) && out.close(status);
}

// Attributes for the endpoints and a missing timestamp; each replaces a tag with the same key.
struct AddedAttributes {
  struct One {
    std::string_view key;
    std::string_view text;  // empty: the number
    int64_t number = 0;
  };
  std::array<One, 8> items;
  size_t count = 0;
  bool has_start_time_absent = false;

  explicit AddedAttributes(const Span& span) {
    add("network.local.address", address_of(span.local));
    add("net.host.port", span.local.port);
    add("service.peer.name", span.remote.service_name);
    add("network.peer.address", address_of(span.remote));
    add("net.peer.port", span.remote.port);
    has_start_time_absent = span.timestamp_us == 0 && span.tells_absence;
  }
  static std::string_view address_of(const Endpoint& endpoint) {
    return endpoint.ipv6.size != 0 ? endpoint.ipv6.text() : endpoint.ipv4.text();
  }
  void add(std::string_view key, std::string_view text) {
    if (!text.empty()) items[count++] = {.key = key, .text = text};
  }
  void add(std::string_view key, uint16_t number) {
    if (number != 0) items[count++] = {.key = key, .text = {}, .number = number};
  }
  bool has(std::string_view key) const {
    for (size_t i = 0; i < count; ++i) {
      if (items[i].key == key) return true;
    }
    return has_start_time_absent && key == kStartTimeAbsent;
  }
  bool write(Output& out) const {
    for (size_t i = 0; i < count; ++i) {
      const One& one = items[i];
      const bool fine = one.text.empty()
                            ? write_integer_attribute(out, kAttributesOfSpan, one.key, one.number)
                            : write_string_attribute(out, kAttributesOfSpan, one.key, one.text);
      if (!fine) return false;
    }
    return !has_start_time_absent ||
           write_boolean_attribute(out, kAttributesOfSpan, kStartTimeAbsent, true);
  }
};

bool write_attributes(Output& out, const Span& span, bool parse_string_tags) {
  const AddedAttributes added(span);
  const std::vector<Tag>& tags = span.tags.items();
  for (const Tag& tag : tags) {
    if (tag.is_used || !is_of_span(tag.key)) continue;
    std::string_view key = tag.key;
    if (key == kHttpStatusCode) {
      key = kHttpResponseStatusCode;
      if (find(tags, key) != nullptr) continue;
    }
    if (added.has(key)) continue;
    const bool fine = parse_string_tags
                          ? write_parsed_attribute(out, kAttributesOfSpan, key, tag.value)
                          : write_string_attribute(out, kAttributesOfSpan, key, tag.value);
    if (!fine) return false;
  }
  return added.write(out);
}

}  // namespace

void sort_tags(Span& span, Pace& pace) {
  std::vector<Tag>& tags = span.tags.items();
  // The views of equal keys lie in the order of the body or, decoded, of the arena; only the
  // position says which of two is the later one.
  uint32_t position = 0;
  for (Tag& tag : tags) tag.position = position++;
  std::ranges::sort(tags, [&pace](const Tag& a, const Tag& b) {
    pace.step(8);
    return a.key != b.key ? a.key < b.key : a.position < b.position;
  });
  size_t kept = 0;
  for (size_t i = 0; i < tags.size(); ++i) {
    if (i + 1 < tags.size() && tags[i + 1].key == tags[i].key) continue;
    tags[kept++] = tags[i];
  }
  tags.resize(kept);
}

bool write_resource(const Span& span, Output& out) {
  const std::string_view service = span.local.service_name;
  if (service.empty()) return true;
  const std::vector<Tag>& tags = span.tags.items();
  if (!out.need(16)) return false;
  const Output::Mark resource = out.open(kResourceOfResourceSpans, size_t{1});
  std::string_view name_key = value_of(tags, kServiceNameSource);
  if (name_key.empty()) name_key = kServiceName;
  const bool is_replaced =
      !is_of_span(name_key) && is_of_resource(name_key) && find(tags, name_key) != nullptr;
  if (!is_replaced && !write_string_attribute(out, kAttributesOfResource, name_key, service)) {
    return false;
  }
  for (const Tag& tag : tags) {
    if (is_of_span(tag.key) || !is_of_resource(tag.key)) continue;
    std::string_view key = tag.key;
    if (key == kFaasId) {
      key = kCloudResourceId;
      if (find(tags, key) != nullptr) continue;
    }
    if (!write_string_attribute(out, kAttributesOfResource, key, tag.value)) return false;
  }
  return out.close(resource);
}

bool write_scope(const Span& span, Output& out) {
  const std::vector<Tag>& tags = span.tags.items();
  const Tag* name = find(tags, kScopeName);
  if (name == nullptr) name = find(tags, kLibraryName);
  if (name == nullptr || name->value.empty()) return true;
  const Tag* version = find(tags, kScopeVersion);
  if (version == nullptr) version = find(tags, kLibraryVersion);
  if (!out.need(16)) return false;
  const Output::Mark scope = out.open(kScopeOfScopeSpans, size_t{1});
  return write_text(out, 1, name->value) &&
         (version == nullptr || version->value.empty() || write_text(out, 2, version->value)) &&
         out.close(scope);
}

bool write_span(Span& span, bool parse_string_tags, Output& out, Arena& arena, Work& work,
                Failure& failure) {
  if (!out.need(16)) return false;
  const Output::Mark begin = out.open(kSpansOfScopeSpans, size_t{2});
  const bool has_trace_id =
      std::ranges::any_of(span.trace_id, [](uint8_t byte) { return byte != 0; });
  if (has_trace_id && !write_text(out, 1, as_text(span.trace_id))) return false;
  if (!span_output::write_span_id(out, 2, span.id)) return false;
  const std::string_view* state = take(span.tags.items(), kTraceState);
  if (state != nullptr && !state->empty() && !write_text(out, 3, *state)) return false;
  if (span.parent_id != span.id && !span_output::write_span_id(out, 4, span.parent_id))
    return false;
  if (!span.name.empty() && !write_text(out, 5, span.name)) return false;
  if (const uint64_t kind = kind_of(span); kind != 0 && !write_varint(out, 6, kind)) return false;
  const uint64_t start = span.timestamp_us * 1000;
  const uint64_t end = start + span.duration_us * 1000;
  if (start != 0 && !write_fixed64(out, 7, start)) return false;
  if (end != 0 && !write_fixed64(out, 8, end)) return false;
  if (!write_status(out, span)) return false;
  if (!write_links(out, span, arena, work, failure)) return false;
  if (!write_attributes(out, span, parse_string_tags)) return false;
  for (const Annotation& annotation : span.annotations.items()) {
    work.pace.step(16);
    if (!write_event(out, annotation, arena, work, failure)) return false;
  }
  return out.close(begin);
}

}  // namespace millrace::receivers::zipkin
