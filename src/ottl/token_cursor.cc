#include "ottl/token_cursor.h"

namespace millrace::ottl {
namespace {

std::string shown(const Token& token) {
  if (token.kind == Token::Kind::kEnd) return "the end";
  if (token.kind == Token::Kind::kString) return "a string";
  return "\"" + std::string(token.text.substr(0, 64)) + "\"";
}

}  // namespace

bool TokenCursor::take(char sign) {
  if (!next().is(sign)) return false;
  at_++;
  return true;
}

bool TokenCursor::take(Token::Kind kind) {
  if (next().kind != kind) return false;
  at_++;
  return true;
}

bool TokenCursor::expect(char sign, std::string_view behind) {
  return take(sign) || fail_expected("\"" + std::string(1, sign) + "\" " + std::string(behind));
}

bool TokenCursor::is_name() const {
  const Token::Kind kind = next().kind;
  return kind == Token::Kind::kLowerName || kind == Token::Kind::kUpperName ||
         kind == Token::Kind::kMixedName;
}

bool TokenCursor::fail(std::string message) {
  if (is_refused_) return false;
  if (failure_.message.empty() || next().offset > failure_.offset) {
    failure_ = {next().offset, std::move(message)};
  }
  return false;
}

bool TokenCursor::fail_expected(const std::string& what) {
  std::string message = "expected " + what + ", found " + shown(next());
  const std::string_view text = next().text;
  if (text == "AND" || text == "OR" || text == "NOT" || text == "WHERE") {
    message += "; operators are written in lower case";
  } else if (text == "NULL" || text == "null" || text == "NIL") {
    message += "; an absent value is written `nil`";
  } else if (text == "=") {
    message += "; equality is written `==`";
  }
  return fail(std::move(message));
}

bool TokenCursor::refuse_at(uint32_t offset, std::string message) {
  if (!is_refused_) failure_ = {offset, std::move(message)};
  is_refused_ = true;
  return false;
}

Expression TokenCursor::begin(Expression::Kind kind) const {
  Expression expression;
  expression.kind = kind;
  expression.offset = next().offset;
  return expression;
}

bool TokenCursor::read_string(std::string* out) {
  auto text = unquote(next());
  if (!text) return refuse_at(text.error().offset, std::move(text.error().message));
  *out = std::move(*text);
  at_++;
  return true;
}

bool TokenCursor::Level::is_too_deep() const {
  if (cursor_.depth_ <= kDepthMax) return false;
  cursor_.refuse("more than " + std::to_string(kDepthMax) + " levels of brackets");
  return true;
}

}  // namespace millrace::ottl
