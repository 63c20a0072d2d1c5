#include "processors/redaction/key_rules.h"

#include <functional>

namespace millrace::processors::redaction {

KeyRule Options::rule_of(std::string_view key) const {
  if (ignored_keys.contains(key) || item_match::any_finds(ignored_key_patterns, key)) {
    return KeyRule::kIgnored;
  }
  if (!allow_all_keys && !allowed_keys.contains(key)) return KeyRule::kRemoved;
  return item_match::any_finds(blocked_key_patterns, key) ? KeyRule::kMasked : KeyRule::kPlain;
}

KeyRule KeyRules::remembered(std::string_view key) {
  Entry& entry = entries_[std::hash<std::string_view>()(key) % kRemembered];
  if (!entry.is_set || entry.key != key) {
    entry.rule = options_.rule_of(key);
    entry.key = key;
    entry.is_set = true;
  }
  return entry.rule;
}

}  // namespace millrace::processors::redaction
