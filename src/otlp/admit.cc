#include "otlp/admit.h"

#include <algorithm>

#include "otlp/walks.h"

namespace millrace::otlp {

namespace {

constexpr int kDepthLeast = 10;
constexpr int kDepthMost = 1000;

}  // namespace

std::expected<Admitted, Violation> admit(Signal signal, std::span<const uint8_t> message,
                                         const AdmitOptions& options) {
  const int depth = std::clamp(options.depth_max, kDepthLeast, kDepthMost);
  const auto item_count = best_walk()(signal, message, depth, options.pace);
  if (__builtin_expect(item_count && message.size() <= wire::kLengthMax, 1)) {
    return Admitted{*item_count};
  }
  return std::unexpected(find_violation(signal, message, options).value_or(Violation{}));
}

}  // namespace millrace::otlp
