#include "processors/deltatocumulative/options.h"

namespace millrace::processors::deltatocumulative {

void read_options(config::Section& section, Options& into) {
  section.duration("max_stale", &into.max_stale);
  if (into.max_stale <= Duration{0}) {
    section.error_at("max_stale", "max_stale must be greater than 0");
  }
  int64_t streams = 0;
  if (section.integer("max_streams", &streams, {.min = 0})) {
    into.max_streams = static_cast<size_t>(streams);
  }
}

}  // namespace millrace::processors::deltatocumulative
