// The list of attributes in OTEL_RESOURCE_ATTRIBUTES as otelcol's env detector reads it. Pure
// functions.
#pragma once

#include <string_view>

#include "base/result.h"
#include "processors/resourcedetection/resource.h"

namespace millrace::processors::resourcedetection {

// "a=1,b=two%20words" with blanks around keys and values. Error: kInvalidArgument with the text
// that is no pair.
Result<Resource> parse_environment_list(std::string_view list);

}  // namespace millrace::processors::resourcedetection
