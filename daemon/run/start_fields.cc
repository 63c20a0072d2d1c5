#include "daemon/run/start_fields.h"

#include <openssl/evp.h>
#include <unistd.h>

#include <array>
#include <string>
#include <string_view>

#include "config/print.h"
#include "daemon/cli/listing.h"

namespace millrace::daemon {
namespace {

std::string sha256_hex(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
    return "unknown";
  }
  constexpr std::string_view kHexDigits = "0123456789abcdef";
  std::string hex;
  for (unsigned i = 0; i < size; ++i) {
    hex += kHexDigits[digest[i] >> 4];
    hex += kHexDigits[digest[i] & 15];
  }
  return hex;
}

// The sources of the configuration. A "yaml:" source is the configuration itself, so it is not
// shown.
std::string sources_text(const yaml::Sources& sources) {
  if (sources.configs.empty()) return "built-in";
  std::string text;
  for (const std::string& config : sources.configs) {
    if (!text.empty()) text += ' ';
    text += config.starts_with("yaml:") ? "yaml:..." : config;
  }
  return sources.sets.empty() ? text : text + " --set ...";
}

}  // namespace

std::vector<LogField> start_fields(const cli::CollectorArguments& arguments,
                                   const cli::Configuration& configuration) {
  const std::string effective =
      config::print(configuration.root, configuration.diagnostics, config::PrintFormat::kYaml,
                    config::SecretMode::kRedacted);
  return {{"version", cli::version()},
          {"commit", cli::commit()},
          {"pid", getpid()},
          {"configuration", sources_text(arguments.sources)},
          {"configuration_sha256", sha256_hex(effective)}};
}

}  // namespace millrace::daemon
