#include "processors/redaction/redis_mask.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace millrace::processors::redaction {

namespace {

// Which arguments of a command are values, counted from 0.
struct ValueRule {
  enum class Kind : uint8_t {
    kOne,       // number `first`
    kFrom,      // all from `first` on; they become one "?"
    kEvery,     // number `first` and each `step` behind it
    kConfig,    // the second behind SET
    kBitfield,  // the third behind SET
    kScores,    // each second one behind the options
  };
  std::string_view command;
  Kind kind;
  uint8_t first = 0;
  uint8_t step = 0;
};

using Kind = ValueRule::Kind;
constexpr std::array kRules = std::to_array<ValueRule>({
    {"APPEND", Kind::kOne, 1},
    {"AUTH", Kind::kFrom, 0},
    {"BITFIELD", Kind::kBitfield},
    {"CONFIG", Kind::kConfig},
    {"GEOADD", Kind::kEvery, 3, 3},
    {"GEODIST", Kind::kFrom, 1},
    {"GEOHASH", Kind::kFrom, 1},
    {"GEOPOS", Kind::kFrom, 1},
    {"GEORADIUSBYMEMBER", Kind::kOne, 1},
    {"GETSET", Kind::kOne, 1},
    {"HMSET", Kind::kEvery, 2, 2},
    {"HSET", Kind::kEvery, 2, 2},
    {"HSETNX", Kind::kOne, 2},
    {"LINSERT", Kind::kOne, 3},
    {"LPUSH", Kind::kFrom, 1},
    {"LPUSHX", Kind::kOne, 1},
    {"LREM", Kind::kOne, 2},
    {"LSET", Kind::kOne, 2},
    {"MSET", Kind::kEvery, 1, 2},
    {"MSETNX", Kind::kEvery, 1, 2},
    {"PSETEX", Kind::kOne, 2},
    {"RESTORE", Kind::kOne, 2},
    {"RPUSH", Kind::kFrom, 1},
    {"RPUSHX", Kind::kOne, 1},
    {"SADD", Kind::kFrom, 1},
    {"SET", Kind::kOne, 1},
    {"SETBIT", Kind::kOne, 2},
    {"SETEX", Kind::kOne, 2},
    {"SETNX", Kind::kOne, 1},
    {"SETRANGE", Kind::kOne, 2},
    {"SISMEMBER", Kind::kOne, 1},
    {"SMOVE", Kind::kOne, 2},
    {"SREM", Kind::kFrom, 1},
    {"ZADD", Kind::kScores},
    {"ZINCRBY", Kind::kOne, 2},
    {"ZRANK", Kind::kOne, 1},
    {"ZREM", Kind::kFrom, 1},
    {"ZREVRANK", Kind::kOne, 1},
    {"ZSCORE", Kind::kOne, 1},
});

char to_upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 0x20) : c; }
bool is_command(std::string_view text, std::string_view upper) {
  return std::ranges::equal(text, upper, {}, to_upper);
}

// The arguments of one command, which come one after the other.
class Arguments {
 public:
  explicit Arguments(std::string_view command) {
    const auto found = std::ranges::find_if(
        kRules, [&](const ValueRule& rule) { return is_command(command, rule.command); });
    if (found != kRules.end()) rule_ = &*found;
  }

  enum class Fate : uint8_t { kKeep, kMask, kDrop };
  Fate next(std::string_view argument) {
    const size_t index = count_++;
    if (rule_ == nullptr) return Fate::kKeep;
    const size_t first = rule_->first;
    bool is_value = false;
    switch (rule_->kind) {
      case Kind::kOne:
        is_value = index == first;
        break;
      case Kind::kFrom:
        if (index > first) return Fate::kDrop;
        is_value = index == first;
        break;
      case Kind::kEvery:
        is_value = index >= first && (index - first) % rule_->step == 0;
        break;
      case Kind::kConfig:
        if (index == 0 && is_command(argument, "SET")) set_at_ = 0;
        is_value = set_at_ && index == 2;
        break;
      case Kind::kBitfield:
        if (index > 0 && is_command(argument, "SET")) set_at_ = index;
        is_value = !is_done_ && set_at_ && index - *set_at_ == 3;
        is_done_ |= is_value;
        break;
      case Kind::kScores:
        if (index > 0 && !set_at_ && !is_option(argument)) set_at_ = index;
        is_value = set_at_ && (index - *set_at_) % 2 == 1;
        break;
    }
    return is_value ? Fate::kMask : Fate::kKeep;
  }

 private:
  static bool is_option(std::string_view argument) {
    return argument == "NX" || argument == "XX" || argument == "CH" || argument == "INCR";
  }

  const ValueRule* rule_ = nullptr;
  size_t count_ = 0;
  std::optional<size_t> set_at_;  // of SET, or of the first score
  bool is_done_ = false;
};

class RedisMask {
 public:
  RedisMask(std::string_view text, ReservedText& into) : text_(text), into_(into) {}

  void run() {
    bool is_first = true;
    while (at_ < text_.size() && !into_.failed()) {
      const std::string_view command = read_command();
      if (command.empty()) continue;
      if (!is_first) into_.append('\n');
      is_first = false;
      into_.append(command);
      Arguments arguments(command);
      while (is_in_arguments_ && at_ < text_.size()) {
        const std::string_view argument = read_argument();
        const auto fate = arguments.next(argument);
        if (fate == Arguments::Fate::kDrop) continue;
        into_.append(' ');
        into_.append(fate == Arguments::Fate::kMask ? "?" : argument);
      }
      is_in_arguments_ = false;
    }
  }

 private:
  static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

  // Leaves the blanks behind a word; at a line's end the next word is a command.
  void skip_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) at_++;
    if (at_ < text_.size() && text_[at_] == '\n') {
      at_++;
      is_in_arguments_ = false;
    }
  }
  std::string_view read_command() {
    if (text_[at_] == ' ') skip_blanks();
    const size_t begin = at_;
    at_ = std::min(text_.find_first_of(" \n", at_), text_.size());
    const std::string_view command = text_.substr(begin, at_ - begin);
    if (at_ == text_.size()) return command;
    is_in_arguments_ = text_[at_] == ' ';
    if (is_in_arguments_) {
      skip_blanks();
    } else {
      at_++;
    }
    return command;
  }
  // A blank or a line's end in quotes belongs to the argument; \" ends none.
  std::string_view read_argument() {
    const size_t begin = at_;
    bool is_quoted = false;
    for (; at_ < text_.size(); at_++) {
      const char c = text_[at_];
      if (c == '\\' && at_ + 1 < text_.size() && text_[at_ + 1] != '\n' && text_[at_ + 1] != ' ') {
        at_++;
      } else if (c == '"') {
        is_quoted = !is_quoted;
      } else if ((c == ' ' || c == '\n') && !is_quoted) {
        break;
      }
    }
    const std::string_view argument = text_.substr(begin, at_ - begin);
    if (at_ == text_.size()) return argument;
    if (text_[at_] == ' ') {
      skip_blanks();
    } else {
      at_++;
      is_in_arguments_ = false;
    }
    return argument;
  }

  const std::string_view text_;
  ReservedText& into_;
  size_t at_ = 0;
  bool is_in_arguments_ = false;
};

}  // namespace

void mask_redis(std::string_view text, ReservedText& into) {
  constexpr std::string_view kBlanks = " \t\n\v\f\r";
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return;
  RedisMask(text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin), into).run();
}

}  // namespace millrace::processors::redaction
