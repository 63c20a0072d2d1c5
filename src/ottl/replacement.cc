#include "ottl/replacement.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "ottl/characters.h"
#include "ottl/value.h"
#include "wire/utf8.h"

namespace millrace::ottl {
namespace {

bool is_name_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

// The number of a group; one that the pattern does not have is empty.
int find_group(std::string_view name, const re2::RE2& pattern) {
  int number = 0;
  const auto read = std::from_chars(name.data(), name.data() + name.size(), number);
  if (read.ec == std::errc() && read.ptr == name.data() + name.size()) {
    return std::min(number, pattern.NumberOfCapturingGroups() + 1);
  }
  const auto& named = pattern.NamedCapturingGroups();
  const auto found = named.find(std::string(name));
  return found == named.end() ? pattern.NumberOfCapturingGroups() + 1 : found->second;
}

}  // namespace

Template::Template(std::string_view text, const re2::RE2& pattern) {
  size_t literal_begin = 0;
  const auto end_literal = [&](size_t end) {
    if (end > literal_begin) {
      parts_.push_back({text.substr(literal_begin, end - literal_begin), -1});
    }
  };
  for (size_t i = 0; i + 1 < text.size();) {
    if (text[i] != '$') {
      i++;
      continue;
    }
    if (text[i + 1] == '$') {
      end_literal(i + 1);
      i += 2;
      literal_begin = i;
      continue;
    }
    const bool is_braced = text[i + 1] == '{';
    const size_t name_begin = i + (is_braced ? 2 : 1);
    size_t name_end = name_begin;
    while (name_end < text.size() && is_name_character(text[name_end])) name_end++;
    if (name_end == name_begin ||
        (is_braced && (name_end == text.size() || text[name_end] != '}'))) {
      i++;
      continue;
    }
    end_literal(i);
    parts_.push_back({{}, find_group(text.substr(name_begin, name_end - name_begin), pattern)});
    i = name_end + (is_braced ? 1 : 0);
    literal_begin = i;
  }
  end_literal(text.size());
}

void Template::expand(const std::vector<re2::StringPiece>& groups, std::string* out) const {
  for (const Part& part : parts_) {
    if (part.group < 0) {
      *out += part.literal;
    } else if (static_cast<size_t>(part.group) < groups.size()) {
      const re2::StringPiece& group = groups[static_cast<size_t>(part.group)];
      if (group.data() != nullptr) out->append(group.data(), group.size());
    }
    if (out->size() > Scratch::kBytesMax) return;
  }
}

// As Go does it: an empty match behind another match is none, and the search goes on one character
// further.
Evaluated<std::optional<std::string>> replace_matches(std::string_view text,
                                                      const re2::RE2& pattern,
                                                      const Template& replacement,
                                                      const Transform& transform) {
  const re2::StringPiece piece(text.data(), text.size());
  std::vector<re2::StringPiece> groups(static_cast<size_t>(pattern.NumberOfCapturingGroups()) + 1);
  std::optional<std::string> out;
  size_t copied = 0;
  for (size_t at = 0; at <= text.size();) {
    if (!pattern.Match(piece, at, text.size(), re2::RE2::UNANCHORED, groups.data(),
                       static_cast<int>(groups.size()))) {
      break;
    }
    const auto begin = static_cast<size_t>(groups[0].data() - text.data());
    const size_t end = begin + groups[0].size();
    if (!out) out.emplace();
    *out += text.substr(copied, begin - copied);
    if (end > copied || begin == 0) {
      if (transform == nullptr) {
        replacement.expand(groups, &*out);
      } else {
        std::string expanded;
        replacement.expand(groups, &expanded);
        const auto made = transform(expanded);
        if (!made) return std::unexpected(made.error());
        *out += *made;
      }
    }
    if (out->size() > Scratch::kBytesMax) return std::unexpected("the text would be too long");
    copied = end;
    const size_t step = at < text.size() ? first_character(text.substr(at)).size() : 1;
    at = std::max(end, at + step);
  }
  if (!out) return out;
  *out += text.substr(std::min(copied, text.size()));
  if (!wire::is_utf8(*out)) return std::unexpected("the pattern cuts a character");
  return out;
}

}  // namespace millrace::ottl
