#include "library/prefix.h"

#include <cstring>

#include "millrace/detail/encoder.h"

namespace millrace::library {
namespace {

using v1::detail::Encoder;

std::vector<uint8_t> bytes_of(Encoder& encoder) {
  return {encoder.begin(), encoder.begin() + encoder.size()};
}

}  // namespace

Prefix::Prefix(const v1::Attributes& resource, std::string_view scope_name,
               std::string_view scope_version) {
  Encoder encoder(0);
  const auto message = encoder.open(1);
  for (const v1::Attribute& attribute : resource) {
    encoder.value_attribute(1, attribute.key, attribute.value);
  }
  encoder.close(message);
  resource_field_ = bytes_of(encoder);

  encoder.reset(0);
  const auto scope = encoder.open(1);
  if (!scope_name.empty()) encoder.text_field(1, scope_name);
  if (!scope_version.empty()) encoder.text_field(2, scope_version);
  encoder.close(scope);
  scope_field_ = bytes_of(encoder);
}

uint8_t* Prefix::write_before(uint8_t* items, size_t items_size) const {
  using v1::detail::put_varint;
  using v1::detail::varint_size;
  const size_t scope_size = scope_field_.size() + items_size;
  const size_t resource_size = resource_field_.size() + 1 + varint_size(scope_size) + scope_size;
  uint8_t* begin = items - scope_field_.size() - varint_size(scope_size) - 1 -
                   resource_field_.size() - varint_size(resource_size) - 1;
  uint8_t* at = begin;
  *at++ = 0x0a;
  at = put_varint(at, resource_size);
  std::memcpy(at, resource_field_.data(), resource_field_.size());
  at += resource_field_.size();
  *at++ = 0x12;
  at = put_varint(at, scope_size);
  std::memcpy(at, scope_field_.data(), scope_field_.size());
  return begin;
}

}  // namespace millrace::library
