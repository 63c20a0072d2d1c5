#include "ottl/text_encoding.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "otlp/json/text_values.h"
#include "ottl/characters.h"
#include "wire/utf8.h"

namespace millrace::ottl {
namespace {

enum class Charset : uint8_t { kNone, kUtf8, kRaw, kUtf16Little, kUtf16Big, kLatin1 };

Charset find_charset(std::string_view name) {
  std::string lower(name);
  for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
  static constexpr std::pair<std::string_view, Charset> kNames[] = {
      {"", Charset::kUtf8},
      {"utf-8", Charset::kUtf8},
      {"utf8", Charset::kUtf8},
      {"ascii", Charset::kUtf8},
      {"us-ascii", Charset::kUtf8},
      {"utf-8-raw", Charset::kRaw},
      {"utf8-raw", Charset::kRaw},
      {"nop", Charset::kRaw},
      {"utf-16", Charset::kUtf16Little},
      {"utf16", Charset::kUtf16Little},
      {"utf-16le", Charset::kUtf16Little},
      {"utf-16be", Charset::kUtf16Big},
      {"iso-8859-1", Charset::kLatin1},
      {"latin1", Charset::kLatin1},
  };
  const auto found =
      std::ranges::find(kNames, lower, [](const auto& known) { return known.first; });
  return found == std::end(kNames) ? Charset::kNone : found->second;
}

std::string from_utf16(std::string_view bytes, bool is_big) {
  const auto unit_at = [&](size_t i) {
    const auto first = static_cast<uint8_t>(bytes[i]);
    const auto second = static_cast<uint8_t>(bytes[i + 1]);
    return static_cast<uint32_t>(is_big ? first << 8 | second : second << 8 | first);
  };
  constexpr uint32_t kReplacement = 0xfffd;
  std::string text;
  size_t i = 0;
  while (i + 1 < bytes.size()) {
    uint32_t unit = unit_at(i);
    i += 2;
    if (unit >= 0xd800 && unit < 0xdc00 && i + 1 < bytes.size()) {
      const uint32_t low = unit_at(i);
      const bool is_pair = low >= 0xdc00 && low < 0xe000;
      if (is_pair) i += 2;
      unit = is_pair ? 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00) : kReplacement;
    } else if (unit >= 0xd800 && unit < 0xe000) {
      unit = kReplacement;
    }
    append_code_point(unit, &text);
  }
  if (i < bytes.size()) append_code_point(kReplacement, &text);
  return text;
}

}  // namespace

std::optional<Base64> find_base64(std::string_view name) {
  if (!name.starts_with("base64")) return std::nullopt;
  name.remove_prefix(6);
  if (name.empty()) return Base64{};
  if (name == "-raw") return Base64{.is_padded = false};
  if (name == "-url") return Base64{.is_url_safe = true};
  if (name == "-raw-url") return Base64{.is_url_safe = true, .is_padded = false};
  return std::nullopt;
}

std::string to_base64(std::string_view bytes, const Base64& variant) {
  std::string text;
  otlp::json::append_base64(as_span(bytes), &text);
  if (variant.is_url_safe) {
    std::ranges::replace(text, '+', '-');
    std::ranges::replace(text, '/', '_');
  }
  while (!variant.is_padded && text.ends_with('=')) text.pop_back();
  return text;
}

std::optional<std::string> from_base64(std::string_view text, const Base64& variant) {
  std::string digits;
  for (const char c : text) {
    if (c != '\r' && c != '\n') digits += c;
  }
  const bool has_other = std::ranges::any_of(digits, [&](char c) {
    return std::string_view(variant.is_url_safe ? "+/" : "-_").contains(c);
  });
  if (has_other || (variant.is_padded && digits.size() % 4 != 0)) return std::nullopt;
  if (!variant.is_padded && digits.contains('=')) return std::nullopt;
  std::string bytes(otlp::json::base64_size_max(digits.size()), '\0');
  size_t size = 0;
  if (!otlp::json::parse_base64(digits, reinterpret_cast<uint8_t*>(bytes.data()), &size)) {
    return std::nullopt;
  }
  bytes.resize(size);
  return bytes;
}

bool is_known_encoding(std::string_view name) {
  return find_base64(name).has_value() || find_charset(name) != Charset::kNone;
}

std::optional<std::string> decode_text(std::string_view bytes, std::string_view encoding) {
  if (const auto base64 = find_base64(encoding)) return from_base64(bytes, *base64);
  switch (find_charset(encoding)) {
    case Charset::kRaw:
      return std::string(bytes);
    case Charset::kUtf16Little:
      return from_utf16(bytes, false);
    case Charset::kUtf16Big:
      return from_utf16(bytes, true);
    case Charset::kLatin1: {
      std::string text;
      for (const char c : bytes) append_code_point(static_cast<uint8_t>(c), &text);
      return text;
    }
    default:
      return wire::to_utf8(bytes);
  }
}

}  // namespace millrace::ottl
