// The hashes of one password that htpasswd files hold:
//
//   $2y$ $2a$ $2b$   bcrypt           htpasswd -B
//   $apr1$ $1$       MD5, 1000 times  htpasswd -m (the default)
//   $5$ $6$          SHA-256, SHA-512 of crypt
//   {SHA} {SSHA}     SHA-1, once      htpasswd -s; salted: of LDAP
//
// Plain text and crypt's DES are refused. bcrypt and crypt's kinds are libxcrypt's (crypt_r).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace millrace::extensions {

class PasswordHash {
 public:
  // Errors say what is wrong and never show the text.
  static Result<PasswordHash> parse(std::string_view text);

  // Whether it is the hash of that password. Takes the same time for every password of a length.
  bool verify(std::string_view password) const;
  // What verify() costs: bcrypt's rounds, or as many as take as long. 1,024 are some 60 ms.
  uint32_t cost() const { return cost_; }

 private:
  enum class Kind : uint8_t { kCrypt, kApr1, kSha };
  PasswordHash(Kind kind, std::string text, uint32_t cost)
      : kind_(kind), text_(std::move(text)), cost_(cost) {}

  Kind kind_;
  std::string text_;  // kSha: the 20 bytes, then the salt
  uint32_t cost_;
};

// The MD5 hash of crypt ("$1$") and of Apache ("$apr1$"), whole: magic, salt, '$', 22 characters.
// `salt` is cut to eight bytes.
std::string md5_crypt(std::string_view magic, std::string_view salt, std::string_view password);

}  // namespace millrace::extensions
