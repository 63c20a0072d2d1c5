// Walks over kept requests, and what answers show of them.
//
// A walk is stopped when the time for one answer is over. On the console's own loop.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "extensions/console/json_writer.h"
#include "otlp/views.h"
#include "recent/store.h"

namespace millrace::extensions::console {

// The time that one answer may look for items.
class ScanTime {
 public:
  static constexpr Duration kMost = 200ms;
  // A survey (keys and values, the map of services) reads the newest items only.
  static constexpr Duration kMostOfSurvey = 30ms;
  explicit ScanTime(std::function<MonotonicTime()> clock, Duration most = kMost)
      : clock_(std::move(clock)), end_(clock_() + most) {}
  // Looks at the clock at every 64th call.
  bool is_over() {
    if (!is_over_ && ++calls_ % 64 == 0) is_over_ = clock_() >= end_;
    return is_over_;
  }

 private:
  std::function<MonotonicTime()> clock_;
  MonotonicTime end_;
  uint32_t calls_ = 0;
  bool is_over_ = false;
};

// Calls `visit(resource, scope, item)` for each item until it returns false; false: it did.
template <class Visit>
bool for_each_item(const recent::Record& record, Visit&& visit) {
  const Rope request(record.bytes);
  otlp::ResourceReader resources(request);
  otlp::ResourceView resource;
  while (resources.next(&resource)) {
    otlp::ScopeReader scopes(resource);
    otlp::ScopeView scope;
    while (scopes.next(&scope)) {
      otlp::MessageReader items(scope.bytes.view(), otlp::kScopeItems);
      otlp::MessageBytes item;
      while (items.next(&item)) {
        if (!visit(resource, scope, item)) return false;
      }
    }
  }
  return true;
}

std::string_view service_of(const otlp::ResourceView& resource);
std::string hex(otlp::MessageBytes bytes);
// 32 hex digits to 16 bytes.
std::optional<std::string> bytes_of_hex(std::string_view hex, size_t byte_count);

// key=value, or a key alone.
struct AttributeFilter {
  std::string key;
  std::optional<std::string> value;
};
std::vector<AttributeFilter> read_filters(const std::vector<std::string>& texts);
// Whether the item, its resource or its scope has every one of them.
bool matches(const std::vector<AttributeFilter>& filters, otlp::MessageBytes item,
             uint32_t item_attributes, const otlp::ResourceView& resource,
             const otlp::ScopeView& scope);

inline constexpr size_t kShownTextBytesMax = 16 * 1024;
inline constexpr size_t kShownAttributesMax = 128;
// "attributes":[…]; false: some were left out.
bool write_attributes(JsonWriter& json, std::string_view name, otlp::MessageBytes message,
                      uint32_t field_number);
// Cut at kShownTextBytesMax.
std::string shown(std::string_view text);

}  // namespace millrace::extensions::console
