// OTEL_RESOURCE_ATTRIBUTES, by the rules of otelcol's env detector, which are not those of the SDK:
// a value may have 256 characters and is query-unescaped, and a mistake anywhere is an error.
#include <re2/re2.h>

#include "access/field_text.h"
#include "base/url_escape.h"
#include "processors/resourcedetection/detector.h"
#include "processors/resourcedetection/environment_list.h"

namespace millrace::processors::resourcedetection {

namespace {

constexpr size_t kListBytesMax = 64 * 1024;

std::unexpected<Error> invalid(std::string_view what, std::string_view text) {
  return fail(Code::kInvalidArgument, "OTEL_RESOURCE_ATTRIBUTES: " + std::string(what) + ": \"" +
                                          std::string(text.substr(0, kTextBytesMax)) + "\"");
}

}  // namespace

Result<Resource> parse_environment_list(std::string_view list) {
  // A key and a value of ASCII characters with blanks around them, up to a comma or the end. The
  // shortest key that leaves a value: so a comma may be part of a key, as in otelcol.
  const re2::RE2 pair("\\s*([\\x00-\\x7f]{1,256}?)\\s*=\\s*([\\x00-\\x7f]{0,256}?)\\s*(?:,|\\z)");
  if (list.size() > kListBytesMax) return invalid("the list is too long", list.substr(0, 64));
  Resource made;
  re2::StringPiece rest(list.data(), list.size());
  re2::StringPiece key;
  re2::StringPiece value;
  while (!rest.empty()) {
    const std::string_view before(rest.data(), rest.size());
    if (!re2::RE2::Consume(&rest, pair, &key, &value)) return invalid("invalid text", before);
    const auto text = unescape_url({value.data(), value.size()}, UrlPart::kQuery);
    if (!text) return invalid("invalid escape", {value.data(), value.size()});
    made.set_text({key.data(), key.size()}, *text);
  }
  return made;
}

Result<Finding> detect_env(const DetectorOptions&, World& world) {
  std::string list = world.variable("OTEL_RESOURCE_ATTRIBUTES").value_or("");
  if (access::trimmed(list).empty()) list = world.variable("OTEL_RESOURCE").value_or("");
  if (access::trimmed(list).empty()) {
    return Finding{.resource = {}, .remark = "OTEL_RESOURCE_ATTRIBUTES is not set"};
  }
  Result<Resource> found = parse_environment_list(access::trimmed(list));
  if (!found) return fail(std::move(found.error()));
  return Finding{.resource = std::move(*found)};
}

}  // namespace millrace::processors::resourcedetection
