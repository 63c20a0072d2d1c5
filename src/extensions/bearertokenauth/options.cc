#include "extensions/bearertokenauth/options.h"

#include <algorithm>

#include "access/field_text.h"

namespace millrace::extensions {
namespace {

// Reads a list of secrets. Unlike Section::text_list its errors show no value.
void read_tokens(config::Section& section, std::vector<std::string>& into) {
  section.diagnostics().mark_secret(section.path() + "::tokens");
  const yaml::Node* node = section.find("tokens");
  if (node == nullptr || node->kind == yaml::Node::Kind::kNull) return;
  const bool is_list = node->kind == yaml::Node::Kind::kSequence &&
                       std::ranges::all_of(node->sequence, [](const yaml::Node& element) {
                         return element.kind == yaml::Node::Kind::kScalar;
                       });
  if (!is_list) return section.error_at("tokens", "expected a list of texts");
  for (const yaml::Node& element : node->sequence) {
    into.push_back(element.original.empty() ? element.scalar : element.original);
  }
}

}  // namespace

void read_bearer_token_auth(config::Section& section, BearerTokenAuthOptions& into) {
  section.text("scheme", &into.scheme);
  section.text("header", &into.header);
  section.text("filename", &into.filename);
  std::string token;
  section.secret("token", &token);
  read_tokens(section, into.tokens);
  section.ignored("file_retry", "the file is checked for changes without it");
  if (!into.scheme.empty() && !access::is_token(into.scheme)) {
    section.error_at("scheme", "\"" + into.scheme + "\" is not an authentication scheme");
  }
  if (!access::is_token(into.header)) {
    section.error_at("header", "\"" + into.header + "\" is not a header name");
  }
  if (!token.empty() && !into.tokens.empty()) {
    section.error("either tokens or token should be provided, not both");
  }
  if (token.empty() && into.tokens.empty() && into.filename.empty()) {
    section.error("no bearer token provided");
  }
  if (!into.filename.empty() && (!token.empty() || !into.tokens.empty())) {
    section.warning_at("filename", "a filename is specified. Configured token(s) is ignored!");
  }
  if (!token.empty()) into.tokens.push_back(std::move(token));
  for (const std::string& each : into.tokens) {
    if (each.empty() || !access::is_value(each)) {
      section.error("a token is empty or contains control characters");
      break;
    }
  }
}

}  // namespace millrace::extensions
