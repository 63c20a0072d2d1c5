#include "daemon/cli/configuration.h"

#include <utility>

#include "migration/replacements.h"

namespace millrace::cli {

Result<Configuration> load_configuration(const yaml::Sources& sources, const yaml::World& world,
                                         const config::Catalog& catalog,
                                         const CheckComponents& check_components) {
  std::vector<yaml::Finding> warnings;
  auto root = yaml::load(sources, world, warnings);
  if (!root) return fail(root.error());
  Configuration configuration;
  configuration.root = std::move(*root);
  migration::warn(migration::replace_removed(configuration.root).changes,
                  configuration.diagnostics);
  for (yaml::Finding& warning : warnings) {
    configuration.diagnostics.warning(std::move(warning.place), "", std::move(warning.message));
  }
  configuration.document =
      config::read_document(configuration.root, catalog, configuration.diagnostics);
  if (check_components) check_components(configuration.document, configuration.diagnostics);
  return configuration;
}

}  // namespace millrace::cli
