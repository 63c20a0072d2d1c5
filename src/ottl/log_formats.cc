#include "ottl/log_formats.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "ottl/conversion.h"
#include "ottl/map_builder.h"
#include "ottl/text_reader.h"
#include "wire/utf8.h"

namespace millrace::ottl {
namespace {

std::unexpected<std::string> error(std::string text) { return std::unexpected(std::move(text)); }

// A result in the making, and the place in the line.
class Line {
 public:
  Line(std::string_view text, Scratch& scratch)
      : left_(text), scratch_(scratch), map_(scratch.make_map()), builder_(map_, scratch) {}

  std::string_view left() const { return left_; }
  bool take(std::string_view wanted) {
    if (!left_.starts_with(wanted)) return false;
    left_.remove_prefix(wanted.size());
    return true;
  }
  // Up to the character, which is taken too; nothing without it.
  std::optional<std::string_view> take_until(char end) {
    const size_t at = left_.find(end);
    if (at == std::string_view::npos) return std::nullopt;
    const std::string_view part = left_.substr(0, at);
    left_.remove_prefix(at + 1);
    return part;
  }
  // Characters that are no blanks, at least one.
  std::optional<std::string_view> take_word() {
    const std::string_view word = left_.substr(0, left_.find_first_of(" \t\n\f\r"));
    if (word.empty()) return std::nullopt;
    left_.remove_prefix(word.size());
    return word;
  }
  void put(std::string_view key, std::string_view text) { put(key, Value::of_string(text)); }
  void put(std::string_view key, const Value& value) { builder_.put(key, value); }
  // Text that was changed; an error where it is no text any more.
  bool put_made(std::string_view key, std::string text) {
    if (!wire::is_utf8(text)) return false;
    put(key, scratch_.keep(std::move(text)));
    return true;
  }
  Value finish() const { return Value::of_map(map_); }

 private:
  std::string_view left_;
  Scratch& scratch_;
  Map* map_;
  MapBuilder builder_;
};

// --- CLF.

std::optional<char> control_of(char c) {
  static constexpr std::string_view kNames = "\\\"ntrbfv";
  static constexpr std::string_view kCharacters = "\\\"\n\t\r\b\f\v";
  const size_t at = kNames.find(c);
  if (at == std::string_view::npos) return std::nullopt;
  return kCharacters[at];
}

// Apache writes \" \\ \n and \xhh; what is no escape stays.
std::string unescape_clf(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); i++) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      plain += text[i];
      continue;
    }
    const char next = text[++i];
    const auto byte = next == 'x' ? from_hex(text.substr(i + 1, 2)) : std::nullopt;
    if (const auto control = control_of(next)) {
      plain += *control;
    } else if (byte && byte->size() == 1) {
      plain += *byte;
      i += 2;
    } else {
      plain += '\\';
      plain += next;
    }
  }
  return plain;
}

// The content of "…", in which a backslash makes the next character ordinary.
std::optional<std::string> take_quoted(Line* line) {
  if (!line->take("\"")) return std::nullopt;
  const std::string_view text = line->left();
  for (size_t i = 0; i < text.size(); i++) {
    if (text[i] == '\\') {
      i++;
    } else if (text[i] == '"') {
      line->take(text.substr(0, i + 1));
      return unescape_clf(text.substr(0, i));
    }
  }
  return std::nullopt;
}

bool put_request(std::string request, Line* line) {
  const size_t first = request.find(' ');
  const size_t second = first == std::string::npos ? first : request.find(' ', first + 1);
  bool is_text = true;
  if (second != std::string::npos) {
    is_text = line->put_made("clf.method", request.substr(0, first)) &&
              line->put_made("clf.request_uri", request.substr(first + 1, second - first - 1)) &&
              line->put_made("clf.protocol", request.substr(second + 1));
  }
  return line->put_made("clf.request", std::move(request)) && is_text;
}

// --- CEF.

// A header field up to a pipe that no backslash precedes; the last one may end with the line.
std::optional<std::string> take_cef_field(Line* line, bool is_last) {
  const std::string_view text = line->left();
  std::string field;
  for (size_t i = 0; i < text.size(); i++) {
    const bool is_escape =
        text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == '|' || text[i + 1] == '\\');
    if (is_escape) {
      field += text[++i];
    } else if (text[i] == '|') {
      line->take(text.substr(0, i + 1));
      return field;
    } else {
      field += text[i];
    }
  }
  line->take(text);
  if (!is_last) return std::nullopt;
  return field;
}

std::string unescape_cef(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); i++) {
    const char next = text[i] == '\\' && i + 1 < text.size() ? text[i + 1] : '\0';
    if (next == '\\' || next == '=' || next == 'n' || next == 'r') {
      plain += next == 'n' ? '\n' : next == 'r' ? '\r' : next;
      i++;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

// The size of a key that stands before "=" here; 0: there is none.
size_t cef_key_size(std::string_view text) {
  const auto end = std::ranges::find_if_not(text, [](char c) {
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_';
  });
  return end != text.end() && *end == '=' ? static_cast<size_t>(end - text.begin()) : 0;
}

// Values may have blanks and end before the next key.
Value read_cef_extensions(std::string_view text, Scratch& scratch) {
  Map* const map = scratch.make_map();
  MapBuilder builder(map, scratch);
  std::string_view key;
  size_t value_begin = 0;
  const auto end_value = [&](size_t end) {
    std::string_view value = text.substr(value_begin, end - value_begin);
    while (value.ends_with(' ')) value.remove_suffix(1);
    if (!key.empty()) builder.put(key, Value::of_string(scratch.keep(unescape_cef(value))));
  };
  for (size_t i = 0; i < text.size();) {
    const bool may_begin = i == 0 || text[i - 1] == ' ';
    const size_t size = may_begin ? cef_key_size(text.substr(i)) : 0;
    if (size == 0) {
      i++;
      continue;
    }
    end_value(i);
    key = text.substr(i, size);
    i += size + 1;
    value_begin = i;
  }
  end_value(text.size());
  return Value::of_map(map);
}

// --- LEEF.

std::optional<std::string> leef_delimiter(std::string_view text) {
  if (text.empty()) return "\t";
  if (text.starts_with("0x") || text.starts_with("0X")) {
    auto byte = from_hex(text.substr(2));
    if (!byte || byte->size() != 1) return std::nullopt;
    return byte;
  }
  if (text.size() != 1) return std::nullopt;
  return std::string(text);
}

Value read_leef_attributes(std::string_view text, std::string_view delimiter, Scratch& scratch) {
  Map* const map = scratch.make_map();
  MapBuilder builder(map, scratch);
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find(delimiter));
    text.remove_prefix(std::min(pair.size() + delimiter.size(), text.size()));
    const size_t equal = pair.find('=');
    if (equal == std::string_view::npos || equal == 0) continue;
    builder.put(pair.substr(0, equal), Value::of_string(pair.substr(equal + 1)));
  }
  return Value::of_map(map);
}

}  // namespace

Evaluated<Value> read_clf(std::string_view text, ClfForm form, Scratch& scratch) {
  Line line(trim_blanks(text), scratch);
  for (const std::string_view key : {"clf.remote_host", "clf.rfc931", "clf.auth_user"}) {
    const auto word = line.take_word();
    if (!word || !line.take(" ")) return error("the line has no " + std::string(key.substr(4)));
    line.put(key, *word);
  }
  const auto time = line.take("[") ? line.take_until(']') : std::nullopt;
  if (!time || time->empty() || !line.take(" ")) return error("the line has no [time]");
  line.put("clf.timestamp", *time);
  auto request = take_quoted(&line);
  if (!request || !line.take(" ")) return error("the line has no \"request\"");
  if (!put_request(std::move(*request), &line)) return error("the request is no UTF-8 text");
  const auto status = line.take_word();
  const auto status_number = status ? parse_int(*status, 10) : std::nullopt;
  if (!status_number || !line.take(" ")) return error("the line has no status");
  line.put("clf.status", Value::of_int(*status_number));
  const auto bytes = line.take_word();
  const auto byte_count = bytes ? parse_int(*bytes, 10) : std::nullopt;
  if (!bytes || (!byte_count && *bytes != "-")) return error("the line has no number of bytes");
  if (byte_count) line.put("clf.bytes", Value::of_int(*byte_count));
  if (form == ClfForm::kCombined) {
    for (const std::string_view key : {"clf.referer", "clf.user_agent"}) {
      auto quoted = line.take(" ") ? take_quoted(&line) : std::nullopt;
      if (!quoted) return error("the line has no \"" + std::string(key.substr(4)) + "\"");
      if (!line.put_made(key, std::move(*quoted))) return error("a field is no UTF-8 text");
    }
  }
  if (!line.left().empty()) return error("the line has more than its fields");
  return line.finish();
}

Evaluated<Value> read_cef(std::string_view text, Scratch& scratch) {
  const size_t begin = text.find("CEF:");
  if (begin == std::string_view::npos) return error("\"CEF:\" is not there");
  Line line(text.substr(begin + 4), scratch);
  static constexpr std::string_view kKeys[] = {
      "cef.version",        "cef.device_vendor",         "cef.device_product",
      "cef.device_version", "cef.device_event_class_id", "cef.name",
      "cef.severity"};
  for (const std::string_view key : kKeys) {
    auto field = take_cef_field(&line, key == "cef.severity");
    if (!field) return error("the header has too few fields");
    line.put_made(key, std::move(*field));
  }
  if (line.finish().map->find("cef.version")->text.empty()) return error("there is no version");
  line.put("cef.extensions", read_cef_extensions(line.left(), scratch));
  return line.finish();
}

Evaluated<Value> read_leef(std::string_view text, Scratch& scratch) {
  const size_t begin = text.find("LEEF:");
  if (begin == std::string_view::npos) return error("\"LEEF:\" is not there");
  Line line(text.substr(begin + 5), scratch);
  const auto version = line.take_until('|');
  if (!version || (*version != "1.0" && *version != "2.0")) {
    return error("the version must be 1.0 or 2.0");
  }
  line.put("leef.version", *version);
  static constexpr std::string_view kKeys[] = {"leef.vendor", "leef.product.name",
                                               "leef.product.version"};
  for (const std::string_view key : kKeys) {
    const auto field = line.take_until('|');
    if (!field) return error("the header has too few fields");
    line.put(key, *field);
  }
  const std::string_view event = line.left().substr(0, line.left().find('|'));
  line.put("leef.event.id", event);
  line.take(event);
  line.take("|");
  std::string delimiter = "\t";
  const std::string_view next = line.left().substr(0, line.left().find('|'));
  // The delimiter may be left out: then an attribute stands in its place.
  if (*version == "2.0" && !next.contains('=')) {
    auto given = leef_delimiter(next);
    if (!given) return error("the delimiter must be one character or 0x and two digits");
    delimiter = std::move(*given);
    line.take(next);
    line.take("|");
  }
  line.put("leef.attributes", read_leef_attributes(line.left(), delimiter, scratch));
  return line.finish();
}

}  // namespace millrace::ottl
