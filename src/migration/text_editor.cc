#include "migration/text_editor.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <tuple>

#include "base/json_string.h"
#include "config/print.h"
#include "yaml/parse.h"
#include "yaml/scalar.h"

namespace millrace::migration {
namespace {

using yaml::Node;

struct Line {
  std::string text;
  bool is_removed = false;
  std::vector<std::string> above;  // comments, then added lines
  std::vector<std::string> below;
};

std::vector<Line> split(std::string_view text) {
  std::vector<Line> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.push_back({.text = std::string(text.substr(0, end)), .above = {}, .below = {}});
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  return lines;
}

size_t indent_of(std::string_view line) {
  return std::min(line.find_first_not_of(' '), line.size());
}

bool is_blank_or_comment(std::string_view line) {
  const size_t at = line.find_first_not_of(" \t\r");
  return at == std::string_view::npos || line[at] == '#';
}

std::string print_yaml(const Node& node) {
  return config::print(node, config::Diagnostics(), config::PrintFormat::kYaml,
                       config::SecretMode::kUnredacted);
}

// In one line; JSON is YAML.
std::string print_flow(const Node& node) {
  const std::string json = config::print(node, config::Diagnostics(), config::PrintFormat::kJson,
                                         config::SecretMode::kUnredacted);
  std::string line;
  for (size_t at = 0; at < json.size(); ++at) {
    if (json[at] != '\n') {
      line += json[at];
      continue;
    }
    at = std::min(json.find_first_not_of(" \n", at), json.size()) - 1;
    if (line.ends_with(',')) line += ' ';
  }
  return line;
}

// A word that is read back as that text, also among brackets.
std::string word(std::string_view text) {
  const auto is_plain = [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '/' || c == '-' || c == '.' || c == ':';
  };
  const bool needs_quotes = text.empty() || !std::ranges::all_of(text, is_plain) ||
                            std::isalpha(static_cast<unsigned char>(text[0])) == 0 ||
                            text.ends_with(':') || yaml::to_boolean(text) || text == "null";
  return needs_quotes ? json_string(text) : std::string(text);
}

class TextEditor {
 public:
  explicit TextEditor(std::string_view text)
      : lines_(split(text)), end_of_line_(text.contains("\r\n") ? "\r\n" : "\n") {}

  bool apply(const Edit& edit) {
    if (edit.kind == Edit::Kind::kAddEntry) return add(edit);
    Line* const line = line_at(edit.place);
    if (line == nullptr) return false;
    const size_t column = static_cast<size_t>(edit.place.column) - 1;
    const size_t size = size_of_word(line->text, column, edit.before);
    if (size == 0) return false;
    if (!edit.note.empty()) add_note(*line, edit.note);
    switch (edit.kind) {
      case Edit::Kind::kReplace:
        line->text.replace(column, size, word(edit.after));
        return true;
      case Edit::Kind::kRemoveEntry:
        if (!is_first_word(line->text, column)) return remove_from_flow(line->text, column, size);
        remove_block(static_cast<size_t>(edit.place.line) - 1, column);
        return true;
      case Edit::Kind::kRemoveElement:
        if (!is_behind_dash(line->text, column)) return remove_from_flow(line->text, column, size);
        line->is_removed = true;
        return true;
      case Edit::Kind::kAddEntry:
        break;
    }
    return false;
  }

  std::string text() const {
    std::string text;
    const auto append = [&](const std::string& line) { text += line + end_of_line_; };
    for (const Line& line : lines_) {
      for (const std::string& above : line.above) append(above);
      // The line has its carriage return still.
      if (!line.is_removed) text += line.text + "\n";
      for (const std::string& below : line.below) append(below);
    }
    return text;
  }

 private:
  Line* line_at(const yaml::Place& place) {
    if (place.line < 1 || place.column < 1) return nullptr;
    const size_t index = static_cast<size_t>(place.line) - 1;
    return index < lines_.size() ? &lines_[index] : nullptr;
  }

  // How many bytes the word takes with its quotes; 0: another word is there.
  static size_t size_of_word(std::string_view line, size_t column, std::string_view expected) {
    if (column >= line.size()) return 0;
    const std::string_view rest = line.substr(column);
    const char quote = rest[0];
    if (quote != '"' && quote != '\'') return rest.starts_with(expected) ? expected.size() : 0;
    const size_t size = expected.size() + 2;
    const bool is_there =
        rest.substr(1).starts_with(expected) && rest.size() >= size && rest[size - 1] == quote;
    return is_there ? size : 0;
  }

  static bool is_first_word(std::string_view line, size_t column) {
    return line.substr(0, column).find_first_not_of(' ') == std::string_view::npos;
  }
  static bool is_behind_dash(std::string_view line, size_t column) {
    const size_t indent = indent_of(line);
    return indent < column && line[indent] == '-' &&
           line.substr(indent + 1, column - indent - 1).find_first_not_of(' ') ==
               std::string_view::npos;
  }

  void add_note(Line& line, const std::string& note) {
    std::string comment = comment_line(indent_of(line.text), note);
    if (std::ranges::find(line.above, comment) == line.above.end()) {
      line.above.insert(line.above.begin(), std::move(comment));
    }
  }

  // The key and everything below it, without the blank lines and comments behind.
  void remove_block(size_t first, size_t column) {
    size_t end = first + 1;
    for (size_t at = first + 1; at < lines_.size(); ++at) {
      const std::string_view line = lines_[at].text;
      if (is_blank_or_comment(line)) continue;
      const size_t indent = indent_of(line);
      const bool is_list_of_key = indent == column && line.substr(indent, 2) == "- ";
      if (indent <= column && !is_list_of_key) break;
      end = at + 1;
    }
    for (size_t at = first; at < end; ++at) lines_[at].is_removed = true;
  }

  // [a, b]: the element with the comma behind it, or else the one before it.
  static bool remove_from_flow(std::string& line, size_t column, size_t size) {
    size_t end = column + size;
    int depth = 0;
    char quote = 0;
    for (; end < line.size(); ++end) {
      const char c = line[end];
      if (quote != 0) {
        if (c == quote) quote = 0;
      } else if (c == '"' || c == '\'') {
        quote = c;
      } else if (c == '{' || c == '[') {
        ++depth;
      } else if (c == '}' || c == ']') {
        if (depth == 0) break;
        --depth;
      } else if (c == ',' && depth == 0) {
        break;
      }
    }
    if (depth != 0 || quote != 0) return false;
    size_t begin = column;
    if (end < line.size() && line[end] == ',') {
      end = std::min(line.find_first_not_of(' ', end + 1), line.size());
    } else {
      const size_t before = line.find_last_not_of(' ', column - 1);
      if (column > 0 && before != std::string::npos && line[before] == ',') begin = before;
    }
    line.erase(begin, end - begin);
    return true;
  }

  // Lines with that indentation for "key: value".
  static std::vector<std::string> block_lines(const Edit& edit, size_t indent) {
    std::vector<std::string> lines;
    if (!edit.note.empty()) {
      lines.push_back(comment_line(indent, edit.note));
    }
    for (Line& line : split(print_yaml(mapping_node(edit.key, edit.value)))) {
      lines.push_back(std::string(indent, ' ') + line.text);
    }
    return lines;
  }

  bool add(const Edit& edit) {
    Line* const key_line = line_at(edit.parent_key_place);
    if (key_line == nullptr) return false;
    if (edit.parent_is_null) {
      const size_t indent = static_cast<size_t>(edit.parent_key_place.column) - 1 + 2;
      for (std::string& line : block_lines(edit, indent))
        key_line->below.push_back(std::move(line));
      return true;
    }
    Line* const line = line_at(edit.place);
    if (line == nullptr) return false;
    const size_t column = static_cast<size_t>(edit.place.column) - 1;
    if (column < line->text.size() && line->text[column] == '{') {
      const size_t behind = line->text.find_first_not_of(' ', column + 1);
      const bool is_empty = behind != std::string::npos && line->text[behind] == '}';
      line->text.insert(column + 1, json_string(edit.key) + ": " + print_flow(edit.value) +
                                        (is_empty ? "" : ", "));
      return true;
    }
    // A block: the first key stands where the mapping begins, below its own key.
    if (line == key_line || !is_first_word(line->text, column)) return false;
    for (std::string& added : block_lines(edit, column))
      key_line->below.push_back(std::move(added));
    return true;
  }

  std::vector<Line> lines_;
  const std::string end_of_line_;
};

}  // namespace

std::string comment_line(size_t indent, std::string_view note) {
  std::string line = std::string(indent, ' ') + "# millrace: ";
  // An id may hold any character; one that ends the line would end the comment.
  for (const char c : note) {
    const auto byte = static_cast<unsigned char>(c);
    line += byte < ' ' || byte >= 0x7f ? '?' : c;
  }
  return line;
}

std::optional<std::string> edit_text(std::string_view text, const std::vector<Edit>& edits) {
  std::vector<const Edit*> ordered;
  for (const Edit& edit : edits) ordered.push_back(&edit);
  // From the end to the beginning, so that places stay right; of what is at one place the addition
  // last, because it needs the word that is there.
  std::ranges::sort(ordered, {}, [](const Edit* edit) {
    // The address is the order of the edits.
    return std::tuple(-edit->place.line, -edit->place.column, edit->kind == Edit::Kind::kAddEntry,
                      edit);
  });
  TextEditor editor(text);
  // A value behind two aliases is changed twice and written once.
  std::set<std::tuple<int, int, Edit::Kind, std::string>> done;
  for (const Edit* edit : ordered) {
    const std::string& what = edit->kind == Edit::Kind::kAddEntry ? edit->key : edit->after;
    if (!done.emplace(edit->place.line, edit->place.column, edit->kind, what).second) continue;
    if (!editor.apply(*edit)) return std::nullopt;
  }
  return editor.text();
}

}  // namespace millrace::migration
