// The parts of a request that get one key each: the spans or log records of a trace, or the data of
// a resource. Groups come in the order of their first item, and the items of a group in theirs; a
// part repeats the surroundings of its items (resource, scope, schema_url, unknown fields). Kept
// bytes stay slices of the request.
//
// The keys are those of otelcol's kafka exporter, so that a mixed fleet writes one key to one
// partition: a trace id in lower-case hex (none for log records without one; an empty key for spans
// without one), or the 16 bytes of its hash of the resource's attributes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/signal.h"
#include "exporters/kafka/options.h"
#include "memory/work.h"

namespace millrace::exporters::kafka {

struct MessageGroup {
  std::optional<std::string> key;
  Rope request;
};

// Precondition: the request passed admission; for kTraceId it is of traces or logs. Fails when the
// budget has no room. Precondition: `source` is not kNone.
Result<std::vector<MessageGroup>> group_by_key(Signal signal, const Rope& request, KeySource source,
                                               Work& work);

}  // namespace millrace::exporters::kafka
