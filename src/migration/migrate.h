// A configuration's text without the components and keys that otelcol has removed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "migration/replacements.h"

namespace millrace::migration {

struct Migrated {
  std::string text;
  std::vector<Change> changes;
  // False: the text is printed anew from the tree, because its form could not be edited.
  bool keeps_comments = true;
};

// ${…} stays as it is. `file` is the name in places. Comments stay, and a comment
// "# millrace: …" is above each line that changed. The result reads back as the changed tree.
// Errors: kInvalidArgument with "file:line:column: …" for a text that is not YAML.
Result<Migrated> migrate(std::string_view text, std::string_view file);

}  // namespace millrace::migration
