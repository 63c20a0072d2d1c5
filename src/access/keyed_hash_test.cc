#include "access/keyed_hash.h"

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <string>

namespace millrace::access {
namespace {

// OpenSSL's SipHash as a reference. It allocates for each hash.
Digest reference(const HashKey& key, std::string_view text) {
  EVP_MAC* mac = EVP_MAC_fetch(nullptr, "SIPHASH", nullptr);
  EVP_MAC_CTX* context = EVP_MAC_CTX_new(mac);
  size_t size = 16;
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size),
                                   OSSL_PARAM_construct_end()};
  EXPECT_EQ(
      EVP_MAC_init(context, reinterpret_cast<const unsigned char*>(key.data()), 16, parameters), 1);
  EVP_MAC_update(context, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  Digest digest{};
  size_t written = 0;
  EVP_MAC_final(context, reinterpret_cast<unsigned char*>(digest.data()), &written, 16);
  EVP_MAC_CTX_free(context);
  EVP_MAC_free(mac);
  return digest;
}

TEST(KeyedHashTest, AgreesWithOpenSslForEveryLength) {
  const HashKey key = random_hash_key();
  std::string text;
  for (int length = 0; length < 100; ++length) {
    EXPECT_EQ(keyed_hash(key, text), reference(key, text)) << length;
    text += static_cast<char>(200 + length * 7);
  }
}

TEST(KeyedHashTest, EachKeyGivesAnotherDigest) {
  EXPECT_NE(random_hash_key(), random_hash_key());
  EXPECT_NE(keyed_hash({1, 2}, "token"), keyed_hash({1, 3}, "token"));
}

}  // namespace
}  // namespace millrace::access
