#include "processors/redaction/db_sanitizer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "processors/redaction/json_mask.h"
#include "processors/redaction/redis_mask.h"
#include "processors/redaction/sql_mask.h"

namespace millrace::processors::redaction {

namespace {

bool equals_lowered(std::string_view text, std::string_view lower) {
  return std::ranges::equal(text, lower, {}, [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  });
}

// The systems of the semantic conventions that speak the language.
bool speaks(std::string_view system, QueryLanguage language) {
  static constexpr std::array<std::string_view, 5> kSql = {"other_sql", "mysql", "postgresql",
                                                           "mariadb", "sqlite"};
  const auto is = [&](std::string_view name) { return equals_lowered(system, name); };
  switch (language) {
    case QueryLanguage::kSql:
      return std::ranges::any_of(kSql, is);
    case QueryLanguage::kRedis:
      return is("redis");
    case QueryLanguage::kValkey:
      return is("valkey");
    case QueryLanguage::kMemcached:
      return is("memcached");
    case QueryLanguage::kMongo:
      return is("mongodb");
    case QueryLanguage::kOpenSearch:
      return is("opensearch");
    case QueryLanguage::kElasticsearch:
      return is("elasticsearch");
  }
  return false;
}

// The first line, which has the command; the values are behind it.
void mask_memcached(std::string_view text, ReservedText& into) {
  text = text.substr(0, text.find("\r\n"));
  constexpr std::string_view kBlanks = " \t\n\v\f\r";
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return;
  into.append(text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin));
}

}  // namespace

std::string_view DbSanitizer::mask(QueryLanguage language, std::string_view text,
                                   std::string_view system) {
  work_.pace.step(2 * text.size());
  next_.clear();
  switch (language) {
    case QueryLanguage::kSql:
      mask_sql(text, equals_lowered(system, "mysql") ? SqlDialect::kMySql : SqlDialect::kAnsi,
               next_);
      break;
    case QueryLanguage::kRedis:
    case QueryLanguage::kValkey:
      mask_redis(text, next_);
      break;
    case QueryLanguage::kMemcached:
      mask_memcached(text, next_);
      break;
    case QueryLanguage::kMongo:
    case QueryLanguage::kOpenSearch:
    case QueryLanguage::kElasticsearch:
      if (!mask_json(text, next_)) return text;
      break;
  }
  std::swap(text_, next_);
  return text_.view();
}

std::optional<std::string_view> DbSanitizer::of_attribute(std::string_view key,
                                                          std::string_view text,
                                                          std::string_view system, bool is_in_log) {
  if (system.empty() && !is_in_log) return std::nullopt;
  std::string_view now = text;
  for (const QueryLanguage language : kQueryLanguages) {
    const auto& one = options_.of(language);
    if (!one.is_enabled || !one.attributes.contains(key)) continue;
    if (!system.empty() && !speaks(system, language)) continue;
    now = mask(language, now, system);
    if (!system.empty()) break;
  }
  if (now == text) return std::nullopt;
  return now;
}

std::optional<std::string_view> DbSanitizer::of_body(std::string_view text) {
  std::string_view now = text;
  for (const QueryLanguage language : kQueryLanguages) {
    if (options_.of(language).is_enabled) now = mask(language, now, {});
  }
  if (now == text) return std::nullopt;
  return now;
}

std::optional<std::string_view> DbSanitizer::of_span_name(std::string_view name,
                                                          std::string_view system) {
  for (const QueryLanguage language : kQueryLanguages) {
    if (!options_.of(language).is_enabled || !speaks(system, language)) continue;
    const std::string_view masked = mask(language, name, system);
    if (masked == name || masked.empty() || masked == "...") return std::nullopt;
    return masked;
  }
  return std::nullopt;
}

}  // namespace millrace::processors::redaction
