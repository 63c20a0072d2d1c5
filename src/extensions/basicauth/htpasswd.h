// htpasswd files: one "name:hash" a line; empty lines and lines that begin with '#' are ignored.
// Immutable after the last add(); safe from any thread.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "extensions/basicauth/password_hash.h"

namespace millrace::extensions {

class Htpasswd {
 public:
  // Adds the users of `text`; the new hash of an existing name replaces the old one. Errors name
  // `source` and the line ("/etc/users:3: …") and show neither names nor hashes.
  Status add(std::string_view text, std::string_view source);

  bool knows(std::string_view name) const { return find(name) != nullptr; }
  size_t user_count() const { return hashes_.size(); }
  // Takes as long for an unknown name as for a known one if all hashes have the same cost.
  bool verify(std::string_view name, std::string_view password) const;
  // The cost of verify() for that name (password_hash.h).
  uint32_t cost(std::string_view name) const;

 private:
  const PasswordHash* find(std::string_view name) const;

  std::unordered_map<std::string, PasswordHash> hashes_;
  const PasswordHash* slowest_ = nullptr;  // in hashes_; verify() uses it for unknown names
};

}  // namespace millrace::extensions
