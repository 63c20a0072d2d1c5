#include "migration/migrate.h"

#include <algorithm>
#include <utility>

#include "config/print.h"
#include "migration/text_editor.h"
#include "yaml/parse.h"
#include "yaml/scalar.h"

namespace millrace::migration {
namespace {

using yaml::Node;

bool is_nothing(const Node& node) {
  return node.kind != Node::Kind::kScalar && node.mapping.empty() && node.sequence.empty();
}

// Whether both are the same configuration. An empty mapping or list is the same as null: it is left
// where the last entry of a mapping was removed.
bool is_same(const Node& a, const Node& b) {
  if (is_nothing(a) || is_nothing(b)) return is_nothing(a) && is_nothing(b);
  if (a.kind != b.kind || a.sequence.size() != b.sequence.size() ||
      a.mapping.size() != b.mapping.size()) {
    return false;
  }
  if (a.kind == Node::Kind::kScalar) {
    return a.scalar == b.scalar && yaml::is_text(a) == yaml::is_text(b);
  }
  return std::ranges::equal(a.sequence, b.sequence, is_same) &&
         std::ranges::all_of(a.mapping, [&b](const Node::Entry& entry) {
           const Node* other = b.find(entry.key);
           return other != nullptr && is_same(entry.value, *other);
         });
}

std::string printed_anew(const Node& root, const std::vector<Change>& changes) {
  std::string text =
      comment_line(0, "printed anew, without its comments, because of its form") + "\n";
  for (const Change& change : changes) {
    text += comment_line(0, change.path + ": " + change.reason) + "\n";
  }
  return text + config::print(root, config::Diagnostics(), config::PrintFormat::kYaml,
                              config::SecretMode::kUnredacted);
}

}  // namespace

Result<Migrated> migrate(std::string_view text, std::string_view file) {
  auto root = yaml::parse(text, file);
  if (!root) return fail(root.error());
  Replacements replacements = replace_removed(*root);
  Migrated migrated{.text = std::string(text), .changes = std::move(replacements.changes)};
  if (replacements.edits.empty()) return migrated;
  if (auto edited = edit_text(text, replacements.edits)) {
    const auto again = yaml::parse(*edited, file);
    if (again && is_same(*again, *root)) {
      migrated.text = std::move(*edited);
      return migrated;
    }
  }
  migrated.text = printed_anew(*root, migrated.changes);
  migrated.keeps_comments = false;
  return migrated;
}

}  // namespace millrace::migration
