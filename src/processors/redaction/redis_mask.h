// Masks the values in commands of Redis and Valkey, one a line: "SET key ?". The commands whose
// arguments are values are known; of the others nothing is masked. As otelcol's db_sanitizer.
// Pure; linear.
#pragma once

#include <string_view>

#include "memory/reserved_text.h"

namespace millrace::processors::redaction {

void mask_redis(std::string_view text, ReservedText& into);

}  // namespace millrace::processors::redaction
