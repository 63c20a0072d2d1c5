#include "extensions/basicauth/password_hash.h"

#include <crypt.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <utility>

#include "http/grpc_wire.h"

namespace millrace::extensions {
namespace {

constexpr uint32_t kMd5Cost = 16;  // about a millisecond
constexpr uint32_t kShaCost = 1;   // about a microsecond
constexpr uint32_t kShaRounds = 5000;
constexpr uint32_t kShaRoundsMax = 1'000'000;
constexpr uint32_t kShaRoundsPerCost = 64;
// A cost of 14 takes about a second, during which other checks wait.
constexpr uint32_t kBcryptCostMax = 14;
constexpr size_t kShaBytes = 20;
constexpr std::string_view kCryptAlphabet =
    "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

using Md5 = std::array<uint8_t, 16>;

class Digest {
 public:
  explicit Digest(const EVP_MD* kind) : kind_(kind), context_(EVP_MD_CTX_new()) {
    EVP_DigestInit_ex(context_.get(), kind_, nullptr);
  }
  Digest& add(std::string_view text) {
    EVP_DigestUpdate(context_.get(), text.data(), text.size());
    return *this;
  }
  void finish_into(uint8_t* out) {
    EVP_DigestFinal_ex(context_.get(), out, nullptr);
    EVP_DigestInit_ex(context_.get(), kind_, nullptr);
  }

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  const EVP_MD* kind_;
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

std::string_view text_of(const Md5& md5) {
  return {reinterpret_cast<const char*>(md5.data()), md5.size()};
}

bool same(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

bool is_crypt_text(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return kCryptAlphabet.contains(c); });
}

std::unexpected<Error> malformed(std::string_view kind) {
  return fail(Code::kInvalidArgument, "a malformed hash of kind " + std::string(kind));
}

// `text` is "$2y$10$" and 53 characters. Returns the cost; an error when `text` is malformed.
Result<uint32_t> bcrypt_cost(std::string_view text) {
  uint32_t log = 0;
  const auto parsed =
      std::from_chars(text.data() + 4, text.data() + std::min<size_t>(6, text.size()), log);
  if (text.size() != 60 || parsed.ptr != text.data() + 6 || text[6] != '$' || log < 4 ||
      !is_crypt_text(text.substr(7))) {
    return malformed("bcrypt");
  }
  if (log > kBcryptCostMax) {
    return fail(Code::kInvalidArgument, "bcrypt with a cost of " + std::to_string(log) +
                                            " takes too long; at most " +
                                            std::to_string(kBcryptCostMax) + " is allowed");
  }
  return uint32_t{1} << log;
}

// `text` is "$5$rounds=5000$salt$hash"; the rounds are optional.
Result<uint32_t> sha_crypt_cost(std::string_view text) {
  std::string_view rest = text.substr(3);
  uint32_t rounds = kShaRounds;
  constexpr std::string_view kRounds = "rounds=";
  if (rest.starts_with(kRounds)) {
    rest.remove_prefix(kRounds.size());
    const auto parsed = std::from_chars(rest.data(), rest.data() + rest.size(), rounds);
    if (parsed.ec != std::errc() || parsed.ptr == rest.data() + rest.size() || *parsed.ptr != '$') {
      return malformed("SHA-crypt");
    }
    rest.remove_prefix(static_cast<size_t>(parsed.ptr - rest.data()) + 1);
  }
  if (rounds > kShaRoundsMax) {
    return fail(Code::kInvalidArgument, "SHA-crypt with " + std::to_string(rounds) +
                                            " rounds takes too long; at most " +
                                            std::to_string(kShaRoundsMax) + " are allowed");
  }
  const size_t end = rest.find('$');
  const size_t size = text[1] == '5' ? 43 : 86;
  if (end == std::string_view::npos || rest.size() - end - 1 != size ||
      !is_crypt_text(rest.substr(end + 1))) {
    return malformed("SHA-crypt");
  }
  return std::max(rounds / kShaRoundsPerCost, uint32_t{1});
}

// `text` is "$apr1$salt$" and 22 characters.
bool is_md5_crypt(std::string_view text, std::string_view magic) {
  const std::string_view rest = text.substr(magic.size());
  const size_t end = rest.find('$');
  return end != std::string_view::npos && end <= 8 && rest.size() - end - 1 == 22 &&
         is_crypt_text(rest.substr(end + 1));
}

std::string crypt_of(std::string_view password, const std::string& setting) {
  const std::string phrase(password);
  auto data = std::make_unique<crypt_data>();
  const char* made = ::crypt_r(phrase.c_str(), setting.c_str(), data.get());
  std::string text = made == nullptr ? "" : made;
  OPENSSL_cleanse(data.get(), sizeof *data);
  return text;
}

}  // namespace

// The algorithm of Poul-Henning Kamp's crypt in FreeBSD. Apache uses it with another magic.
std::string md5_crypt(std::string_view magic, std::string_view salt, std::string_view password) {
  salt = salt.substr(0, 8);
  Digest digest(EVP_md5());
  Md5 md5;
  digest.add(password).add(salt).add(password).finish_into(md5.data());
  digest.add(password).add(magic).add(salt);
  for (size_t left = password.size(); left > 0; left -= std::min<size_t>(left, 16)) {
    digest.add(text_of(md5).substr(0, std::min<size_t>(left, 16)));
  }
  for (size_t bits = password.size(); bits > 0; bits >>= 1) {
    digest.add((bits & 1) != 0 ? std::string_view("\0", 1) : password.substr(0, 1));
  }
  digest.finish_into(md5.data());
  for (int round = 0; round < 1000; ++round) {
    digest.add(round % 2 != 0 ? password : text_of(md5));
    if (round % 3 != 0) digest.add(salt);
    if (round % 7 != 0) digest.add(password);
    digest.add(round % 2 != 0 ? text_of(md5) : password).finish_into(md5.data());
  }
  std::string text = std::string(magic) + std::string(salt) + "$";
  const auto append = [&](uint32_t bits, int count) {
    for (; count > 0; --count, bits >>= 6) text += kCryptAlphabet[bits & 63];
  };
  for (size_t i = 0; i < 5; ++i) {
    const size_t last = i == 4 ? 5 : i + 12;
    append(uint32_t{md5[i]} << 16 | uint32_t{md5[i + 6]} << 8 | md5[last], 4);
  }
  append(md5[11], 2);
  return text;
}

Result<PasswordHash> PasswordHash::parse(std::string_view text) {
  if (text.starts_with("$2y$") || text.starts_with("$2a$") || text.starts_with("$2b$")) {
    const auto cost = bcrypt_cost(text);
    if (!cost) return fail(cost.error());
    return PasswordHash(Kind::kCrypt, std::string(text), *cost);
  }
  if (text.starts_with("$5$") || text.starts_with("$6$")) {
    const auto cost = sha_crypt_cost(text);
    if (!cost) return fail(cost.error());
    return PasswordHash(Kind::kCrypt, std::string(text), *cost);
  }
  if (text.starts_with("$apr1$") || text.starts_with("$1$")) {
    const bool is_apr1 = text.starts_with("$apr1$");
    if (!is_md5_crypt(text, is_apr1 ? "$apr1$" : "$1$")) return malformed("MD5");
    return PasswordHash(is_apr1 ? Kind::kApr1 : Kind::kCrypt, std::string(text), kMd5Cost);
  }
  if (text.starts_with("{SHA}") || text.starts_with("{SSHA}")) {
    const bool is_salted = text.starts_with("{SSHA}");
    const auto bytes = http::decode_base64(text.substr(is_salted ? 6 : 5));
    if (!bytes || bytes->size() < kShaBytes || (!is_salted && bytes->size() != kShaBytes)) {
      return malformed("SHA");
    }
    return PasswordHash(Kind::kSha, *bytes, kShaCost);
  }
  return fail(Code::kInvalidArgument,
              "neither bcrypt, MD5 nor SHA (plain text and DES are refused; `htpasswd -B` makes a "
              "good one)");
}

bool PasswordHash::verify(std::string_view password) const {
  // crypt takes a NUL for the end of the password and would ignore the characters behind it.
  if (password.contains('\0') || password.size() > CRYPT_MAX_PASSPHRASE_SIZE - 1) return false;
  switch (kind_) {
    case Kind::kCrypt:
      return same(crypt_of(password, text_), text_);
    case Kind::kApr1: {
      constexpr std::string_view kMagic = "$apr1$";
      const std::string_view rest = std::string_view(text_).substr(kMagic.size());
      return same(md5_crypt(kMagic, rest.substr(0, rest.find('$')), password), text_);
    }
    case Kind::kSha: {
      std::array<uint8_t, kShaBytes> sha;
      Digest(EVP_sha1())
          .add(password)
          .add(std::string_view(text_).substr(kShaBytes))
          .finish_into(sha.data());
      return same({reinterpret_cast<const char*>(sha.data()), sha.size()},
                  std::string_view(text_).substr(0, kShaBytes));
    }
  }
  return false;
}

}  // namespace millrace::extensions
