// Masks the values in a query that is JSON: each string, number, boolean and null becomes "?";
// keys and structure stay, blanks between them do not. As otelcol's db_sanitizer for MongoDB,
// OpenSearch and Elasticsearch. Pure; linear.
#pragma once

#include <string_view>

#include "memory/reserved_text.h"

namespace millrace::processors::redaction {

// False: the text is not JSON (RFC 8259, at most 10,000 levels), and what was appended has no
// meaning.
bool mask_json(std::string_view text, ReservedText& into);

}  // namespace millrace::processors::redaction
