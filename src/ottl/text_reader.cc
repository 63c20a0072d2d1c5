#include "ottl/text_reader.h"

#include <algorithm>
#include <charconv>

namespace millrace::ottl {
namespace {

class CsvReader {
 public:
  CsvReader(std::string_view text, std::string_view delimiter, bool is_lazy, size_t fields_max)
      : text_(text), delimiter_(delimiter), is_lazy_(is_lazy), fields_max_(fields_max) {}

  std::optional<std::vector<std::string>> run();

 private:
  // The rest of the line that begins at at_, without its end.
  std::string_view line() const {
    std::string_view line = text_.substr(at_, text_.find('\n', at_) - at_);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }
  bool is_at_line_end() const { return line().empty(); }
  void skip_line_end() { at_ = std::min(text_.find('\n', at_), text_.size() - 1) + 1; }
  bool read_field(std::string* field);
  bool read_plain(std::string* field);
  bool read_quoted(std::string* field);

  std::string_view text_;
  std::string_view delimiter_;
  const bool is_lazy_;
  const size_t fields_max_;
  size_t at_ = 0;
};

bool CsvReader::read_plain(std::string* field) {
  const std::string_view rest = line();
  const std::string_view content = rest.substr(0, rest.find(delimiter_));
  if (!is_lazy_ && content.contains('"')) return false;
  *field += content;
  at_ += content.size();
  return true;
}

// Behind the opening quote.
bool CsvReader::read_quoted(std::string* field) {
  while (true) {
    const size_t quote = text_.find('"', at_);
    for (size_t i = at_; i < std::min(quote, text_.size()); i++) {
      const bool is_line_end = text_.substr(i).starts_with("\r\n");
      if (!is_line_end) *field += text_[i];
    }
    if (quote == std::string_view::npos) {
      at_ = text_.size();
      if (is_lazy_ && field->ends_with('\n')) field->pop_back();
      return is_lazy_;
    }
    at_ = quote + 1;
    if (text_.substr(at_).starts_with('"')) {
      *field += '"';
      at_++;
    } else if (is_at_line_end() || line().starts_with(delimiter_)) {
      return true;
    } else if (is_lazy_) {
      *field += '"';
    } else {
      return false;
    }
  }
}

bool CsvReader::read_field(std::string* field) {
  if (!line().starts_with('"')) return read_plain(field);
  at_++;
  return read_quoted(field);
}

std::optional<std::vector<std::string>> CsvReader::run() {
  std::vector<std::string> fields;
  bool continues = false;  // the next field is the rest of the last one
  while (at_ < text_.size()) {
    if (is_at_line_end()) {
      skip_line_end();
      continue;
    }
    std::string first;
    if (!read_field(&first)) return std::nullopt;
    if (continues) {
      fields.back() += "\n" + first;
    } else {
      fields.push_back(std::move(first));
    }
    while (!is_at_line_end()) {
      at_ += delimiter_.size();
      if (fields.size() == fields_max_) return std::nullopt;
      if (!read_field(&fields.emplace_back())) return std::nullopt;
    }
    if (at_ < text_.size()) skip_line_end();
    continues = true;
  }
  if (fields.empty() || fields.size() > fields_max_) return std::nullopt;
  return fields;
}

}  // namespace

std::optional<std::vector<std::string>> split_csv(std::string_view text, std::string_view delimiter,
                                                  CsvQuotes quotes, size_t fields_max) {
  if (quotes != CsvQuotes::kIgnored) {
    return CsvReader(text, delimiter, quotes == CsvQuotes::kLazy, fields_max).run();
  }
  std::vector<std::string> fields;
  while (fields.size() < fields_max) {
    const size_t end = text.find(delimiter);
    fields.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return fields;
    text.remove_prefix(end + delimiter.size());
  }
  return std::nullopt;
}

std::optional<std::vector<std::string>> split_outside_quotes(std::string_view text,
                                                             std::string_view delimiter) {
  std::vector<std::string> parts;
  std::string part;
  char quote = 0;
  bool is_escaped = false;
  const auto end_part = [&] {
    if (!part.empty()) parts.push_back(std::move(part));
    part.clear();
  };
  for (size_t i = 0; i < text.size(); i++) {
    if (quote == 0 && text.substr(i).starts_with(delimiter)) {
      end_part();
      i += delimiter.size() - 1;
      continue;
    }
    if (!is_escaped) {
      if (quote == 0 && (text[i] == '"' || text[i] == '\'')) {
        quote = text[i];
        continue;
      }
      if (text[i] == quote) {
        quote = 0;
        continue;
      }
    }
    is_escaped = !is_escaped && text[i] == '\\';
    part += text[i];
  }
  if (quote != 0) return std::nullopt;
  end_part();
  return parts;
}

std::optional<int64_t> parse_int(std::string_view text, int64_t base) {
  const bool is_negative = text.starts_with('-');
  if (is_negative || text.starts_with('+')) text.remove_prefix(1);
  std::string digits;
  if (base == 0) {
    base = 10;
    if (text.size() > 1 && text[0] == '0') {
      const char kind = static_cast<char>(text[1] | 0x20);
      base = kind == 'x' ? 16 : kind == 'b' ? 2 : 8;
      text.remove_prefix(kind == 'x' || kind == 'b' || kind == 'o' ? 2 : 1);
    }
    if (text.starts_with('_') || text.ends_with('_') || text.contains("__")) return std::nullopt;
    std::ranges::copy_if(text, std::back_inserter(digits), [](char c) { return c != '_'; });
    text = digits;
  }
  if (base < 2 || base > 36 || text.empty() || text[0] == '-') return std::nullopt;
  uint64_t size = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, size, static_cast<int>(base));
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  const uint64_t size_max = static_cast<uint64_t>(INT64_MAX) + (is_negative ? 1 : 0);
  if (size > size_max) return std::nullopt;
  return static_cast<int64_t>(is_negative ? 0 - size : size);
}

std::string_view trim_blanks(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\n\v\f\r";
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

}  // namespace millrace::ottl
