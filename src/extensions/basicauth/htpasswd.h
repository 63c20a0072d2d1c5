// htpasswd files: "name:hash" a line; empty lines and lines that begin with '#' say nothing.
// Immutable; safe from any thread.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "extensions/basicauth/password_hash.h"

namespace millrace::extensions {

class Htpasswd {
 public:
  // Adds the users of `text`; one that is there already gets the new hash. `source` is named in
  // errors, with the line: "/etc/users:3: …". Neither names nor hashes are shown.
  Status add(std::string_view text, std::string_view source);

  size_t user_count() const { return hashes_.size(); }
  // Takes as long for a name that does not exist as for one that does, where all hashes cost alike.
  bool verify(std::string_view name, std::string_view password) const;
  // What that verify() costs (password_hash.h).
  uint32_t cost(std::string_view name) const;

 private:
  const PasswordHash* find(std::string_view name) const;

  std::unordered_map<std::string, PasswordHash> hashes_;
  const PasswordHash* dearest_ = nullptr;  // in hashes_; what an unknown name is held against
};

}  // namespace millrace::extensions
