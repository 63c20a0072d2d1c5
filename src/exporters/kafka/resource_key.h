// The key of a resource: otelcol's hash of attributes (pdatautil.MapHash, 16 bytes), so that the
// messages of one resource lie in one partition, also those that otelcol writes. Of several
// attributes with one key the first counts, as in otelcol. Pure functions; time and memory are
// proportional to the attributes, sorted by key.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "otlp/views.h"

namespace millrace::exporters::kafka {

// `resource`: the content of a Resource message.
std::string resource_key(otlp::MessageBytes resource);

// XXH64 with the seed 0 (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md).
uint64_t xxh64(std::string_view text);

}  // namespace millrace::exporters::kafka
