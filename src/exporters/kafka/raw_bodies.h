// The bodies of log records as messages, as otelcol's encoding `raw`: bytes as they are, every
// other type of value as JSON, so that a text is in quotes. A record without a body is left out.
#pragma once

#include <functional>

#include "base/bytes.h"
#include "base/result.h"
#include "memory/work.h"

namespace millrace::exporters::kafka {

// Calls `take` with each body in order; its error ends the walk and is returned. Fails when the
// budget has no room. Precondition: a request of logs that passed admission.
Status for_each_body(const Rope& request, Work& work, const std::function<Status(Bytes)>& take);

}  // namespace millrace::exporters::kafka
