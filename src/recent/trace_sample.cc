#include "recent/trace_sample.h"

#include <algorithm>
#include <utility>

#include "keyed_state/key_owners.h"
#include "otlp/level_writer.h"
#include "otlp/schema.h"
#include "otlp/views.h"
#include "wire/protobuf.h"

namespace millrace::recent {
namespace {

using otlp::Level;

// Any number does; another one would keep other traces after an update.
constexpr uint64_t kSeed = 0x636f'6e73'6f6c'65ULL;
constexpr uint32_t kTraceId = 1;  // Span.trace_id
constexpr double kHashes = 18446744073709551616.0;

// The last one is the span's, as in libprotobuf.
std::span<const uint8_t> trace_id_of(otlp::MessageBytes span, Pace& pace) {
  otlp::MessageReader ids(span, kTraceId, &pace);
  otlp::MessageBytes found;
  for (otlp::MessageBytes id; ids.next(&id);) found = id;
  return found;
}

// Takes the spans of other traces out of one request.
class Walk {
 public:
  Walk(const TraceSample& sample, const Rope& request, Work& work)
      : sample_(sample), work_(work), levels_(request, work, "sampling for the console") {}

  Result<TraceSample::Kept> run() {
    Level resource;
    while (levels_.next_resource_x(&resource)) {
      walk(resource, otlp::kResourceScopes, [&](const wire::Field& field) {
        Level scope = levels_.inside(resource, field);
        walk(scope, otlp::kScopeItems, [&](const wire::Field& span) {
          const bool is_kept = sample_.keeps(trace_id_of(span.bytes, work_.pace));
          span_count_ += is_kept ? 1 : 0;
          return is_kept;
        });
        if (scope.has_kept_child) levels_.close(scope);
        return scope.has_kept_child;
      });
      if (levels_.stopped()) break;
      if (resource.has_kept_child) {
        levels_.close(resource);
      } else {
        levels_.remove_resource_x();
      }
    }
    auto bytes = levels_.finish();
    if (!bytes) return fail(std::move(bytes.error()));
    if (span_count_ == 0) return TraceSample::Kept{};
    return TraceSample::Kept{.bytes = std::move(*bytes), .span_count = span_count_};
  }

 private:
  // Removes the children in field `number` for which `keeps` is false.
  template <class Keeps>
  void walk(Level& level, uint32_t number, const Keeps& keeps) {
    level.children = otlp::field_bit(number);
    wire::FieldReader fields(level.content.view());
    for (wire::Field field; !levels_.stopped() && fields.next(&field);) {
      work_.pace.step(otlp::kFieldUnits);
      if (!field.is(number, wire::WireType::kLen)) continue;
      if (keeps(field)) {
        levels_.keep_child(level, field.whole);
      } else {
        levels_.remove_child(level, field.whole);
      }
    }
  }

  const TraceSample& sample_;
  Work& work_;
  otlp::LevelWriter levels_;
  uint32_t span_count_ = 0;
};

}  // namespace

TraceSample::TraceSample(double rate)
    : rate_(std::clamp(rate, 0.0, 1.0)),
      hash_max_(keeps_all() ? UINT64_MAX : static_cast<uint64_t>(rate_ * kHashes)) {}

bool TraceSample::keeps(std::span<const uint8_t> trace_id) const {
  return keeps_all() || keyed_state::hash_of(trace_id, kSeed) < hash_max_;
}

Result<TraceSample::Kept> TraceSample::kept_of(const Rope& request, Work& work) const {
  return Walk(*this, request, work).run();
}

}  // namespace millrace::recent
