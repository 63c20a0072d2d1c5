// The resources, scopes and items of a request, one after another, so that a caller can stop
// anywhere and go on later. Each step costs the fields of one message. One thread.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "otlp/views.h"

namespace millrace::exporters {

class RequestWalk {
 public:
  enum class Step : uint8_t { kResource, kScope, kItem, kEnd };
  enum class Depth : uint8_t { kResources, kItems };

  // Precondition: the request passed admission.
  RequestWalk(Rope request, Depth depth)
      : request_(std::move(request)), depth_(depth), resources_(request_) {}
  RequestWalk(const RequestWalk&) = delete;  // resources_ points to request_
  RequestWalk& operator=(const RequestWalk&) = delete;

  Step next() {
    if (items_ && items_->next(&item_)) return Step::kItem;
    items_.reset();
    if (scopes_ && scopes_->next(&scope_)) {
      items_.emplace(scope_.bytes.view(), otlp::kScopeItems);
      return Step::kScope;
    }
    scopes_.reset();
    if (!resources_.next(&resource_)) return Step::kEnd;
    if (depth_ == Depth::kItems) scopes_.emplace(resource_);
    return Step::kResource;
  }

  // What the last step of that kind came to.
  const otlp::ResourceView& resource() const { return resource_; }
  const otlp::ScopeView& scope() const { return scope_; }
  otlp::MessageBytes item() const { return item_; }

 private:
  const Rope request_;
  const Depth depth_;
  otlp::ResourceReader resources_;
  otlp::ResourceView resource_;
  std::optional<otlp::ScopeReader> scopes_;
  otlp::ScopeView scope_;
  std::optional<otlp::MessageReader> items_;
  otlp::MessageBytes item_;
};

}  // namespace millrace::exporters
