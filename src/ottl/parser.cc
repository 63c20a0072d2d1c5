// Recursive descent. A bracket at the begin of a condition may open a value, `(a + 1) * 2 > b`, or
// a condition, `(a > b or c)`: it is read as a comparison first and as a condition if that fails.
// The failure that lies furthest in the text is reported, because it is where the reader's reading
// ended too.
#include "ottl/parser.h"

#include <charconv>
#include <utility>

#include "ottl/lexer.h"

namespace millrace::ottl {
namespace {

using Kind = Expression::Kind;
using TokenKind = Token::Kind;

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  bool read_statement(Statement* statement);
  bool read_whole_condition(Expression* out) { return read_condition(out) && read_end(); }
  bool read_whole_value(Expression* out) { return read_value(out) && read_end(); }
  const Diagnostic& failure() const { return failure_; }

 private:
  // Counts a level of brackets while it lives.
  class Level {
   public:
    explicit Level(Parser& parser) : parser_(parser) { parser_.depth_++; }
    ~Level() { parser_.depth_--; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;
    bool is_too_deep() const {
      if (parser_.depth_ <= kDepthMax) return false;
      parser_.refuse("more than " + std::to_string(kDepthMax) + " levels of brackets");
      return true;
    }

   private:
    Parser& parser_;
  };

  const Token& next() const { return tokens_[at_]; }
  const Token& ahead(size_t count) const {
    return tokens_[std::min(at_ + count, tokens_.size() - 1)];
  }
  bool take(char sign) {
    if (!next().is(sign)) return false;
    at_++;
    return true;
  }
  bool expect(char sign, std::string_view behind) {
    return take(sign) || fail_expected("\"" + std::string(1, sign) + "\" " + std::string(behind));
  }
  // Always false. A failure further in the text replaces one before it.
  bool fail(std::string message) {
    if (is_refused_) return false;
    if (failure_.message.empty() || next().offset > failure_.offset) {
      failure_ = {next().offset, std::move(message)};
    }
    return false;
  }
  bool fail_expected(const std::string& what);
  // A failure that no other reading of the text can repair.
  bool refuse(std::string message) { return refuse_at(next().offset, std::move(message)); }
  bool refuse_at(uint32_t offset, std::string message) {
    if (!is_refused_) failure_ = {offset, std::move(message)};
    is_refused_ = true;
    return false;
  }
  Expression begin(Kind kind) const {
    Expression expression;
    expression.kind = kind;
    expression.offset = next().offset;
    return expression;
  }

  bool read_end() {
    return next().kind == TokenKind::kEnd || fail_expected("an operator or the end");
  }
  bool read_condition(Expression* out);
  bool read_and(Expression* out);
  bool read_not(Expression* out);
  bool read_boolean(Expression* out);
  bool read_comparison(Expression* out);
  bool read_value(Expression* out);
  bool read_list(Expression* out);
  bool read_map(Expression* out);
  bool read_math(Expression* out);
  bool read_product(Expression* out);
  bool read_operand(Expression* out);
  bool read_literal(Expression* out);
  bool read_int(Expression* out);
  bool read_float(Expression* out);
  bool read_bytes(Expression* out);
  bool read_string(std::string* out);
  bool read_path(Expression* out);
  bool read_call(Expression* out);
  bool read_argument(Expression* call);
  bool read_keys(std::vector<Expression>* keys);
  bool is_call() const { return is_name(next()) && ahead(1).is('('); }
  bool is_lambda() const;
  static bool is_name(const Token& token) {
    return token.kind == TokenKind::kLowerName || token.kind == TokenKind::kUpperName ||
           token.kind == TokenKind::kMixedName;
  }

  std::vector<Token> tokens_;
  size_t at_ = 0;
  size_t depth_ = 0;
  bool is_refused_ = false;
  Diagnostic failure_;
};

std::string shown(const Token& token) {
  if (token.kind == TokenKind::kEnd) return "the end";
  if (token.kind == TokenKind::kString) return "a string";
  return "\"" + std::string(token.text.substr(0, 64)) + "\"";
}

bool Parser::fail_expected(const std::string& what) {
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

bool Parser::read_statement(Statement* statement) {
  if (!is_name(next())) return fail_expected("the name of an editor, such as `set`");
  if (next().begins_upper()) {
    return refuse("a statement begins with an editor, whose name begins in lower case; \"" +
                  std::string(next().text) + "\" is a converter");
  }
  if (!is_call()) {
    at_++;
    return fail_expected("\"(\" behind the name of the editor");
  }
  if (!read_call(&statement->editor)) return false;
  if (!statement->editor.keys.empty()) {
    return refuse_at(statement->editor.keys[0].offset,
                     "the result of an editor has no elements: only paths and converters do");
  }
  if (next().kind == TokenKind::kEnd) return true;
  if (next().text != "where") return fail_expected("`where` or the end");
  at_++;
  statement->has_condition = true;
  return read_condition(&statement->condition) && read_end();
}

bool Parser::read_condition(Expression* out) {
  Expression any = begin(Kind::kOr);
  do {
    if (!read_and(&any.children.emplace_back())) return false;
  } while (next().kind == TokenKind::kOr && (at_++, true));
  *out = any.children.size() == 1 ? std::move(any.children[0]) : std::move(any);
  return true;
}

bool Parser::read_and(Expression* out) {
  Expression all = begin(Kind::kAnd);
  do {
    if (!read_not(&all.children.emplace_back())) return false;
  } while (next().kind == TokenKind::kAnd && (at_++, true));
  *out = all.children.size() == 1 ? std::move(all.children[0]) : std::move(all);
  return true;
}

bool Parser::read_not(Expression* out) {
  if (next().kind != TokenKind::kNot) return read_boolean(out);
  *out = begin(Kind::kNot);
  at_++;
  return read_boolean(&out->children.emplace_back());
}

bool Parser::read_boolean(Expression* out) {
  const size_t begin_at = at_;
  if (read_comparison(out)) return true;
  if (is_refused_) return false;
  at_ = begin_at;
  if (next().kind == TokenKind::kTrue || next().kind == TokenKind::kFalse) {
    *out = begin(Kind::kBool);
    out->int_value = next().kind == TokenKind::kTrue ? 1 : 0;
    at_++;
    return true;
  }
  if (is_call() && next().begins_upper()) return read_call(out);
  if (!next().is('(')) return fail_expected("a condition");
  const Level level(*this);
  if (level.is_too_deep()) return false;
  at_++;
  return read_condition(out) && expect(')', "behind the condition");
}

bool Parser::read_comparison(Expression* out) {
  Expression comparison = begin(Kind::kComparison);
  if (!read_value(&comparison.children.emplace_back())) return false;
  if (next().kind != TokenKind::kComparison) return fail_expected("a comparison, such as `==`");
  const std::string_view sign = next().text;
  comparison.comparison = sign == "=="   ? Comparison::kEqual
                          : sign == "!=" ? Comparison::kNotEqual
                          : sign == "<=" ? Comparison::kLessOrEqual
                          : sign == ">=" ? Comparison::kGreaterOrEqual
                          : sign == "<"  ? Comparison::kLess
                                         : Comparison::kGreater;
  at_++;
  if (!read_value(&comparison.children.emplace_back())) return false;
  *out = std::move(comparison);
  return true;
}

bool Parser::read_value(Expression* out) {
  const Level level(*this);
  if (level.is_too_deep()) return false;
  switch (next().kind) {
    case TokenKind::kNil:
      *out = begin(Kind::kNil);
      at_++;
      return true;
    case TokenKind::kTrue:
    case TokenKind::kFalse:
      *out = begin(Kind::kBool);
      out->int_value = next().kind == TokenKind::kTrue ? 1 : 0;
      at_++;
      return true;
    case TokenKind::kString:
      *out = begin(Kind::kString);
      return read_string(&out->text);
    case TokenKind::kBytes:
      return read_bytes(out);
    case TokenKind::kUpperName:
      if (is_call()) break;
      *out = begin(Kind::kEnum);
      out->text = next().text;
      at_++;
      return true;
    case TokenKind::kSign:
      if (next().is('[')) return read_list(out);
      if (next().is('{')) return read_map(out);
      if (is_lambda()) return refuse("lambda expressions are not supported");
      break;
    default:
      break;
  }
  return read_math(out);
}

bool Parser::is_lambda() const {
  if (!next().is('(')) return false;
  size_t i = 1;
  for (; !ahead(i).is(')'); i++) {
    const Token& token = ahead(i);
    if (token.kind != TokenKind::kLowerName && !token.is('_') && !token.is(',')) return false;
  }
  return ahead(i + 1).kind == TokenKind::kArrow;
}

// The first values may stand without commas between them, as in otelcol.
bool Parser::read_list(Expression* out) {
  *out = begin(Kind::kList);
  at_++;
  while (!next().is(']') && !next().is(',')) {
    if (!read_value(&out->children.emplace_back())) return false;
  }
  while (take(',')) {
    if (!read_value(&out->children.emplace_back())) return false;
  }
  return expect(']', "behind the list");
}

bool Parser::read_map(Expression* out) {
  *out = begin(Kind::kMap);
  at_++;
  while (!next().is('}')) {
    if (next().kind != TokenKind::kString) return fail_expected("a string as key or \"}\"");
    out->name_offsets.push_back(next().offset);
    if (!read_string(&out->names.emplace_back())) return false;
    if (!expect(':', "behind the key")) return false;
    if (!read_value(&out->children.emplace_back())) return false;
    take(',');
  }
  at_++;
  return true;
}

bool Parser::read_math(Expression* out) {
  Expression sum = begin(Kind::kSum);
  char sign = '+';
  while (true) {
    sum.operators += sign;
    if (!read_product(&sum.children.emplace_back())) return false;
    if (!next().is('+') && !next().is('-')) break;
    sign = next().text[0];
    at_++;
  }
  *out = sum.children.size() == 1 ? std::move(sum.children[0]) : std::move(sum);
  return true;
}

bool Parser::read_product(Expression* out) {
  Expression product = begin(Kind::kProduct);
  char sign = '*';
  while (true) {
    product.operators += sign;
    if (!read_operand(&product.children.emplace_back())) return false;
    if (!next().is('*') && !next().is('/')) break;
    sign = next().text[0];
    at_++;
  }
  *out = product.children.size() == 1 ? std::move(product.children[0]) : std::move(product);
  return true;
}

bool Parser::read_operand(Expression* out) {
  const uint32_t offset = next().offset;
  const bool is_negative = next().is('-');
  if (is_negative || next().is('+')) at_++;
  Expression operand;
  if (next().is('(')) {
    const Level level(*this);
    if (level.is_too_deep()) return false;
    at_++;
    if (!read_math(&operand) || !expect(')', "behind the value")) return false;
  } else if (!read_literal(&operand)) {
    return false;
  }
  if (is_negative && operand.kind == Kind::kInt) {
    operand.int_value = -operand.int_value;
  } else if (is_negative && operand.kind == Kind::kFloat) {
    operand.float_value = -operand.float_value;
  } else if (is_negative) {
    out->kind = Kind::kNegation;
    out->offset = offset;
    out->children.push_back(std::move(operand));
    return true;
  }
  *out = std::move(operand);
  return true;
}

bool Parser::read_literal(Expression* out) {
  if (next().kind == TokenKind::kInt) return read_int(out);
  if (next().kind == TokenKind::kFloat) return read_float(out);
  if (is_call()) {
    if (next().begins_upper()) return read_call(out);
    return refuse("the name of a converter begins with an upper-case letter, found \"" +
                  std::string(next().text) + "\"");
  }
  if (next().kind == TokenKind::kLowerName) return read_path(out);
  return fail_expected("a value");
}

// A leading zero means octal digits, as in otelcol.
bool Parser::read_int(Expression* out) {
  *out = begin(Kind::kInt);
  const std::string_view text = next().text;
  const int base = text.size() > 1 && text[0] == '0' ? 8 : 10;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), out->int_value, base);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) {
    return refuse("the number is not a signed 64-bit integer");
  }
  at_++;
  return true;
}

bool Parser::read_float(Expression* out) {
  *out = begin(Kind::kFloat);
  const std::string_view text = next().text;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), out->float_value);
  if (read.ec != std::errc()) return refuse("the number is out of range");
  at_++;
  return true;
}

bool Parser::read_bytes(Expression* out) {
  *out = begin(Kind::kBytes);
  const std::string_view digits = next().text.substr(2);
  if (digits.size() % 2 != 0) return refuse("bytes need an even number of hexadecimal digits");
  for (size_t i = 0; i < digits.size(); i += 2) {
    uint8_t byte = 0;
    std::from_chars(digits.data() + i, digits.data() + i + 2, byte, 16);
    out->text += static_cast<char>(byte);
  }
  at_++;
  return true;
}

bool Parser::read_string(std::string* out) {
  auto text = unquote(next());
  if (!text) return refuse_at(text.error().offset, std::move(text.error().message));
  *out = std::move(*text);
  at_++;
  return true;
}

bool Parser::read_path(Expression* out) {
  *out = begin(Kind::kPath);
  do {
    if (next().kind != TokenKind::kLowerName) return fail_expected("a name of a path");
    PathSegment& segment = out->path.emplace_back();
    segment.name = next().text;
    segment.offset = next().offset;
    at_++;
    if (!read_keys(&segment.keys)) return false;
  } while (take('.'));
  return true;
}

bool Parser::read_call(Expression* out) {
  const Level level(*this);
  if (level.is_too_deep()) return false;
  *out = begin(Kind::kCall);
  out->text = next().text;
  out->is_editor = !next().begins_upper();
  at_ += 2;
  if (!next().is(')')) {
    do {
      if (!read_argument(out)) return false;
    } while (take(','));
  }
  return expect(')', "or \",\" behind the argument") && read_keys(&out->keys);
}

bool Parser::read_argument(Expression* call) {
  call->name_offsets.push_back(next().offset);
  std::string& name = call->names.emplace_back();
  if (is_name(next()) && !next().begins_upper() && ahead(1).is('=')) {
    name = next().text;
    at_ += 2;
  }
  Expression& value = call->children.emplace_back();
  if (next().kind == TokenKind::kMixedName && next().begins_upper() && !is_call()) {
    value = begin(Kind::kFunctionName);
    value.text = next().text;
    at_++;
    return true;
  }
  return read_value(&value);
}

bool Parser::read_keys(std::vector<Expression>* keys) {
  while (next().is('[')) {
    const Level level(*this);
    if (level.is_too_deep()) return false;
    at_++;
    Expression& key = keys->emplace_back();
    if (next().kind == TokenKind::kString) {
      key = begin(Kind::kString);
      if (!read_string(&key.text)) return false;
    } else if (next().kind == TokenKind::kInt) {
      // As in otelcol, a key that begins with a number is that number.
      if (!read_int(&key)) return false;
    } else if (!read_math(&key)) {
      return false;
    }
    if (!expect(']', "behind the key")) return false;
  }
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
