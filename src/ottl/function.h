// The functions of OTTL as the transform processor of otelcol has them: names, parameters and the
// contexts that know them. Functions that are not evaluated here are listed as well, so that a
// configuration that uses one gets an error that says so.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "ottl/context.h"

namespace millrace::ottl {

enum class Function : uint8_t {
  kAggregateOnAttributeValue,
  kAggregateOnAttributes,
  kAppend,
  kConvertExponentialHistogramToHistogram,
  kConvertGaugeToSum,
  kConvertSumToGauge,
  kConvertSummaryCountValToSum,
  kConvertSummaryQuantileValToGauge,
  kConvertSummarySumValToSum,
  kCopyMetric,
  kDeleteIndex,
  kDeleteKey,
  kDeleteMatchingKeys,
  kExtractCountMetric,
  kExtractPercentileMetric,
  kExtractSumMetric,
  kFlatten,
  kKeepKeys,
  kKeepMatchingKeys,
  kLimit,
  kMergeHistogramBuckets,
  kMergeMaps,
  kReplaceAllMatches,
  kReplaceAllPatterns,
  kReplaceMatch,
  kReplacePattern,
  kScaleMetric,
  kSet,
  kSetSemconvSpanName,
  kStringifyAll,
  kTruncateAll,
  kAll,
  kAny,
  kBase64Decode,
  kBase64Encode,
  kBool,
  kCoalesce,
  kCommunityID,
  kConcat,
  kContainsValue,
  kConvertAttributesToElementsXML,
  kConvertCase,
  kConvertTextToElementsXML,
  kDay,
  kDecode,
  kDouble,
  kDuration,
  kExtractGrokPatterns,
  kExtractPatterns,
  kFilter,
  kFind,
  kFNV,
  kFormat,
  kFormatTime,
  kGetXML,
  kHasAttrKeyOnDatapoint,
  kHasAttrOnDatapoint,
  kHasPrefix,
  kHasSuffix,
  kHex,
  kHour,
  kHours,
  kIndex,
  kInsertXML,
  kInt,
  kIsBool,
  kIsDouble,
  kIsEmpty,
  kIsInCIDR,
  kIsInt,
  kIsList,
  kIsMap,
  kIsMatch,
  kIsRootSpan,
  kIsString,
  kIsValidLuhn,
  kKeys,
  kLen,
  kLog,
  kMapEach,
  kMapKeys,
  kMD5,
  kMicroseconds,
  kMilliseconds,
  kMinute,
  kMinutes,
  kMonth,
  kMurmur3Hash,
  kMurmur3Hash128,
  kNanosecond,
  kNanoseconds,
  kNow,
  kParseCEF,
  kParseCLF,
  kParseCSV,
  kParseELF,
  kParseInt,
  kParseJSON,
  kParseKeyValue,
  kParseLEEF,
  kParseSeverity,
  kParseSimplifiedXML,
  kParseXML,
  kProfileID,
  kReduce,
  kRemoveXML,
  kSecond,
  kSeconds,
  kSHA1,
  kSHA256,
  kSHA512,
  kSliceToMap,
  kSort,
  kSpanID,
  kSplit,
  kString,
  kSubstring,
  kTime,
  kToCamelCase,
  kToKeyValueString,
  kToLowerCase,
  kToSnakeCase,
  kToUpperCase,
  kTraceID,
  kTrim,
  kTrimPrefix,
  kTrimSuffix,
  kTruncateTime,
  kUnix,
  kUnixMicro,
  kUnixMilli,
  kUnixNano,
  kUnixSeconds,
  kURL,
  kUserAgent,
  kUUID,
  kUUIDv7,
  kValues,
  kWeekday,
  kWhen,
  kXXH128,
  kXXH3,
  kYear,
};

// The type that an argument must have. "Literal" types are known when the statement is compiled.
enum class ParameterType : uint8_t {
  kNone,        // the function has no such parameter
  kTarget,      // a path
  kMapTarget,   // a path
  kListTarget,  // a path
  kAny,
  kString,
  kStringLike,  // text of any value; nil stays nil
  kInt,
  kIntLike,
  kDouble,
  kDoubleLike,
  kBool,
  kBoolLike,
  kBytesLike,
  kMap,
  kList,
  kTime,
  kDuration,
  kStringLiteral,
  kIntLiteral,
  kDoubleLiteral,
  kBoolLiteral,
  kStringLiterals,  // a list
  kDoubleLiterals,
  kAnys,  // a list written with brackets
  kStrings,
  kStringLikes,
  kFunction,  // the name of a converter
  kLambda,
};

struct Parameter {
  std::string_view name;  // "ResolveConflicts": `resolveConflicts` and `resolve_conflicts` name it
  ParameterType type = ParameterType::kNone;
  bool is_optional = false;
};
inline constexpr size_t kParametersMax = 6;

struct FunctionRule {
  std::string_view name;
  Function function;
  uint8_t contexts;  // a bit for each Context
  Parameter parameters[kParametersMax];

  bool is_editor() const { return name[0] >= 'a'; }
  bool is_known_in(Context context) const {
    return (contexts >> static_cast<unsigned>(context) & 1) != 0;
  }
  size_t parameter_count() const;
  size_t required_count() const;
};

std::span<const FunctionRule> all_functions();
const FunctionRule* find_function(std::string_view name);

// `resolveConflicts` and `resolve_conflicts` name the parameter "ResolveConflicts".
bool names_parameter(std::string_view argument_name, const Parameter& parameter);

}  // namespace millrace::ottl
