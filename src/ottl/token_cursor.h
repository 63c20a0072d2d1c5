// A place in the tokens of a text, the failure found so far and the depth of brackets: what the
// parsers of values and of conditions share.
//
// One thread. Functions that return bool return false when they fail.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ottl/diagnostic.h"
#include "ottl/lexer.h"
#include "ottl/syntax.h"

namespace millrace::ottl {

class TokenCursor {
 public:
  explicit TokenCursor(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  const Token& next() const { return tokens_[at_]; }
  const Token& ahead(size_t count) const {
    return tokens_[std::min(at_ + count, tokens_.size() - 1)];
  }
  size_t position() const { return at_; }
  void go_to(size_t position) { at_ = position; }
  void advance(size_t count = 1) { at_ += count; }
  bool take(char sign);
  bool take(Token::Kind kind);
  bool expect(char sign, std::string_view behind);

  bool is_name() const;  // of a path, an editor or a converter
  bool is_call() const { return is_name() && ahead(1).is('('); }

  // Always false. A failure further in the text replaces one before it.
  bool fail(std::string message);
  bool fail_expected(const std::string& what);
  // A failure that no other reading of the text can repair.
  bool refuse(std::string message) { return refuse_at(next().offset, std::move(message)); }
  bool refuse_at(uint32_t offset, std::string message);
  bool is_refused() const { return is_refused_; }
  const Diagnostic& failure() const { return failure_; }

  // An expression of this kind that begins here.
  Expression begin(Expression::Kind kind) const;
  bool read_string(std::string* out);

  // Counts a level of brackets while it lives.
  class Level {
   public:
    explicit Level(TokenCursor& cursor) : cursor_(cursor) { cursor_.depth_++; }
    ~Level() { cursor_.depth_--; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;
    // Also refuses the text.
    bool is_too_deep() const;

   private:
    TokenCursor& cursor_;
  };

 private:
  std::vector<Token> tokens_;
  size_t at_ = 0;
  size_t depth_ = 0;
  bool is_refused_ = false;
  Diagnostic failure_;
};

}  // namespace millrace::ottl
