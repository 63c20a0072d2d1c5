// Changes a configuration's tree and records each change as an edit of the text that the tree was
// read from, so that the start and `millrace migrate` do the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "yaml/node.h"

namespace millrace::migration {

// One edit of a text, by the place of the key or the value in it.
struct Edit {
  enum class Kind : uint8_t {
    kReplace,        // the word at `place`, which is `before`, becomes `after`
    kRemoveEntry,    // the key at `place` and its value go
    kRemoveElement,  // the value at `place` and its place in a list go
    kAddEntry,       // `key` with `value` becomes an entry of the mapping at `place`
  };
  Kind kind = Kind::kReplace;
  yaml::Place place;
  std::string before;  // the word or key that stands there, without quotes
  std::string after;
  // kAddEntry: the key of the mapping, where it stands and whether nothing is behind it.
  yaml::Place parent_key_place;
  bool parent_is_null = false;
  std::string key;
  yaml::Node value;
  std::string note;  // the comment beside the change
};

class TreeEditor {
 public:
  void rename_key(yaml::Node::Entry& entry, const std::string& key, const std::string& note);
  void replace_scalar(yaml::Node& scalar, const std::string& text, const std::string& note);
  // Nothing happens when there is no such key.
  void remove_entry(yaml::Node& mapping, std::string_view key, const std::string& note);
  void remove_element(yaml::Node& sequence, size_t index, const std::string& note);
  // `parent.value` is a mapping or null and has no such key. The value gets the parent's place.
  void add_entry(yaml::Node::Entry& parent, const std::string& key, yaml::Node value,
                 const std::string& note);

  const std::vector<Edit>& edits() const { return edits_; }

 private:
  std::vector<Edit> edits_;
  // Keys without a value in the text, by line and column; some have entries in the tree by now.
  std::set<std::pair<int, int>> null_parents_;
};

// Nodes for values that are added.
yaml::Node text_node(std::string text);
// Written without quotes: 500, true, normal.
yaml::Node plain_node(std::string text);
yaml::Node mapping_node(std::string key, yaml::Node value);

}  // namespace millrace::migration
