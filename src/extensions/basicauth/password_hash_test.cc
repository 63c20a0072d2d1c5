#include "extensions/basicauth/password_hash.h"

#include <crypt.h>
#include <gtest/gtest.h>

#include <memory>

namespace millrace::extensions {
namespace {

// Hashes of the password "wonder", as htpasswd, openssl passwd and crypt(3) write them.
constexpr std::string_view kHashes[] = {
    "$2y$04$abcdefghijklmnopqrstuuetGRvO6QNMBbbIoo5tpQkbPXg26U9Qu",
    "$apr1$saltsalt$cFhJERcWi636wqNYRxSdw0",
    "$1$saltsalt$vCU5oiDUs4WzRvnmkKlxe0",
    "$5$rounds=1000$saltsalt$/hkKrsdcL.34UR2xZVrjJaV/r5yakHiDRJCnCasVwj6",
    "$6$rounds=1000$saltsalt$LebIiWVZl3zGeVs2ToRkhzuhQ4MYDU."
    "9mmMnG9L0hwtoyVhMIX9J52giGFvUfdZKAxaAEZ8lBkzFQLuwzXMPC/",
    "{SHA}w3QkzGJswDXW5OKZHAJw0FELjfM=",
    "{SSHA}n0reRMPhZt31QPE0XthGVi73ivJzYWx0"};

TEST(PasswordHashTest, EveryKindKnowsItsPasswordAndNoOther) {
  for (const std::string_view text : kHashes) {
    const auto hash = PasswordHash::parse(text);
    ASSERT_TRUE(hash) << text << ": " << hash.error().message;
    EXPECT_TRUE(hash->verify("wonder")) << text;
    for (const std::string_view wrong :
         {std::string_view(""), std::string_view("wonde"), std::string_view("wonderr"),
          std::string_view("Wonder"), std::string_view("wonder\0x", 8)}) {
      EXPECT_FALSE(hash->verify(wrong)) << text << " with " << wrong;
    }
    EXPECT_GT(hash->cost(), 0u);
  }
}

TEST(PasswordHashTest, CutHashesAreRefusedAndNotShown) {
  for (const std::string_view text : kHashes) {
    // A salted SHA-1 has no fixed length: a cut shortens its salt while 20 bytes are left.
    // The padding of base64 may be omitted.
    size_t shortest = text.size();
    if (text.starts_with("{SSHA}")) shortest = 33;
    if (text.starts_with("{SHA}")) shortest = text.size() - 1;
    for (size_t size = 0; size < shortest; ++size) {
      const auto hash = PasswordHash::parse(text.substr(0, size));
      ASSERT_FALSE(hash) << text.substr(0, size);
      if (size > 12) {
        EXPECT_FALSE(hash.error().message.contains(text.substr(6, size - 6)));
      }
    }
  }
}

TEST(PasswordHashTest, PlainTextDesAndSlowHashesAreRefused) {
  for (const std::string_view text :
       {"wonder", "rqXexS6ZhobKA", "$2y$15$abcdefghijklmnopqrstuuk7P9RzqSPYbYqV1NVQy3LXJOqVO8cGK",
        "$2y$03$abcdefghijklmnopqrstuuk7P9RzqSPYbYqV1NVQy3LXJOqVO8cGK",
        "$6$rounds=999999999$saltsalt$x", "$y$j9T$x$y", "{MD5}x"}) {
    const auto hash = PasswordHash::parse(text);
    ASSERT_FALSE(hash) << text;
    EXPECT_EQ(hash.error().code, Code::kInvalidArgument);
  }
}

TEST(PasswordHashTest, Md5AgreesWithTheSystemsForEveryLength) {
  std::string password;
  for (int length = 0; length < 70; ++length) {
    auto data = std::make_unique<crypt_data>();
    EXPECT_EQ(md5_crypt("$1$", "pepper", password),
              ::crypt_r(password.c_str(), "$1$pepper", data.get()))
        << length;
    password += static_cast<char>('!' + length);
  }
}

}  // namespace
}  // namespace millrace::extensions
