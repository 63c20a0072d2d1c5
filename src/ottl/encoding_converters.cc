// Base64, hexadecimal digits, character sets and random ids.
#include "ottl/arguments.h"
#include "ottl/conversion.h"
#include "ottl/converters.h"
#include "ottl/text_encoding.h"
#include "wire/utf8.h"

namespace millrace::ottl {
namespace {

using F = Function;
using V = Value::Type;
using Result = Evaluated<Value>;

Result hex(Arguments& arguments) {
  const auto bytes = arguments.bytes_like(0);
  if (!bytes) return error(bytes.error());
  if (!*bytes) return Value::of_string("");
  return arguments.keep(to_hex(**bytes));
}

// A message holds valid UTF-8 only.
Result keep_text(Arguments& arguments, std::optional<std::string> text) {
  if (!text) return error("the text is not of this encoding");
  if (!wire::is_utf8(*text)) return error("the bytes are no UTF-8 text");
  return arguments.keep(std::move(*text));
}

Result encode_base64(Arguments& arguments) {
  const auto text = arguments.text(0);
  if (!text) return error(text.error());
  std::string_view variant = "base64";
  if (arguments.has(1)) {
    const auto given = arguments.text(1);
    if (!given) return error(given.error());
    variant = *given;
  }
  const auto base64 = find_base64(variant);
  if (!base64) return error("unknown variant \"" + std::string(variant) + "\"");
  return arguments.keep(to_base64(*text, *base64));
}

Result decode_base64(Arguments& arguments) {
  const auto text = arguments.text(0);
  if (!text) return error(text.error());
  return keep_text(arguments, from_base64(*text, Base64{}));
}

Result decode(Arguments& arguments) {
  const auto value = arguments.value(0);
  if (!value) return value;
  if (!value->is(V::kString) && !value->is(V::kBytes)) {
    return error("expected string or bytes, found " + std::string(type_name(value->type)));
  }
  const auto encoding = arguments.text(1);
  if (!encoding) return error(encoding.error());
  if (!is_known_encoding(*encoding)) {
    return error("unknown encoding \"" + std::string(*encoding) + "\"");
  }
  return keep_text(arguments, decode_text(value->text, *encoding));
}

void set_version(uint64_t* high, uint64_t* low, uint64_t version) {
  *high = (*high & ~uint64_t{0xf000}) | version << 12;
  *low = (*low & ~(uint64_t{3} << 62)) | uint64_t{2} << 62;
}

// RFC 9562: version 4 is random, version 7 begins with the milliseconds since 1970.
Result make_uuid(Arguments& arguments, uint64_t version) {
  const Item& item = arguments.evaluation().item();
  if (item.random == nullptr) return error("there is no source of random numbers");
  uint64_t high = item.random->next();
  uint64_t low = item.random->next();
  if (version == 7) {
    high = static_cast<uint64_t>(item.now_unix_nano / 1'000'000) << 16 | (high & 0xffff);
  }
  set_version(&high, &low, version);
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(high >> shift & 0xff);
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(low >> shift & 0xff);
  std::string text = to_hex(bytes);
  for (const size_t at : {8, 13, 18, 23}) text.insert(at, 1, '-');
  return arguments.keep(std::move(text));
}

constexpr ConverterRow kConverters[] = {
    {F::kHex, hex},
    {F::kBase64Encode, encode_base64},
    {F::kBase64Decode, decode_base64},
    {F::kDecode, decode},
    {F::kUUID, [](Arguments& a) { return make_uuid(a, 4); }},
    {F::kUUIDv7, [](Arguments& a) { return make_uuid(a, 7); }},
};

}  // namespace

std::span<const ConverterRow> encoding_converters() { return kConverters; }

}  // namespace millrace::ottl
