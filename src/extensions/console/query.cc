#include "extensions/console/query.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "wire/utf8.h"

namespace millrace::extensions::console {
namespace {

constexpr size_t kParametersMax = 100;

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::optional<std::string> decode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      const int high = i + 2 < text.size() ? digit_of(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? digit_of(text[i + 2]) : -1;
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  if (!wire::is_utf8(out)) return std::nullopt;
  return out;
}

std::unexpected<Error> wrong(std::string_view name, std::string_view expected) {
  return fail(Code::kInvalidArgument, std::string(name) + ": expected " + std::string(expected));
}

}  // namespace

Result<Query> Query::parse(std::string_view text) {
  Query query;
  while (!text.empty()) {
    const size_t end = std::min(text.find('&'), text.size());
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (part.empty()) continue;
    if (query.parameters_.size() == kParametersMax) {
      return fail(Code::kInvalidArgument, "the query has too many parameters");
    }
    const size_t equals = std::min(part.find('='), part.size());
    auto name = decode(part.substr(0, equals));
    auto value = decode(part.substr(std::min(equals + 1, part.size())));
    if (!name || !value) {
      return fail(Code::kInvalidArgument, "the query is not percent-encoded UTF-8");
    }
    query.parameters_.push_back({std::move(*name), std::move(*value)});
  }
  return query;
}

std::string Query::text(std::string_view name) const {
  std::string found;
  for (const Parameter& parameter : parameters_) {
    if (parameter.name == name) found = parameter.value;
  }
  return found;
}

std::vector<std::string> Query::all(std::string_view name) const {
  std::vector<std::string> found;
  for (const Parameter& parameter : parameters_) {
    if (parameter.name == name) found.push_back(parameter.value);
  }
  return found;
}

bool Query::has(std::string_view name) const {
  return std::ranges::find(parameters_, name, &Parameter::name) != parameters_.end();
}

Result<uint64_t> Query::number(std::string_view name, uint64_t otherwise, uint64_t least,
                               uint64_t most) const {
  if (!has(name)) return otherwise;
  const std::string value = text(name);
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size() || number < least ||
      number > most) {
    return wrong(name, "a number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return number;
}

Result<double> Query::real(std::string_view name, double otherwise) const {
  if (!has(name)) return otherwise;
  const std::string value = text(name);
  double number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size() || !std::isfinite(number)) {
    return wrong(name, "a number");
  }
  return number;
}

Result<bool> Query::boolean(std::string_view name, bool otherwise) const {
  if (!has(name)) return otherwise;
  const std::string value = text(name);
  if (value == "true" || value == "1" || value.empty()) return true;
  if (value == "false" || value == "0") return false;
  return wrong(name, "true or false");
}

}  // namespace millrace::extensions::console
