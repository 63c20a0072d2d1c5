#include "daemon/console_client/target.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "daemon/otlp_client/target.h"
#include "transport/client/web_url.h"

namespace millrace::console_client {
namespace {

constexpr size_t kTokenBytesMax = 64 << 10;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

}  // namespace

void add_target_options(CLI::App& app, Target& target) {
  app.add_option("--address", target.address,
                 "of the console: http(s)://host:port (default http://localhost:8888)")
      ->type_name("URL");
  app.add_option("--token-file", target.token_file,
                 std::string("file with the console's token; else ") + kTokenVariable +
                     " of the environment")
      ->type_name("FILE");
  app.add_option("--token", target.token, "the token itself, which other users of this machine see")
      ->type_name("TOKEN");
  app.add_option("--ca-file", target.ca_file, "certificate authorities for https (PEM)")
      ->type_name("FILE");
  load::add_duration(app, "--timeout", target.timeout, "for each answer (default 10s)");
}

Result<std::string> find_token(const Target& target) {
  if (!target.token.empty()) return target.token;
  if (!target.token_file.empty()) {
    std::ifstream file(target.token_file, std::ios::binary);
    std::string text(kTokenBytesMax, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<size_t>(file.gcount()));
    if (text.empty()) {
      return fail(Code::kNotFound, "--token-file " + target.token_file + ": cannot be read");
    }
    return std::string(trimmed(text));
  }
  const char* variable = std::getenv(kTokenVariable);
  return std::string(variable == nullptr ? "" : variable);
}

void QueryText::add(std::string_view name, std::string_view value) {
  if (value.empty()) return;
  text_ += text_.empty() ? "?" : "&";
  text_ += name;
  text_ += "=" + transport::encode_form_text(value);
}

std::string QueryText::behind(std::string_view path) const { return std::string(path) + text_; }

}  // namespace millrace::console_client
