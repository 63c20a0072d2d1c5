#include "transport/server/server_context.h"

namespace millrace::transport {

MonotonicTime ServerContext::age_limit_of_new_connection() const {
  if (options.age_max <= Duration::zero()) return kNever;
  const double jitter = 0.9 + 0.2 * loop.random().unit();
  return loop.now() +
         Duration(static_cast<int64_t>(static_cast<double>(options.age_max.count()) * jitter));
}

}  // namespace millrace::transport
