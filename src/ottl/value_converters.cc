// Hashes, ids, parsers, lists and times.
#include <openssl/evp.h>

#include <algorithm>

#include "ottl/arguments.h"
#include "ottl/compare.h"
#include "ottl/conversion.h"
#include "ottl/converters.h"

namespace millrace::ottl {
namespace {

using F = Function;
using V = Value::Type;
using Result = Evaluated<Value>;

std::unexpected<EvaluationError> error(std::string text) {
  return std::unexpected(std::move(text));
}

Result digest(Arguments& arguments, const EVP_MD* algorithm) {
  const auto text = arguments.text(0);
  if (!text) return error(text.error());
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (EVP_Digest(text->data(), text->size(), bytes, &size, algorithm, nullptr) != 1) {
    return error("the hash is not available");
  }
  return arguments.keep(to_hex({reinterpret_cast<const char*>(bytes), size}));
}

// FNV-1a with 64 bits.
Result fnv(Arguments& arguments) {
  const auto text = arguments.text(0);
  if (!text) return error(text.error());
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : *text) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  return Value::of_int(static_cast<int64_t>(hash));
}

Result hex(Arguments& arguments) {
  const auto bytes = arguments.bytes_like(0);
  if (!bytes) return error(bytes.error());
  if (!*bytes) return Value::of_string("");
  return arguments.keep(to_hex(**bytes));
}

Result make_id(Arguments& arguments, V type) {
  const size_t size = type == V::kTraceId ? 16 : 8;
  const auto bytes = arguments.bytes_like(0);
  if (!bytes) return error(bytes.error());
  if (*bytes && (*bytes)->size() == size) {
    return Value::of_text(type, arguments.scratch().keep(std::move(**bytes)));
  }
  auto decoded = *bytes ? from_hex(**bytes) : std::nullopt;
  if (!decoded || decoded->size() != size) return error("the id has the wrong size");
  return Value::of_text(type, arguments.scratch().keep(std::move(*decoded)));
}

Result extract_patterns(Arguments& arguments) {
  const auto pattern = arguments.pattern(1);
  if (!pattern) return error(pattern.error());
  const auto& names = (*pattern)->CapturingGroupNames();
  if (names.empty()) return error("the pattern has no named group");
  const auto text = arguments.text(0);
  if (!text) return error(text.error());
  std::vector<re2::StringPiece> groups(static_cast<size_t>((*pattern)->NumberOfCapturingGroups()) +
                                       1);
  Map* const map = arguments.scratch().make_map();
  if ((*pattern)->Match(as_piece(*text), 0, text->size(), re2::RE2::UNANCHORED, groups.data(),
                        static_cast<int>(groups.size()))) {
    for (const auto& [number, name] : names) {
      const re2::StringPiece& group = groups[static_cast<size_t>(number)];
      map->entries.push_back({name, Value::of_string({group.data(), group.size()})});
    }
  }
  return Value::of_map(map);
}

Result read_json(Arguments& arguments) {
  const auto text = arguments.text(0);
  if (!text) return error(text.error());
  const auto value = parse_json(*text, arguments.scratch());
  if (!value) return error("the text is no JSON object or array");
  return *value;
}

Result coalesce(Arguments& arguments) {
  for (const Node& node : arguments.node(0).children) {
    auto value = arguments.evaluation().value_of(node);
    if (!value || !value->is_nil()) return value;
  }
  return Value();
}

Result contains_value(Arguments& arguments) {
  const auto list = arguments.value(0, V::kList);
  if (!list) return list;
  const auto item = arguments.value(1);
  if (!item) return item;
  bool is_found = false;
  for_each_element(*list, [&](const Value& element) {
    is_found = compare(element, *item, Comparison::kEqual);
    return !is_found;
  });
  return Value::of_bool(is_found);
}

Result keys_of(Arguments& arguments, bool wants_keys) {
  const auto map = arguments.value(0, V::kMap);
  if (!map) return map;
  List* const list = arguments.scratch().make_list();
  for_each_entry(*map, [&](std::string_view key, const Value& value) {
    if (!arguments.scratch().charge(2 * sizeof(Value))) return false;
    list->elements.push_back(wants_keys ? Value::of_string(key) : value);
    return true;
  });
  return Value::of_list(list);
}

Result make_duration(Arguments& arguments) {
  const auto text = arguments.text(0);
  if (!text) return error(text.error());
  const auto nanoseconds = parse_duration(*text);
  if (!nanoseconds) return error("the text is no duration");
  return Value::of_duration(*nanoseconds);
}

Result duration_in(Arguments& arguments, double unit_nanoseconds, bool is_whole) {
  const auto duration = arguments.value(0, V::kDuration);
  if (!duration) return duration;
  if (!is_whole) return Value::of_double(static_cast<double>(duration->number) / unit_nanoseconds);
  return Value::of_int(duration->number / static_cast<int64_t>(unit_nanoseconds));
}

Result unix_in(Arguments& arguments, int64_t unit_nanoseconds) {
  const auto time = arguments.value(0, V::kTime);
  if (!time) return time;
  const int64_t quotient = time->number / unit_nanoseconds;
  return Value::of_int(quotient - (time->number % unit_nanoseconds < 0 ? 1 : 0));
}

Result make_unix(Arguments& arguments) {
  const auto seconds = arguments.value(0, V::kInt);
  if (!seconds) return seconds;
  Value nanoseconds = Value::of_int(0);
  if (arguments.has(1)) {
    const auto given = arguments.value(1, V::kInt);
    if (!given) return given;
    nanoseconds = *given;
  }
  if (std::abs(seconds->number) > INT64_MAX / 1'000'000'000 - 1)
    return error("the time is too far");
  return Value::of_time(seconds->number * 1'000'000'000 + nanoseconds.number);
}

Result is_root_span(Arguments& arguments) {
  Evaluation& evaluation = arguments.evaluation();
  const Value parent =
      evaluation.item().at(Context::kSpan).read(Field::kParentSpanId, evaluation.scratch());
  return Value::of_bool(std::ranges::all_of(parent.text, [](char c) { return c == 0; }));
}

constexpr ConverterRow kConverters[] = {
    {F::kIsRootSpan, is_root_span},
    {F::kSHA256, [](Arguments& a) { return digest(a, EVP_sha256()); }},
    {F::kSHA512, [](Arguments& a) { return digest(a, EVP_sha512()); }},
    {F::kSHA1, [](Arguments& a) { return digest(a, EVP_sha1()); }},
    {F::kMD5, [](Arguments& a) { return digest(a, EVP_md5()); }},
    {F::kFNV, fnv},
    {F::kHex, hex},
    {F::kTraceID, [](Arguments& a) { return make_id(a, V::kTraceId); }},
    {F::kSpanID, [](Arguments& a) { return make_id(a, V::kSpanId); }},
    {F::kExtractPatterns, extract_patterns},
    {F::kParseJSON, read_json},
    {F::kCoalesce, coalesce},
    {F::kContainsValue, contains_value},
    {F::kKeys, [](Arguments& a) { return keys_of(a, true); }},
    {F::kValues, [](Arguments& a) { return keys_of(a, false); }},
    {F::kDuration, make_duration},
    {F::kHours, [](Arguments& a) { return duration_in(a, 3.6e12, false); }},
    {F::kMinutes, [](Arguments& a) { return duration_in(a, 6e10, false); }},
    {F::kSeconds, [](Arguments& a) { return duration_in(a, 1e9, false); }},
    {F::kMilliseconds, [](Arguments& a) { return duration_in(a, 1e6, true); }},
    {F::kMicroseconds, [](Arguments& a) { return duration_in(a, 1e3, true); }},
    {F::kNanoseconds, [](Arguments& a) { return duration_in(a, 1, true); }},
    {F::kUnix, make_unix},
    {F::kUnixNano, [](Arguments& a) { return unix_in(a, 1); }},
    {F::kUnixMicro, [](Arguments& a) { return unix_in(a, 1'000); }},
    {F::kUnixMilli, [](Arguments& a) { return unix_in(a, 1'000'000); }},
    {F::kUnixSeconds, [](Arguments& a) { return unix_in(a, 1'000'000'000); }},
};

}  // namespace

std::span<const ConverterRow> value_converters() { return kConverters; }

}  // namespace millrace::ottl
