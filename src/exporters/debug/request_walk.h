// The resources, scopes and items of a request, one after another, so that a caller can stop
// anywhere and go on later. One thread.
//
// A resource that lies in several pieces has to be copied to be read; the copy is reserved in the
// budget; where it has no room the resource is passed over, with its size. Singular messages in
// several parts are joined up to kMergedBytesMax.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "memory/work.h"
#include "otlp/rope_reader.h"
#include "otlp/views.h"

namespace millrace::exporters {

class RequestWalk {
 public:
  enum class Step : uint8_t { kResource, kUnreadableResource, kScope, kItem, kEnd };
  enum class Depth : uint8_t { kResources, kItems };
  static constexpr size_t kMergedBytesMax = size_t{64} << 10;

  // kResources: only their number; resource() stays empty.
  // Precondition: the request passed admission. `work` must outlive the walk; its pace may suspend
  // the caller of next(), which then may not be called again before it has returned.
  RequestWalk(Rope request, Depth depth, Work& work)
      : request_(std::move(request)),
        depth_(depth),
        work_(work),
        bounds_{.pace = &work.pace, .merged_bytes_max = kMergedBytesMax},
        reader_(request_) {}
  RequestWalk(const RequestWalk&) = delete;  // reader_ points to request_
  RequestWalk& operator=(const RequestWalk&) = delete;

  Step next() {
    if (items_ && items_->next(&item_)) return Step::kItem;
    items_.reset();
    if (scopes_ && scopes_->next(&scope_)) {
      items_.emplace(scope_.bytes.view(), otlp::kScopeItems, bounds_.pace);
      return Step::kScope;
    }
    scopes_.reset();
    return next_resource();
  }

  // What the last step of that kind came to.
  const otlp::ResourceView& resource() const { return resource_; }
  size_t unreadable_bytes() const { return unreadable_bytes_; }
  const otlp::ScopeView& scope() const { return scope_; }
  otlp::MessageBytes item() const { return item_; }
  const otlp::ReadBounds& bounds() const { return bounds_; }

 private:
  Step next_resource();

  const Rope request_;
  const Depth depth_;
  Work& work_;
  const otlp::ReadBounds bounds_;
  otlp::RopeReader reader_;
  otlp::ResourceView resource_;
  size_t unreadable_bytes_ = 0;
  std::optional<otlp::ScopeReader> scopes_;
  otlp::ScopeView scope_;
  std::optional<otlp::MessageReader> items_;
  otlp::MessageBytes item_;
};

}  // namespace millrace::exporters
