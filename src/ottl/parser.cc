// Recursive descent. A bracket at the begin of a condition may open a value, `(a + 1) * 2 > b`, or
// a condition, `(a > b or c)`: it is read as a comparison first and as a condition if that fails.
// The failure that lies furthest in the text is reported, because it is where the reader's reading
// ended too.
#include "ottl/parser.h"

#include <utility>

#include "ottl/value_parser.h"

namespace millrace::ottl {
namespace {

using Kind = Expression::Kind;
using TokenKind = Token::Kind;

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : cursor_(std::move(tokens)), values_(cursor_) {}

  bool read_statement(Statement* statement);
  bool read_whole_condition(Expression* out) { return read_condition(out) && read_end(); }
  bool read_whole_value(Expression* out) { return values_.read_value(out) && read_end(); }
  const Diagnostic& failure() const { return cursor_.failure(); }

 private:
  bool read_end() {
    return cursor_.next().kind == TokenKind::kEnd ||
           cursor_.fail_expected("an operator or the end");
  }
  bool read_condition(Expression* out);
  bool read_and(Expression* out);
  bool read_not(Expression* out);
  bool read_boolean(Expression* out);
  bool read_comparison(Expression* out);

  TokenCursor cursor_;
  ValueParser values_;
};

bool Parser::read_statement(Statement* statement) {
  if (!cursor_.is_name()) return cursor_.fail_expected("the name of an editor, such as `set`");
  if (cursor_.next().begins_upper()) {
    return cursor_.refuse("a statement begins with an editor, whose name begins in lower case; \"" +
                          std::string(cursor_.next().text) + "\" is a converter");
  }
  if (!cursor_.is_call()) {
    cursor_.advance();
    return cursor_.fail_expected("\"(\" behind the name of the editor");
  }
  if (!values_.read_call(&statement->editor)) return false;
  if (!statement->editor.keys.empty()) {
    return cursor_.refuse_at(
        statement->editor.keys[0].offset,
        "the result of an editor has no elements: only paths and converters do");
  }
  if (cursor_.next().kind == TokenKind::kEnd) return true;
  if (cursor_.next().text != "where") return cursor_.fail_expected("`where` or the end");
  cursor_.advance();
  statement->has_condition = true;
  return read_condition(&statement->condition) && read_end();
}

bool Parser::read_condition(Expression* out) {
  Expression any = cursor_.begin(Kind::kOr);
  do {
    if (!read_and(&any.children.emplace_back())) return false;
  } while (cursor_.take(TokenKind::kOr));
  *out = any.children.size() == 1 ? std::move(any.children[0]) : std::move(any);
  return true;
}

bool Parser::read_and(Expression* out) {
  Expression all = cursor_.begin(Kind::kAnd);
  do {
    if (!read_not(&all.children.emplace_back())) return false;
  } while (cursor_.take(TokenKind::kAnd));
  *out = all.children.size() == 1 ? std::move(all.children[0]) : std::move(all);
  return true;
}

bool Parser::read_not(Expression* out) {
  if (cursor_.next().kind != TokenKind::kNot) return read_boolean(out);
  *out = cursor_.begin(Kind::kNot);
  cursor_.advance();
  return read_boolean(&out->children.emplace_back());
}

bool Parser::read_boolean(Expression* out) {
  const size_t begin_at = cursor_.position();
  if (read_comparison(out)) return true;
  if (cursor_.is_refused()) return false;
  cursor_.go_to(begin_at);
  if (cursor_.next().kind == TokenKind::kTrue || cursor_.next().kind == TokenKind::kFalse) {
    *out = cursor_.begin(Kind::kBool);
    out->int_value = cursor_.next().kind == TokenKind::kTrue ? 1 : 0;
    cursor_.advance();
    return true;
  }
  if (cursor_.is_call() && cursor_.next().begins_upper()) return values_.read_call(out);
  if (!cursor_.next().is('(')) return cursor_.fail_expected("a condition");
  const TokenCursor::Level level(cursor_);
  if (level.is_too_deep()) return false;
  cursor_.advance();
  return read_condition(out) && cursor_.expect(')', "behind the condition");
}

bool Parser::read_comparison(Expression* out) {
  Expression comparison = cursor_.begin(Kind::kComparison);
  if (!values_.read_value(&comparison.children.emplace_back())) return false;
  if (cursor_.next().kind != TokenKind::kComparison)
    return cursor_.fail_expected("a comparison, such as `==`");
  const std::string_view sign = cursor_.next().text;
  comparison.comparison = sign == "=="   ? Comparison::kEqual
                          : sign == "!=" ? Comparison::kNotEqual
                          : sign == "<=" ? Comparison::kLessOrEqual
                          : sign == ">=" ? Comparison::kGreaterOrEqual
                          : sign == "<"  ? Comparison::kLess
                                         : Comparison::kGreater;
  cursor_.advance();
  if (!values_.read_value(&comparison.children.emplace_back())) return false;
  *out = std::move(comparison);
  return true;
}

template <class Tree>
Result<Tree> parse(std::string_view text, bool (Parser::*read)(Tree*)) {
  auto tokens = read_tokens(text);
  if (!tokens) return fail(to_error(text, tokens.error()));
  Parser parser(std::move(*tokens));
  Tree tree;
  if (!(parser.*read)(&tree)) return fail(to_error(text, parser.failure()));
  return tree;
}

}  // namespace

Result<Statement> parse_statement(std::string_view text) {
  return parse(text, &Parser::read_statement);
}

Result<Expression> parse_condition(std::string_view text) {
  return parse(text, &Parser::read_whole_condition);
}

Result<Expression> parse_value(std::string_view text) {
  return parse(text, &Parser::read_whole_value);
}

}  // namespace millrace::ottl
