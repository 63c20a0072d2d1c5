// Text that is read: patterns, JSON, CSV, pairs, numbers, URLs, severities.
#include <algorithm>
#include <vector>

#include "ottl/arguments.h"
#include "ottl/conversion.h"
#include "ottl/converters.h"
#include "ottl/log_formats.h"
#include "ottl/map_builder.h"
#include "ottl/text_reader.h"
#include "ottl/url.h"

namespace millrace::ottl {
namespace {

using F = Function;
using V = Value::Type;
using Result = Evaluated<Value>;

constexpr size_t kCsvFieldsMax = 10'000;

Result extract_patterns(Arguments& arguments) {
  const auto pattern = arguments.pattern(1);
  if (!pattern) return error(pattern.error());
  const auto& names = (*pattern)->regex().CapturingGroupNames();
  if (names.empty()) return error("the pattern has no named group");
  const auto text = arguments.text(0);
  if (!text) return error(text.error());
  std::vector<re2::StringPiece> groups(
      static_cast<size_t>((*pattern)->regex().NumberOfCapturingGroups()) + 1);
  Map* const map = arguments.scratch().make_map();
  const bool is_prepared = arguments.call().pattern != nullptr;
  if ((*pattern)->regex().Match(as_piece(*text), 0, text->size(), re2::RE2::UNANCHORED,
                                groups.data(), static_cast<int>(groups.size()))) {
    for (const auto& [number, name] : names) {
      const re2::StringPiece& group = groups[static_cast<size_t>(number)];
      // The names of a pattern that was compiled for this call end with it.
      const std::string_view key =
          is_prepared ? std::string_view(name) : arguments.scratch().keep(name);
      map->entries.push_back({key, Value::of_string({group.data(), group.size()})});
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

Map* make_text_map(Arguments& arguments, const std::vector<std::string>& keys,
                   const std::vector<std::string>& values) {
  Scratch& scratch = arguments.scratch();
  Map* const map = scratch.make_map();
  MapBuilder builder(map, scratch);
  for (size_t i = 0; i < keys.size() && !scratch.failed(); i++) {
    builder.put(scratch.keep(keys[i]), Value::of_string(scratch.keep(values[i])));
  }
  return map;
}

Result parse_csv(Arguments& arguments) {
  const auto text = arguments.text(0);
  if (!text) return error(text.error());
  const auto header = arguments.text(1);
  if (!header) return error(header.error());
  if (header->empty()) return error("the header is empty");
  if (!arguments.scratch().charge(2 * (text->size() + header->size()))) return Value();
  const std::string_view delimiter = arguments.literal(2, ",");
  const std::string_view mode = arguments.literal(4, "strict");
  const CsvQuotes quotes = mode == "strict"       ? CsvQuotes::kStrict
                           : mode == "lazyQuotes" ? CsvQuotes::kLazy
                                                  : CsvQuotes::kIgnored;
  const auto keys =
      split_csv(*header, arguments.literal(3, delimiter), CsvQuotes::kIgnored, kCsvFieldsMax);
  if (!keys) return error("the header has too many fields");
  const auto fields = split_csv(*text, delimiter, quotes, keys->size());
  if (!fields || fields->size() != keys->size()) {
    return error("the text is no row of CSV with " + std::to_string(keys->size()) + " fields");
  }
  return Value::of_map(make_text_map(arguments, *keys, *fields));
}

Result parse_key_value(Arguments& arguments) {
  const auto text = arguments.text(0);
  if (!text) return error(text.error());
  if (text->empty()) return error("the text is empty");
  if (!arguments.scratch().charge(2 * text->size())) return Value();
  const std::string_view delimiter = arguments.literal(1, "=");
  const auto pairs = split_outside_quotes(*text, arguments.literal(2, " "));
  if (!pairs) return error("a quote is never closed");
  std::vector<std::string> keys;
  std::vector<std::string> values;
  for (const std::string& pair : *pairs) {
    const size_t at = pair.find(delimiter);
    if (at == std::string::npos) return error("a pair has no delimiter");
    keys.emplace_back(trim_blanks(std::string_view(pair).substr(0, at)));
    values.emplace_back(trim_blanks(std::string_view(pair).substr(at + delimiter.size())));
  }
  return Value::of_map(make_text_map(arguments, keys, values));
}

Result to_key_value_string(Arguments& arguments) {
  const auto map = arguments.value(0, V::kMap);
  if (!map) return map;
  const std::string_view delimiter = arguments.literal(1, "=");
  const std::string_view pair_delimiter = arguments.literal(2, " ");
  const auto quoted = [&](std::string_view text) {
    std::string out;
    const bool needs_quotes = text.contains(pair_delimiter) || text.contains(delimiter);
    if (needs_quotes) out += '"';
    for (const char c : text) out += c == '"' ? "\\\"" : std::string(1, c);
    if (needs_quotes) out += '"';
    return out;
  };
  std::vector<std::pair<std::string_view, std::string>> pairs;
  for_each_entry(*map, [&](std::string_view key, const Value& value) {
    std::string pair = quoted(key) + std::string(delimiter) + quoted(attribute_text(value));
    if (!arguments.scratch().charge(2 * pair.size())) return false;
    pairs.emplace_back(key, std::move(pair));
    return true;
  });
  if (arguments.flag(3, false)) {
    std::ranges::sort(pairs, {}, [](const auto& pair) { return pair.first; });
  }
  std::string text;
  for (const auto& [key, pair] : pairs) {
    if (&pair != &pairs[0].second) text += pair_delimiter;
    text += pair;
  }
  return arguments.keep(std::move(text));
}

Result read_int(Arguments& arguments) {
  const auto text = arguments.text(0);
  if (!text) return error(text.error());
  const auto base = arguments.value(1, V::kInt);
  if (!base) return base;
  const auto number = parse_int(*text, base->number);
  if (!number) return error("the text is no integer of base " + std::to_string(base->number));
  return Value::of_int(*number);
}

Result read_query(Arguments& arguments, std::string_view query) {
  Scratch& scratch = arguments.scratch();
  Map* const parameters = scratch.make_map();
  MapBuilder builder(parameters, scratch);
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    if (pair.contains(';')) return error("the query has a semicolon");
    if (pair.empty()) continue;
    const size_t equal = pair.find('=');
    auto key = unescape_text(pair.substr(0, equal), UrlPart::kQuery);
    auto value = unescape_text(equal == std::string_view::npos ? "" : pair.substr(equal + 1),
                               UrlPart::kQuery);
    if (!key || !value) return error("the query has a wrong escape");
    Value* const values = builder.put(scratch.keep(std::move(*key)));
    if (values == nullptr || !scratch.charge(2 * sizeof(Value))) break;
    if (values->is_nil()) *values = Value::of_list(scratch.make_list());
    values->list->elements.push_back(arguments.keep(std::move(*value)));
  }
  Map* const map = scratch.make_map();
  if (!parameters->entries.empty()) map->entries.push_back({"query", Value::of_map(parameters)});
  return Value::of_map(map);
}

// The attributes of the semantic conventions.
Result read_url(Arguments& arguments) {
  const auto text = arguments.text(0);
  if (!text) return error(text.error());
  if (text->empty()) return error("the URL is empty");
  if (text->starts_with('?')) return read_query(arguments, text->substr(1));
  auto url = parse_url(*text);
  if (!url) return error("the text is no URL");
  Map* const map = arguments.scratch().make_map();
  const auto add = [&](std::string_view key, const Value& value) {
    map->entries.push_back({key, value});
  };
  const auto add_text = [&](std::string_view key, std::string value) {
    if (!value.empty()) add(key, arguments.keep(std::move(value)));
  };
  const size_t point = url->path.rfind('.');
  if (point != std::string::npos) add_text("url.extension", url->path.substr(point + 1));
  add("url.original", arguments.keep(std::move(url->text)));
  add("url.domain", arguments.keep(std::move(url->host)));
  add("url.scheme", arguments.keep(std::move(url->scheme)));
  add("url.path", arguments.keep(std::move(url->path)));
  if (!url->port.empty()) {
    const auto port = parse_int(url->port, 10);
    if (!port) return error("the port is too large");
    add("url.port", Value::of_int(*port));
  }
  add_text("url.fragment", std::move(url->fragment));
  if (url->user_info) add("url.user_info", arguments.keep(std::move(*url->user_info)));
  add_text("url.username", std::move(url->user));
  if (url->password) add("url.password", arguments.keep(std::move(*url->password)));
  add_text("url.query", std::move(url->query));
  return Value::of_map(map);
}

// Whether a criterion of a severity holds: {"equals": ["err"]}, {"range": {"min": 400, "max": 499}}
// or {"range": "4xx"}.
Evaluated<bool> matches_criterion(const Value& value, const Value& criterion) {
  if (!criterion.is(V::kMap)) return error("a criterion must be a map");
  bool matches = false;
  if (const auto equals = find_entry(criterion, "equals")) {
    if (!equals->is(V::kList)) return error("equals must be a list");
    for_each_element(*equals, [&](const Value& element) {
      matches |= value.is(V::kString) && element.is(V::kString) && element.text == value.text;
      return true;
    });
  }
  const auto range = find_entry(criterion, "range");
  if (!range) return matches;
  int64_t low = 0;
  int64_t high = 0;
  const bool is_class = range->is(V::kString) && range->text.size() == 3 &&
                        range->text.ends_with("xx") && range->text[0] >= '2' &&
                        range->text[0] <= '5';
  if (is_class) {
    low = (range->text[0] - '0') * 100;
    high = low + 99;
  } else if (range->is(V::kMap)) {
    const auto min = find_entry(*range, "min");
    const auto max = find_entry(*range, "max");
    if (!min || !max || !min->is(V::kInt) || !max->is(V::kInt)) {
      return error("a range needs the integers min and max");
    }
    low = min->number;
    high = max->number;
  } else {
    return error("a range is a map with min and max, or 2xx, 3xx, 4xx or 5xx");
  }
  return matches || (value.is(V::kInt) && value.number >= low && value.number <= high);
}

Result parse_severity(Arguments& arguments) {
  const auto value = arguments.value(0);
  if (!value) return value;
  if (!arguments.node(1).is_constant()) return error("the mapping must be written as a map");
  const auto mapping = arguments.value(1, V::kMap);
  if (!mapping) return mapping;
  std::optional<std::string_view> found;
  std::optional<std::string> wrong;
  for_each_entry(*mapping, [&](std::string_view level, const Value& criteria) {
    if (!criteria.is(V::kList)) wrong = "the criteria of a severity must be a list";
    if (wrong) return false;
    for_each_element(criteria, [&](const Value& criterion) {
      const auto matches = matches_criterion(*value, criterion);
      if (!matches) wrong = matches.error();
      if (matches && *matches && !found) found = level;
      return !wrong;
    });
    return !wrong;
  });
  if (wrong) return error(std::move(*wrong));
  if (!found) return error("no severity matches");
  return Value::of_string(*found);
}

// A line of a log format.
template <class Read>
Result read_line(Arguments& arguments, const Read& read) {
  const auto text = arguments.text(0);
  if (!text) return error(text.error());
  if (text->empty()) return error("the text is empty");
  return read(*text);
}

Result parse_clf(Arguments& arguments) {
  const bool is_combined = arguments.literal(1, "clf") == "combined";
  return read_line(arguments, [&](std::string_view line) {
    return read_clf(line, is_combined ? ClfForm::kCombined : ClfForm::kCommon, arguments.scratch());
  });
}

template <Evaluated<Value> (*kRead)(std::string_view, Scratch&)>
Result parse_line(Arguments& arguments) {
  return read_line(arguments,
                   [&](std::string_view line) { return kRead(line, arguments.scratch()); });
}

constexpr ConverterRow kConverters[] = {
    {F::kParseCLF, parse_clf},
    {F::kParseCEF, parse_line<read_cef>},
    {F::kParseLEEF, parse_line<read_leef>},
    {F::kParseELF, parse_line<read_elf>},
    {F::kExtractPatterns, extract_patterns},
    {F::kParseJSON, read_json},
    {F::kParseCSV, parse_csv},
    {F::kParseKeyValue, parse_key_value},
    {F::kToKeyValueString, to_key_value_string},
    {F::kParseInt, read_int},
    {F::kURL, read_url},
    {F::kParseSeverity, parse_severity},
};

}  // namespace

std::span<const ConverterRow> parse_converters() { return kConverters; }

}  // namespace millrace::ottl
