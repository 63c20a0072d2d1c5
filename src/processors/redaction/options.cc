#include "processors/redaction/options.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace millrace::processors::redaction {

namespace {

using config::Section;

// The keys of summaries that otelcol allows by itself; those of allowed values are not among them.
constexpr std::array<std::string_view, 5> kSummaryKeys = {
    "redaction.redacted.keys", "redaction.redacted.count", "redaction.masked.keys",
    "redaction.masked.count", "redaction.ignored.count"};

void read_keys(Section& section, std::string_view key, Options::Keys* into) {
  std::vector<std::string> keys;
  section.text_list(key, &keys);
  into->insert(keys.begin(), keys.end());
}

void check_hmac_key(Section& section, const Options& options) {
  const bool is_256 = options.hash_function == HashFunction::kHmacSha256;
  const bool is_512 = options.hash_function == HashFunction::kHmacSha512;
  if (!is_256 && !is_512) return;
  const size_t least = is_256 ? 32 : 64;
  if (options.hmac_key.size() >= least) return;
  section.error(fmt::format("hmac_key must have at least {} bytes for this hash_function, has {}",
                            least, options.hmac_key.size()));
}

void read_hash(Section& section, Options& options) {
  using enum HashFunction;
  constexpr std::array<std::pair<std::string_view, HashFunction>, 6> kNames = {
      {{"", kNone},
       {"md5", kMd5},
       {"sha1", kSha1},
       {"sha3", kSha3},
       {"hmac-sha256", kHmacSha256},
       {"hmac-sha512", kHmacSha512}}};
  section.secret("hmac_key", &options.hmac_key);
  std::string text;
  if (section.text("hash_function", &text)) {
    std::string lowered = text;
    for (char& c : lowered) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const auto found =
        std::ranges::find(kNames, lowered, [](const auto& pair) { return pair.first; });
    if (found != kNames.end()) {
      options.hash_function = found->second;
    } else {
      section.error_at("hash_function",
                       fmt::format("expected md5, sha1, sha3, hmac-sha256 or hmac-sha512, found "
                                   "\"{}\"",
                                   text));
    }
  }
  check_hmac_key(section, options);
}

void read_summary(Section& section, Options& options) {
  std::string text;
  if (!section.text("summary", &text)) return;
  if (text == "debug") options.summary = Summary::kDebug;
  if (text == "info") options.summary = Summary::kInfo;
  if (text.empty() || text == "debug" || text == "info" || text == "silent") return;
  section.warning_at("summary", fmt::format("\"{}\" means silent, as in otelcol; the others are "
                                            "info and debug",
                                            text));
}

// It leans on a model that was trained on a book, which this program does not have.
void read_url_sanitizer(Section& section) {
  section.section("url_sanitizer", [](Section& url) {
    bool is_enabled = false;
    url.boolean("enabled", &is_enabled);
    url.find("attributes");
    url.find("sanitize_span_name");
    if (!is_enabled) return;
    url.error_at("enabled",
                 "url_sanitizer is not supported: it needs a trained model of words; "
                 "blocked_values can mask ids in URLs");
  });
}

void read_db_sanitizer(Section& section, DbSanitizerOptions& options) {
  section.section("db_sanitizer", [&](Section& db) {
    db.boolean("sanitize_span_name", &options.sanitizes_span_names);
    constexpr std::array<const char*, kQueryLanguages.size()> kNames = {
        "sql", "redis", "valkey", "memcached", "mongo", "opensearch", "es"};
    for (size_t i = 0; i < kNames.size(); i++) {
      db.section(kNames[i], [&](Section& one) {
        one.boolean("enabled", &options.languages[i].is_enabled);
        const bool has_attributes = kQueryLanguages[i] < QueryLanguage::kOpenSearch;
        read_keys(one, "attributes", &options.languages[i].attributes);
        if (has_attributes || options.languages[i].attributes.empty()) return;
        options.languages[i].attributes.clear();
        one.warning_at("attributes",
                       "has no effect, as in otelcol: only names of spans and "
                       "bodies of log records are looked at");
      });
    }
  });
}

// RE2 knows the smallest and the largest text that a pattern can match.
int first_byte_of(const re2::RE2& pattern) {
  std::string least;
  std::string greatest;
  constexpr int kBytes = 8;
  if (!pattern.PossibleMatchRange(&least, &greatest, kBytes)) return -1;
  if (least.empty() || greatest.empty() || least.front() != greatest.front()) return -1;
  return static_cast<unsigned char>(least.front());
}

void prepare(Options& options, const std::vector<item_match::Pattern>& blocked_values) {
  for (const item_match::Pattern& pattern : blocked_values) {
    const bool may_be_empty = item_match::looks_around(*pattern) || item_match::finds(*pattern, "");
    const int first_byte = may_be_empty ? -1 : first_byte_of(*pattern);
    options.blocked_values.push_back(
        {pattern, may_be_empty, first_byte, ClassSequences::read(pattern->pattern())});
  }
  options.are_all_sequences = std::ranges::all_of(
      options.blocked_values,
      [](const BlockedValue& blocked) { return blocked.sequences.has_value(); });
  options.any_blocked_value = item_match::any_of(blocked_values);
  const bool says_only_masked =
      options.summary == Summary::kSilent ||
      (options.ignored_keys.empty() && options.ignored_key_patterns.empty() &&
       options.allowed_values.empty());
  options.bytes_tell = options.allow_all_keys && !options.db.is_enabled() &&
                       options.blocked_key_patterns.empty() && !options.redact_all_types &&
                       says_only_masked && options.any_blocked_value != nullptr &&
                       std::ranges::none_of(options.blocked_values, &BlockedValue::may_be_empty);
}

}  // namespace

bool Options::finds_blocked_value(std::string_view text) const {
  if (!are_all_sequences) return item_match::finds(*any_blocked_value, text);
  return std::ranges::any_of(blocked_values, [&](const BlockedValue& blocked) {
    return blocked.sequences->find(text).has_value();
  });
}

void read_options(Section& section, Options& options) {
  section.boolean("allow_all_keys", &options.allow_all_keys);
  section.boolean("redact_all_types", &options.redact_all_types);
  read_keys(section, "allowed_keys", &options.allowed_keys);
  options.allowed_keys.insert(kSummaryKeys.begin(), kSummaryKeys.end());
  read_keys(section, "ignored_keys", &options.ignored_keys);
  options.ignored_key_patterns = item_match::read_patterns(section, "ignored_key_patterns");
  options.blocked_key_patterns = item_match::read_patterns(section, "blocked_key_patterns");
  const auto blocked_values = item_match::read_patterns(section, "blocked_values");
  options.allowed_values = item_match::read_patterns(section, "allowed_values");
  read_hash(section, options);
  read_summary(section, options);
  read_url_sanitizer(section);
  read_db_sanitizer(section, options.db);
  prepare(options, blocked_values);
}

}  // namespace millrace::processors::redaction
