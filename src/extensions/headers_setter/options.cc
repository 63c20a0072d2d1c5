#include "extensions/headers_setter/options.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "access/field_text.h"
#include "base/identity_attribute.h"

namespace millrace::extensions {
namespace {

using config::Section;
using Source = HeaderRule::Source;

// Fields of the connection and of the protocol.
bool is_of_protocol(std::string_view name) {
  constexpr auto kNames = std::to_array<std::string_view>(
      {"connection", "content-encoding", "content-length", "content-type", "host", "keep-alive",
       "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"});
  return name.starts_with("grpc-") || std::ranges::find(kNames, name) != kNames.end();
}

void read_name(Section& header, HeaderRule& rule) {
  std::string key;
  header.text("key", &key);
  if (key.empty()) {
    header.error("missing header name");
  } else if (!access::is_token(key)) {
    header.error_at("key", "\"" + key + "\" is not a header name");
  }
  rule.name = access::lowered(key);
  if (is_of_protocol(rule.name)) {
    header.error_at("key", "\"" + key + "\" belongs to the protocol");
  }
}

void read_source(Section& header, HeaderRule& rule) {
  int count = 0;
  const auto take = [&](Source source, bool is_there) {
    if (!is_there) return;
    ++count;
    rule.source = source;
  };
  std::string value;
  std::string file;
  std::string context;
  std::string attribute;
  take(Source::kValue, header.secret("value", &value));
  take(Source::kFile, header.text("value_file", &file));
  take(Source::kContext, header.text("from_context", &context));
  take(Source::kAttribute, header.text("from_attribute", &attribute));
  std::string default_value;
  if (header.secret("default_value", &default_value)) rule.default_value = default_value;
  if (rule.action == HeaderRule::Action::kDelete) {
    rule.source = Source::kNone;
    return;
  }
  if (count == 0) {
    header.error(
        "missing header source, must be 'from_context', 'from_attribute', 'value_file' or 'value'");
  }
  if (count > 1) {
    header.error(
        "invalid header source, must be one of 'from_context', 'from_attribute', 'value_file' and "
        "'value'");
  }
  if (rule.source == Source::kContext) context = access::lowered(context);
  if (rule.source == Source::kAttribute &&
      std::ranges::find(kIdentityAttributes, attribute) == kIdentityAttributes.end()) {
    header.error_at("from_attribute",
                    "\"" + attribute +
                        "\" is not supported: of the authenticators here basicauth "
                        "alone gives an attribute, username");
  }
  rule.from = rule.source == Source::kValue       ? value
              : rule.source == Source::kFile      ? file
              : rule.source == Source::kAttribute ? identity_entry_name(attribute)
                                                  : context;
  if (!access::is_value(value) || !access::is_value(default_value)) {
    header.error("a value has a control character, which would end the header");
  }
  if (rule.source == Source::kContext && !access::is_token(context)) {
    header.error_at("from_context", "\"" + context + "\" is not a header name");
  }
}

}  // namespace

void read_headers_setter(Section& section, HeadersSetterOptions& into) {
  using Action = HeaderRule::Action;
  section.section_list("headers", [&](Section& header) {
    HeaderRule rule;
    header.choice("action", &rule.action,
                  {{"insert", static_cast<int>(Action::kInsert)},
                   {"update", static_cast<int>(Action::kUpdate)},
                   {"upsert", static_cast<int>(Action::kUpsert)},
                   {"delete", static_cast<int>(Action::kDelete)}});
    read_name(header, rule);
    read_source(header, rule);
    into.rules.push_back(std::move(rule));
  });
  section.unsupported("additional_auth",
                      "one extension adds headers to a request; set the header of the other by "
                      "value or value_file");
  if (into.rules.empty()) section.error("missing headers configuration");
}

}  // namespace millrace::extensions
