// Reads values by recursive descent: literals, paths, calls, lists, maps and arithmetic.
//
// One thread. Functions return false when they fail; the failure lies in the cursor.
#pragma once

#include "ottl/syntax.h"
#include "ottl/token_cursor.h"

namespace millrace::ottl {

class ValueParser {
 public:
  explicit ValueParser(TokenCursor& cursor) : cursor_(cursor) {}

  bool read_value(Expression* out);
  // Precondition: the cursor is at a call.
  bool read_call(Expression* out);

 private:
  bool is_lambda() const;
  bool read_list(Expression* out);
  bool read_map(Expression* out);
  bool read_math(Expression* out);
  bool read_product(Expression* out);
  bool read_operand(Expression* out);
  bool read_literal(Expression* out);
  bool read_int(Expression* out);
  bool read_float(Expression* out);
  bool read_bytes(Expression* out);
  bool read_path(Expression* out);
  bool read_argument(Expression* call);
  bool read_keys(std::vector<Expression>* keys);

  TokenCursor& cursor_;
};

}  // namespace millrace::ottl
