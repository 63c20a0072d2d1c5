// The configuration of the `redaction` processor: otelcol's keys, names, defaults and rules.
// Immutable once read; copies share the compiled patterns. Reading is for start-up, one thread; the
// result may be used from any.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/section.h"
#include "item_match/pattern.h"
#include "processors/redaction/class_sequences.h"

namespace millrace::processors::redaction {

enum class HashFunction : uint8_t { kNone, kMd5, kSha1, kSha3, kHmacSha256, kHmacSha512 };

// The attributes that describe the changes.
enum class Summary : uint8_t {
  kSilent,
  kInfo,   // how many keys were changed
  kDebug,  // and which
};

enum class KeyRule : uint8_t;  // key_rules.h

// A pattern whose matches are masked.
struct BlockedValue {
  item_match::Pattern pattern;
  bool may_be_empty = false;  // it may have matches of no text
  int first_byte = -1;        // every match begins with this byte; -1: with several ones
  std::optional<ClassSequences> sequences;  // finds what the pattern finds, where it is so simple
};

enum class QueryLanguage : uint8_t {
  kSql,
  kRedis,
  kValkey,
  kMemcached,
  kMongo,
  kOpenSearch,
  kElasticsearch,
};
inline constexpr std::array kQueryLanguages = {
    QueryLanguage::kSql,          QueryLanguage::kRedis, QueryLanguage::kValkey,
    QueryLanguage::kMemcached,    QueryLanguage::kMongo, QueryLanguage::kOpenSearch,
    QueryLanguage::kElasticsearch};

// Which texts are queries, whose literals are masked.
struct DbSanitizerOptions {
  struct Language {
    bool is_enabled = false;
    std::set<std::string, std::less<>> attributes;  // their keys
  };
  std::array<Language, kQueryLanguages.size()> languages;
  bool sanitizes_span_names = true;

  const Language& of(QueryLanguage language) const {
    return languages[static_cast<size_t>(language)];
  }
  bool is_enabled() const { return std::ranges::any_of(languages, &Language::is_enabled); }
};

struct Options {
  using Keys = std::set<std::string, std::less<>>;

  bool allow_all_keys = false;  // false: keys that are not in allowed_keys are removed
  Keys allowed_keys;            // with the keys of most summaries
  Keys ignored_keys;            // neither removed nor masked
  std::vector<item_match::Pattern> ignored_key_patterns;
  bool redact_all_types = false;  // false: values that are no strings are taken for empty text
  std::vector<item_match::Pattern> blocked_key_patterns;  // the whole value is masked
  std::vector<BlockedValue> blocked_values;               // each match is masked, in this order
  std::vector<item_match::Pattern> allowed_values;        // values that are not looked at further
  HashFunction hash_function = HashFunction::kNone;       // kNone: **** stands for a match
  std::string hmac_key;
  Summary summary = Summary::kSilent;
  DbSanitizerOptions db;

  // Finds a match exactly where one of blocked_values does; null: too large, ask each of them.
  item_match::Pattern any_blocked_value;
  bool are_all_sequences = false;  // each of blocked_values has its sequences
  // A message without a match in its bytes has nothing to change: only strings are looked at, by
  // patterns that do not depend on the text around a match, and keys do not matter.
  bool bytes_tell = false;

  KeyRule rule_of(std::string_view key) const;  // key_rules.h
  // Whether one of blocked_values has a match. Precondition: any_blocked_value != nullptr.
  bool finds_blocked_value(std::string_view text) const;
};

void read_options(config::Section& section, Options& options);

}  // namespace millrace::processors::redaction
