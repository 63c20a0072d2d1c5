// The rule for a key: ignored, removed, masked or none of these.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "processors/redaction/options.h"

namespace millrace::processors::redaction {

enum class KeyRule : uint8_t {
  kPlain,
  kIgnored,  // neither removed nor masked
  kRemoved,
  kMasked,  // the whole value, unless it is an allowed one
};

// Remembers the answers of patterns for the keys that come again and again: at most kRemembered
// keys of kKeyBytesMax. One for each processor; used on its worker only. The options outlive it.
class KeyRules {
 public:
  explicit KeyRules(const Options& options)
      : options_(options),
        has_patterns_(!options.ignored_key_patterns.empty() ||
                      !options.blocked_key_patterns.empty()),
        are_all_plain_(!has_patterns_ && options.allow_all_keys && options.ignored_keys.empty()) {}

  KeyRule of(std::string_view key) {
    if (are_all_plain_) return KeyRule::kPlain;
    return has_patterns_ && key.size() <= kKeyBytesMax ? remembered(key) : options_.rule_of(key);
  }

 private:
  static constexpr size_t kRemembered = 256;
  static constexpr size_t kKeyBytesMax = 100;
  struct Entry {
    std::string key;
    KeyRule rule = KeyRule::kPlain;
    bool is_set = false;
  };
  KeyRule remembered(std::string_view key);

  const Options& options_;
  const bool has_patterns_;
  const bool are_all_plain_;
  std::array<Entry, kRemembered> entries_;
};

}  // namespace millrace::processors::redaction
