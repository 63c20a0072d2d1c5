#include "ottl/value_parser.h"

#include <charconv>
#include <utility>

namespace millrace::ottl {

using Kind = Expression::Kind;
using TokenKind = Token::Kind;

bool ValueParser::read_value(Expression* out) {
  const TokenCursor::Level level(cursor_);
  if (level.is_too_deep()) return false;
  switch (cursor_.next().kind) {
    case TokenKind::kNil:
      *out = cursor_.begin(Kind::kNil);
      cursor_.advance();
      return true;
    case TokenKind::kTrue:
    case TokenKind::kFalse:
      *out = cursor_.begin(Kind::kBool);
      out->int_value = cursor_.next().kind == TokenKind::kTrue ? 1 : 0;
      cursor_.advance();
      return true;
    case TokenKind::kString:
      *out = cursor_.begin(Kind::kString);
      return cursor_.read_string(&out->text);
    case TokenKind::kBytes:
      return read_bytes(out);
    case TokenKind::kUpperName:
      if (cursor_.is_call()) break;
      *out = cursor_.begin(Kind::kEnum);
      out->text = cursor_.next().text;
      cursor_.advance();
      return true;
    case TokenKind::kSign:
      if (cursor_.next().is('[')) return read_list(out);
      if (cursor_.next().is('{')) return read_map(out);
      if (is_lambda()) return cursor_.refuse("lambda expressions are not supported");
      break;
    default:
      break;
  }
  return read_math(out);
}

bool ValueParser::is_lambda() const {
  if (!cursor_.next().is('(')) return false;
  size_t i = 1;
  for (; !cursor_.ahead(i).is(')'); i++) {
    const Token& token = cursor_.ahead(i);
    if (token.kind != TokenKind::kLowerName && !token.is('_') && !token.is(',')) return false;
  }
  return cursor_.ahead(i + 1).kind == TokenKind::kArrow;
}

// The first values may stand without commas between them, as in otelcol.
bool ValueParser::read_list(Expression* out) {
  *out = cursor_.begin(Kind::kList);
  cursor_.advance();
  while (!cursor_.next().is(']') && !cursor_.next().is(',')) {
    if (!read_value(&out->children.emplace_back())) return false;
  }
  while (cursor_.take(',')) {
    if (!read_value(&out->children.emplace_back())) return false;
  }
  return cursor_.expect(']', "behind the list");
}

bool ValueParser::read_map(Expression* out) {
  *out = cursor_.begin(Kind::kMap);
  cursor_.advance();
  while (!cursor_.next().is('}')) {
    if (cursor_.next().kind != TokenKind::kString)
      return cursor_.fail_expected("a string as key or \"}\"");
    out->name_offsets.push_back(cursor_.next().offset);
    if (!cursor_.read_string(&out->names.emplace_back())) return false;
    if (!cursor_.expect(':', "behind the key")) return false;
    if (!read_value(&out->children.emplace_back())) return false;
    cursor_.take(',');
  }
  cursor_.advance();
  return true;
}

bool ValueParser::read_math(Expression* out) {
  Expression sum = cursor_.begin(Kind::kSum);
  char sign = '+';
  while (true) {
    sum.operators += sign;
    if (!read_product(&sum.children.emplace_back())) return false;
    if (!cursor_.next().is('+') && !cursor_.next().is('-')) break;
    sign = cursor_.next().text[0];
    cursor_.advance();
  }
  *out = sum.children.size() == 1 ? std::move(sum.children[0]) : std::move(sum);
  return true;
}

bool ValueParser::read_product(Expression* out) {
  Expression product = cursor_.begin(Kind::kProduct);
  char sign = '*';
  while (true) {
    product.operators += sign;
    if (!read_operand(&product.children.emplace_back())) return false;
    if (!cursor_.next().is('*') && !cursor_.next().is('/')) break;
    sign = cursor_.next().text[0];
    cursor_.advance();
  }
  *out = product.children.size() == 1 ? std::move(product.children[0]) : std::move(product);
  return true;
}

bool ValueParser::read_operand(Expression* out) {
  const uint32_t offset = cursor_.next().offset;
  const bool is_negative = cursor_.next().is('-');
  if (is_negative || cursor_.next().is('+')) cursor_.advance();
  Expression operand;
  if (cursor_.next().is('(')) {
    const TokenCursor::Level level(cursor_);
    if (level.is_too_deep()) return false;
    cursor_.advance();
    if (!read_math(&operand) || !cursor_.expect(')', "behind the value")) return false;
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

bool ValueParser::read_literal(Expression* out) {
  if (cursor_.next().kind == TokenKind::kInt) return read_int(out);
  if (cursor_.next().kind == TokenKind::kFloat) return read_float(out);
  if (cursor_.is_call()) {
    if (cursor_.next().begins_upper()) return read_call(out);
    return cursor_.refuse("the name of a converter begins with an upper-case letter, found \"" +
                          std::string(cursor_.next().text) + "\"");
  }
  if (cursor_.next().kind == TokenKind::kLowerName) return read_path(out);
  return cursor_.fail_expected("a value");
}

// A leading zero means octal digits, as in otelcol.
bool ValueParser::read_int(Expression* out) {
  *out = cursor_.begin(Kind::kInt);
  const std::string_view text = cursor_.next().text;
  const int base = text.size() > 1 && text[0] == '0' ? 8 : 10;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), out->int_value, base);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) {
    return cursor_.refuse("the number is not a signed 64-bit integer");
  }
  cursor_.advance();
  return true;
}

bool ValueParser::read_float(Expression* out) {
  *out = cursor_.begin(Kind::kFloat);
  const std::string_view text = cursor_.next().text;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), out->float_value);
  if (read.ec != std::errc()) return cursor_.refuse("the number is out of range");
  cursor_.advance();
  return true;
}

bool ValueParser::read_bytes(Expression* out) {
  *out = cursor_.begin(Kind::kBytes);
  const std::string_view digits = cursor_.next().text.substr(2);
  if (digits.size() % 2 != 0)
    return cursor_.refuse("bytes need an even number of hexadecimal digits");
  for (size_t i = 0; i < digits.size(); i += 2) {
    uint8_t byte = 0;
    std::from_chars(digits.data() + i, digits.data() + i + 2, byte, 16);
    out->text += static_cast<char>(byte);
  }
  cursor_.advance();
  return true;
}

bool ValueParser::read_path(Expression* out) {
  *out = cursor_.begin(Kind::kPath);
  do {
    if (cursor_.next().kind != TokenKind::kLowerName)
      return cursor_.fail_expected("a name of a path");
    PathSegment& segment = out->path.emplace_back();
    segment.name = cursor_.next().text;
    segment.offset = cursor_.next().offset;
    cursor_.advance();
    if (!read_keys(&segment.keys)) return false;
  } while (cursor_.take('.'));
  return true;
}

bool ValueParser::read_call(Expression* out) {
  const TokenCursor::Level level(cursor_);
  if (level.is_too_deep()) return false;
  *out = cursor_.begin(Kind::kCall);
  out->text = cursor_.next().text;
  out->is_editor = !cursor_.next().begins_upper();
  cursor_.advance(2);
  if (!cursor_.next().is(')')) {
    do {
      if (!read_argument(out)) return false;
    } while (cursor_.take(','));
  }
  return cursor_.expect(')', "or \",\" behind the argument") && read_keys(&out->keys);
}

bool ValueParser::read_argument(Expression* call) {
  call->name_offsets.push_back(cursor_.next().offset);
  std::string& name = call->names.emplace_back();
  if (cursor_.is_name() && !cursor_.next().begins_upper() && cursor_.ahead(1).is('=')) {
    name = cursor_.next().text;
    cursor_.advance(2);
  }
  Expression& value = call->children.emplace_back();
  if (cursor_.next().kind == TokenKind::kMixedName && cursor_.next().begins_upper() &&
      !cursor_.is_call()) {
    value = cursor_.begin(Kind::kFunctionName);
    value.text = cursor_.next().text;
    cursor_.advance();
    return true;
  }
  return read_value(&value);
}

bool ValueParser::read_keys(std::vector<Expression>* keys) {
  while (cursor_.next().is('[')) {
    const TokenCursor::Level level(cursor_);
    if (level.is_too_deep()) return false;
    cursor_.advance();
    Expression& key = keys->emplace_back();
    if (cursor_.next().kind == TokenKind::kString) {
      key = cursor_.begin(Kind::kString);
      if (!cursor_.read_string(&key.text)) return false;
    } else if (cursor_.next().kind == TokenKind::kInt) {
      // As in otelcol, a key that begins with a number is that number.
      if (!read_int(&key)) return false;
    } else if (!read_math(&key)) {
      return false;
    }
    if (!cursor_.expect(']', "behind the key")) return false;
  }
  return true;
}

}  // namespace millrace::ottl
