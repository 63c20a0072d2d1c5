// The W3C's Extended Log File Format: directives that begin with "#", and lines of data whose
// fields the last "#Fields" names.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "ottl/log_formats.h"
#include "ottl/map_builder.h"
#include "ottl/text_case.h"
#include "ottl/text_reader.h"

namespace millrace::ottl {
namespace {

std::unexpected<std::string> error(std::string text) { return std::unexpected(std::move(text)); }

struct Directive {
  std::string name;  // in lower case
  std::string_view value;
};

// "#Name: value"; nothing without a colon.
std::optional<Directive> read_directive(std::string_view line) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  return Directive{to_lower_case(trim_blanks(line.substr(1, colon - 1))),
                   trim_blanks(line.substr(colon + 1))};
}

// The attribute of a directive; empty: it is not kept.
std::string_view attribute_of(std::string_view directive) {
  static constexpr std::pair<std::string_view, std::string_view> kKept[] = {
      {"version", "elf.version"},       {"software", "elf.software"}, {"date", "elf.date"},
      {"start-date", "elf.start_date"}, {"end-date", "elf.end_date"}, {"remark", "elf.remark"}};
  const auto found =
      std::ranges::find(kKept, directive, [](const auto& kept) { return kept.first; });
  return found == std::end(kKept) ? std::string_view() : found->second;
}

// Values between blanks; "" inside of a quoted one is a quote. Nothing: a quote is never closed.
std::optional<std::vector<std::string>> split_values(std::string_view line) {
  std::vector<std::string> values;
  while (true) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    if (line.empty()) return values;
    if (line[0] != '"') {
      const std::string_view value = line.substr(0, line.find_first_of(" \t"));
      values.emplace_back(value);
      line.remove_prefix(value.size());
      continue;
    }
    std::string& value = values.emplace_back();
    bool is_closed = false;
    size_t i = 1;
    for (; i < line.size() && !is_closed; i++) {
      const bool is_doubled = line[i] == '"' && line.substr(i + 1).starts_with('"');
      is_closed = line[i] == '"' && !is_doubled;
      if (is_doubled) i++;
      if (!is_closed) value += line[i];
    }
    if (!is_closed) return std::nullopt;
    line.remove_prefix(i);
  }
}

std::vector<std::string_view> split_words(std::string_view text) {
  std::vector<std::string_view> words;
  while (!(text = trim_blanks(text)).empty()) {
    words.push_back(text.substr(0, text.find_first_of(" \t\v\f")));
    text.remove_prefix(words.back().size());
  }
  return words;
}

}  // namespace

Evaluated<Value> read_elf(std::string_view text, Scratch& scratch) {
  Map* const map = scratch.make_map();
  MapBuilder builder(map, scratch);
  List* const entries = scratch.make_list();
  std::vector<std::string_view> fields;
  while (!text.empty() && !scratch.failed()) {
    const std::string_view line = text.substr(0, text.find_first_of("\r\n"));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::string_view content = trim_blanks(line);
    if (content.empty()) continue;
    if (content[0] == '#') {
      const auto directive = read_directive(content);
      const bool is_fields = to_lower_case(trim_blanks(content.substr(1))).starts_with("fields");
      if (!directive && is_fields) return error("#Fields has no colon");
      if (!directive) continue;
      const std::string_view attribute = attribute_of(directive->name);
      if (directive->name == "fields") fields = split_words(directive->value);
      if (!attribute.empty()) builder.put(attribute, Value::of_string(directive->value));
      continue;
    }
    if (fields.empty()) return error("there is data before #Fields");
    const auto values = split_values(content);
    if (!values) return error("a quote is never closed");
    Map* const entry = scratch.make_map();
    MapBuilder entry_builder(entry, scratch);
    for (size_t i = 0; i < fields.size(); i++) {
      entry_builder.put(fields[i],
                        Value::of_string(i < values->size() ? scratch.keep((*values)[i]) : "-"));
    }
    if (scratch.charge(2 * sizeof(Value))) entries->elements.push_back(Value::of_map(entry));
  }
  if (map->find("elf.version") == nullptr) return error("#Version is missing");
  List* const names = scratch.make_list();
  for (const std::string_view field : fields) {
    if (!scratch.charge(2 * sizeof(Value))) break;
    names->elements.push_back(Value::of_string(field));
  }
  builder.put("elf.fields", Value::of_list(names));
  builder.put("elf.entries", Value::of_list(entries));
  return Value::of_map(map);
}

}  // namespace millrace::ottl
