// OTTL's comparison of two values: values of different types are not equal and have no order,
// except integers with doubles; nil equals nil alone. Pure functions.
#pragma once

#include "ottl/syntax.h"
#include "ottl/value.h"

namespace millrace::ottl {

bool compare(const Value& a, const Value& b, Comparison comparison);

}  // namespace millrace::ottl
