// The contexts of OTTL, the paths of each and the symbols (enums) of each, as tables.
//
// A statement runs in one context and sees the paths of the messages around it: a statement of
// `spanevent` sees spanevent, span, scope and resource.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/signal.h"

namespace millrace::ottl {

enum class Context : uint8_t { kResource, kScope, kSpan, kSpanEvent, kMetric, kDataPoint, kLog };
inline constexpr size_t kContextCount = 7;

std::string_view context_name(Context context);
// Also `instrumentation_scope`, the old name of `scope`.
std::optional<Context> find_context(std::string_view name);
// Whether statements of `from` see the paths of `seen`.
bool sees(Context from, Context seen);

// Whether messages of the signal have such an item.
bool belongs_to(Context context, Signal signal);

// The field that a path reads or writes in the message of its context.
enum class Field : uint8_t {
  kAggregationTemporality,
  kAttributes,
  kBody,
  kBodyString,
  kBucketCounts,
  kCache,
  kCount,
  kDataPoints,
  kDescription,
  kDroppedAttributesCount,
  kDroppedEventsCount,
  kDroppedLinksCount,
  kEndTime,
  kEndTimeUnixNano,
  kEventIndex,
  kEventName,
  kEvents,
  kExemplars,
  kExplicitBounds,
  kFlags,
  kIsMonotonic,
  kKind,
  kKindDeprecatedString,
  kKindString,
  kLinks,
  kMax,  // no path
  kMetadata,
  kMin,  // no path
  kName,
  kNegative,
  kNegativeBucketCounts,
  kNegativeOffset,
  kObservedTime,
  kObservedTimeUnixNano,
  kParentSpanId,
  kParentSpanIdString,
  kPositive,
  kPositiveBucketCounts,
  kPositiveOffset,
  kQuantileValues,
  kScale,
  kSchemaUrl,
  kSeverityNumber,
  kSeverityText,
  kSpanId,
  kSpanIdString,
  kStartTime,
  kStartTimeUnixNano,
  kStatus,
  kStatusCode,
  kStatusMessage,
  kSum,
  kTime,
  kTimeUnixNano,
  kTraceId,
  kTraceIdString,
  kTraceState,
  kType,
  kUnit,
  kValueDouble,
  kValueInt,
  kVersion,
  kZeroCount,
  kZeroThreshold,  // no path
};
inline constexpr size_t kFieldCount = static_cast<size_t>(Field::kZeroThreshold) + 1;

enum class PathType : uint8_t {
  kAny,
  kBool,
  kInt,
  kDouble,
  kString,
  kTime,
  kTraceId,
  kSpanId,
  kMap,
  kList,      // of numbers
  kMessages,  // events, links, exemplars, …: can be compared with nil and copied only
};

enum class Access : uint8_t {
  kSettable,
  kIgnored,   // set() does nothing
  kReadOnly,  // set() is an error at run time
};

// Which keys may follow: `attributes["a"][0]`.
enum class PathKeys : uint8_t { kNone, kAny, kOneString };

struct PathRule {
  std::string_view name;  // "status.code"
  Field field;
  PathType type;
  PathKeys keys = PathKeys::kNone;
  Access access = Access::kSettable;
};

// All paths of a context, by name. `cache` is only visible in the context of the statement.
std::span<const PathRule> paths_of(Context context);
const PathRule* find_path(Context context, std::string_view name);

struct Symbol {
  std::string_view name;
  int64_t value;
};
// The symbols that statements of a context may use; none for resource and scope.
std::span<const Symbol> symbols_of(Context context);
std::optional<int64_t> find_symbol(Context context, std::string_view name);

}  // namespace millrace::ottl
