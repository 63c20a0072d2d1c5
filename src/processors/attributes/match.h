// `include` and `exclude`: does an item have the properties? Pure; cost grows with the lists that
// are not empty.
#pragma once

#include "otlp/edit.h"
#include "processors/attributes/options.h"

namespace millrace::processors::attributes {

bool matches(const MatchProperties& properties, const otlp::EditContext& context,
             const otlp::AttributeList& attributes);

}  // namespace millrace::processors::attributes
