#include "daemon/cli/listing.h"

#include <algorithm>
#include <vector>

#include "base/signal.h"
#include "commit.h"

namespace millrace::cli {
namespace {

std::string capitalized(std::string_view text) {
  std::string word(text);
  if (!word.empty() && word[0] >= 'a' && word[0] <= 'z') {
    word[0] = static_cast<char>(word[0] - 'a' + 'A');
  }
  return word;
}

}  // namespace

std::string_view version() { return MILLRACE_VERSION; }
std::string_view commit() { return MILLRACE_COMMIT; }

std::string list_components(const config::Catalog& catalog) {
  std::string text =
      "buildinfo:\n    command: millrace\n    description: OpenTelemetry collector\n";
  text += "    version: " + std::string(version()) + "\n";
  for (const config::ComponentKind kind : config::kComponentKinds) {
    const std::vector<std::string_view> names = catalog.names(kind);
    text += std::string(config::section_name(kind)) + ":" + (names.empty() ? " []" : "") + "\n";
    for (const std::string_view name : names) {
      const config::ComponentType* type = catalog.find(kind, name);
      text += "    - name: " + std::string(name) + "\n";
      text += "      module: millrace " + std::string(version()) + "\n      stability:\n";
      if (kind == config::ComponentKind::kExtension) {
        text += "        extension: " + capitalized(type->stability) + "\n";
        continue;
      }
      for (const Signal signal :
           {Signal::kLogs, Signal::kMetrics, Signal::kProfiles, Signal::kTraces}) {
        if ((type->signals >> index_of(signal) & 1) == 0) continue;
        text += "        " + std::string(signal_name(signal)) + ": " +
                capitalized(type->stability) + "\n";
      }
    }
  }
  return text;
}

}  // namespace millrace::cli
