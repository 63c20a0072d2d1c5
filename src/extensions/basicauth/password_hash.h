// A password hash in one of the formats of htpasswd files:
//
//   $2y$ $2a$ $2b$   bcrypt           htpasswd -B
//   $apr1$ $1$       MD5, 1000 times  htpasswd -m (the default)
//   $5$ $6$          SHA-256, SHA-512 of crypt
//   {SHA} {SSHA}     SHA-1, once      htpasswd -s; salted: of LDAP
//
// Plain text and crypt's DES are refused. libxcrypt (crypt_r) computes bcrypt and crypt's formats.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace millrace::extensions {

class PasswordHash {
 public:
  // Errors state the mistake and never show the text.
  static Result<PasswordHash> parse(std::string_view text);

  // Whether this is the hash of `password`. The time depends on the password's length alone.
  bool verify(std::string_view password) const;
  // The cost of verify() in rounds of bcrypt or their equivalent. 1,024 rounds take some 60 ms.
  uint32_t cost() const { return cost_; }

 private:
  enum class Kind : uint8_t { kCrypt, kApr1, kSha };
  PasswordHash(Kind kind, std::string text, uint32_t cost)
      : kind_(kind), text_(std::move(text)), cost_(cost) {}

  Kind kind_;
  std::string text_;  // kSha: the 20 bytes, then the salt
  uint32_t cost_;
};

// The MD5 hash of crypt ("$1$") and of Apache ("$apr1$") as a whole: magic, salt, '$' and 22
// characters. Uses the first eight bytes of `salt`.
std::string md5_crypt(std::string_view magic, std::string_view salt, std::string_view password);

}  // namespace millrace::extensions
