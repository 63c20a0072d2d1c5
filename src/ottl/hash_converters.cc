// Hashes.
#include <openssl/evp.h>

#include <algorithm>

#include "ottl/arguments.h"
#include "ottl/conversion.h"
#include "ottl/converters.h"
#include "ottl/murmur3.h"
#include "ottl/xxh3.h"

namespace millrace::ottl {
namespace {

using F = Function;
using V = Value::Type;
using Result = Evaluated<Value>;

Result digest(Arguments& arguments, const EVP_MD* algorithm) {
  const auto text = arguments.text(0);
  if (!text) return error(text.error());
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (EVP_Digest(text->data(), text->size(), bytes, &size, algorithm, nullptr) != 1) {
    return error("the hash is not available");
  }
  return arguments.keep(to_hex({reinterpret_cast<const char*>(bytes), size}));
}

// FNV-1a with 64 bits.
Result fnv(Arguments& arguments) {
  const auto text = arguments.text(0);
  if (!text) return error(text.error());
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : *text) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  return Value::of_int(static_cast<int64_t>(hash));
}

std::string little_endian(uint64_t number, size_t size) {
  std::string bytes;
  for (size_t i = 0; i < size; i++) bytes += static_cast<char>(number >> 8 * i & 0xff);
  return bytes;
}

Result murmur3(Arguments& arguments, size_t bits) {
  const auto text = arguments.text(0);
  if (!text) return error(text.error());
  if (bits == 32) return arguments.keep(to_hex(little_endian(murmur3_32(*text), 4)));
  const auto [first, second] = murmur3_128(*text);
  return arguments.keep(to_hex(little_endian(first, 8) + little_endian(second, 8)));
}

std::string big_endian(uint64_t number) {
  std::string bytes = little_endian(number, 8);
  std::ranges::reverse(bytes);
  return bytes;
}

Result xxh3(Arguments& arguments, size_t bits) {
  const auto text = arguments.text(0);
  if (!text) return error(text.error());
  if (bits == 64) return arguments.keep(to_hex(big_endian(xxh3_64(*text))));
  const Hash128 hash = xxh3_128(*text);
  return arguments.keep(to_hex(big_endian(hash.high) + big_endian(hash.low)));
}

constexpr ConverterRow kConverters[] = {
    {F::kSHA256, [](Arguments& a) { return digest(a, EVP_sha256()); }},
    {F::kSHA512, [](Arguments& a) { return digest(a, EVP_sha512()); }},
    {F::kSHA1, [](Arguments& a) { return digest(a, EVP_sha1()); }},
    {F::kMD5, [](Arguments& a) { return digest(a, EVP_md5()); }},
    {F::kFNV, fnv},
    {F::kMurmur3Hash, [](Arguments& a) { return murmur3(a, 32); }},
    {F::kXXH3, [](Arguments& a) { return xxh3(a, 64); }},
    {F::kXXH128, [](Arguments& a) { return xxh3(a, 128); }},
    {F::kMurmur3Hash128, [](Arguments& a) { return murmur3(a, 128); }},
};

}  // namespace

std::span<const ConverterRow> hash_converters() { return kConverters; }

}  // namespace millrace::ottl
