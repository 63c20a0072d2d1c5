#include "ottl/glob.h"

#include <re2/re2.h>

#include "ottl/characters.h"
#include "ottl/syntax.h"

namespace millrace::ottl {
namespace {

class Translation {
 public:
  explicit Translation(std::string_view glob) : glob_(glob) {}

  std::expected<std::string, std::string> run();

 private:
  std::string_view take() {
    const std::string_view character = first_character(glob_.substr(at_));
    at_ += character.size();
    return character;
  }
  bool is_at_end() const { return at_ == glob_.size(); }
  void add_literal(std::string_view text) {
    regex_ += re2::RE2::QuoteMeta(re2::StringPiece(text.data(), text.size()));
  }
  const char* read_class();

  std::string_view glob_;
  size_t at_ = 0;
  std::string regex_;
};

// Behind "[". Null, or what is wrong.
const char* Translation::read_class() {
  static constexpr const char* kOpen = "\"[\" is never closed";
  regex_ += '[';
  if (!is_at_end() && glob_[at_] == '!') {
    regex_ += '^';
    at_++;
  }
  if (is_at_end()) return kOpen;
  const size_t begin = at_;
  std::string_view low = take();
  if (low != "\\" && !is_at_end() && glob_[at_] == '-') {
    at_++;
    if (is_at_end()) return kOpen;
    const std::string_view high = take();
    if (is_at_end() || take() != "]") return "a range of characters must stand alone, as in [a-z]";
    add_literal(low);
    regex_ += '-';
    add_literal(high);
    regex_ += ']';
    return nullptr;
  }
  at_ = begin;
  bool is_empty = true;
  while (!is_at_end()) {
    std::string_view character = take();
    if (character == "]") {
      regex_ += ']';
      return is_empty ? "\"[]\" names no character" : nullptr;
    }
    if (character == "\\") {
      if (is_at_end()) return kOpen;
      character = take();
    }
    add_literal(character);
    is_empty = false;
  }
  return kOpen;
}

std::expected<std::string, std::string> Translation::run() {
  regex_ = "(?s)";
  size_t open_count = 0;
  while (!is_at_end()) {
    const std::string_view character = take();
    if (character == "*") {
      regex_ += regex_.ends_with(".*") ? "" : ".*";
    } else if (character == "?") {
      regex_ += '.';
    } else if (character == "[") {
      if (const char* const wrong = read_class()) return std::unexpected(wrong);
    } else if (character == "{") {
      if (++open_count > kDepthMax) return std::unexpected("too many \"{\" in one another");
      regex_ += "(?:";
    } else if (character == "}" && open_count > 0) {
      open_count--;
      regex_ += ')';
    } else if (character == "," && open_count > 0) {
      regex_ += '|';
    } else if (character == "\\" && !is_at_end()) {
      add_literal(take());
    } else {
      add_literal(character);
    }
  }
  // An open "{" ends with the pattern.
  regex_.append(open_count, ')');
  return std::move(regex_);
}

}  // namespace

std::expected<std::string, std::string> glob_to_regex(std::string_view glob) {
  return Translation(glob).run();
}

}  // namespace millrace::ottl
