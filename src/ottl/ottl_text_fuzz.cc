// The small formats that functions read: what is read is well formed, and what is written is read
// back.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "ottl/conversion.h"
#include "ottl/format_text.h"
#include "ottl/glob.h"
#include "ottl/log_formats.h"
#include "ottl/network.h"
#include "ottl/pattern.h"
#include "ottl/replacement.h"
#include "ottl/text_case.h"
#include "ottl/text_encoding.h"
#include "ottl/text_reader.h"
#include "ottl/time_text.h"
#include "ottl/time_zone.h"
#include "ottl/url.h"
#include "wire/utf8.h"

namespace {

using namespace millrace;
using namespace millrace::ottl;
using Input = ::millrace::testing::FuzzInput;

void check_glob(Input& input) {
  const std::string glob(input.text());
  if (!glob_to_regex(glob)) return;
  const auto pattern = prepare_pattern(Function::kReplaceMatch, glob);
  const std::string_view text = input.rest_text();
  if (pattern) (*pattern)->matches(text);
}

void check_replacement(Input& input) {
  const auto pattern = prepare_pattern(Function::kReplacePattern, input.text());
  const std::string_view replacement = input.text();
  const std::string_view text = input.rest_text();
  if (!pattern || !wire::is_utf8(text) || !wire::is_utf8(replacement)) return;
  const re2::RE2& regex = (*pattern)->regex();
  MILLRACE_CHECK((*pattern)->is_found_in(text) == re2::RE2::PartialMatch(as_piece(text), regex));
  const auto replaced = replace_matches(text, regex, Template(replacement, regex), nullptr);
  if (replaced && *replaced) MILLRACE_CHECK(wire::is_utf8(**replaced));
}

void check_time(Input& input) {
  const auto now = static_cast<int64_t>(input.number(7));
  const std::string_view format = input.text();
  if (TimeFormat::check(format)) return;
  const TimeFormat time_format(format);
  const auto zone = TimeZone::parse(input.text());
  const auto time = time_format.parse(input.rest_text(), now, zone.get());
  if (!time) return;
  // A text that was printed is read, unless a part of it is not of the format.
  const std::string printed = time_format.print(*time);
  const auto again = time_format.parse(printed, now, zone.get());
  if (again) MILLRACE_CHECK(time_format.print(*again).size() <= printed.size() + 64);
}

void check_csv(Input& input) {
  const auto quotes = static_cast<CsvQuotes>(input.choice(3));
  const std::string_view text = input.rest_text();
  const auto fields = split_csv(text, ",", quotes, 100);
  if (fields) MILLRACE_CHECK(!fields->empty() && fields->size() <= 100);
  split_outside_quotes(text, "=");
}

void check_log_formats(Input& input) {
  const std::string_view text = input.rest_text();
  if (!wire::is_utf8(text)) return;
  Scratch scratch;
  for (const auto& made :
       {read_clf(text, ClfForm::kCommon, scratch), read_clf(text, ClfForm::kCombined, scratch),
        read_cef(text, scratch), read_leef(text, scratch), read_elf(text, scratch)}) {
    if (made) MILLRACE_CHECK(made->is(Value::Type::kMap) && wire::is_utf8(to_text(*made)));
  }
}

void check_format(Input& input) {
  const std::vector<Value> values = {Value::of_int(static_cast<int64_t>(input.number(8))),
                                     Value::of_double(static_cast<double>(input.number(8)) / 7),
                                     Value::of_string("aé"), Value::of_bool(true), Value()};
  const std::string_view format = input.rest_text();
  if (!wire::is_utf8(format)) return;
  const auto text = format_text(format, values);
  if (text) MILLRACE_CHECK(wire::is_utf8(*text));
}

void check_words(Input& input) {
  const std::string_view text = input.rest_text();
  if (!wire::is_utf8(text)) return;
  for (const std::string& changed :
       {to_upper_case(text), to_lower_case(text), to_snake_case(text), to_camel_case(text)}) {
    MILLRACE_CHECK(wire::is_utf8(changed));
  }
  const auto url = parse_url(text);
  if (url) MILLRACE_CHECK(wire::is_utf8(url->text) && wire::is_utf8(url->path));
  parse_network(text);
  parse_int(text, 0);
  for (const std::string_view name : {"base64", "base64-raw", "base64-url", "base64-raw-url"}) {
    const Base64 variant = *find_base64(name);
    MILLRACE_CHECK(from_base64(to_base64(text, variant), variant) == std::string(text));
  }
  MILLRACE_CHECK(wire::is_utf8(*decode_text(text, "utf-16")));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input input(data, size);
  switch (input.choice(7)) {
    case 0:
      check_glob(input);
      break;
    case 1:
      check_replacement(input);
      break;
    case 2:
      check_time(input);
      break;
    case 3:
      check_csv(input);
      break;
    case 4:
      check_format(input);
      break;
    case 5:
      check_log_formats(input);
      break;
    default:
      check_words(input);
  }
  return 0;
}
