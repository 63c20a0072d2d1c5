#include "migration/tree_editor.h"

#include <algorithm>
#include <utility>

namespace millrace::migration {
namespace {

using yaml::Node;

void set_places(Node& node, const yaml::Place& place) {
  node.place = place;
  for (Node& child : node.sequence) set_places(child, place);
  for (Node::Entry& entry : node.mapping) {
    entry.key_place = place;
    set_places(entry.value, place);
  }
}

}  // namespace

void TreeEditor::rename_key(Node::Entry& entry, const std::string& key, const std::string& note) {
  edits_.push_back({.kind = Edit::Kind::kReplace,
                    .place = entry.key_place,
                    .before = entry.key,
                    .after = key,
                    .note = note});
  entry.key = key;
}

void TreeEditor::replace_scalar(Node& scalar, const std::string& text, const std::string& note) {
  edits_.push_back({.kind = Edit::Kind::kReplace,
                    .place = scalar.place,
                    .before = scalar.scalar,
                    .after = text,
                    .note = note});
  scalar.scalar = text;
  scalar.original.clear();
}

void TreeEditor::remove_entry(Node& mapping, std::string_view key, const std::string& note) {
  const auto found = std::ranges::find(mapping.mapping, key, &Node::Entry::key);
  if (found == mapping.mapping.end()) return;
  edits_.push_back({.kind = Edit::Kind::kRemoveEntry,
                    .place = found->key_place,
                    .before = found->key,
                    .note = note});
  mapping.mapping.erase(found);
}

void TreeEditor::remove_element(Node& sequence, size_t index, const std::string& note) {
  const Node& element = sequence.sequence[index];
  edits_.push_back({.kind = Edit::Kind::kRemoveElement,
                    .place = element.place,
                    .before = element.scalar,
                    .note = note});
  sequence.sequence.erase(sequence.sequence.begin() + static_cast<ptrdiff_t>(index));
}

void TreeEditor::add_entry(Node::Entry& parent, const std::string& key, Node value,
                           const std::string& note) {
  set_places(value, parent.key_place);
  const std::pair parent_place(parent.key_place.line, parent.key_place.column);
  if (parent.value.kind == Node::Kind::kNull) null_parents_.insert(parent_place);
  edits_.push_back({.kind = Edit::Kind::kAddEntry,
                    .place = parent.value.place,
                    .parent_key_place = parent.key_place,
                    .parent_is_null = null_parents_.contains(parent_place),
                    .key = key,
                    .value = value,
                    .note = note});
  parent.value.kind = Node::Kind::kMapping;
  parent.value.mapping.push_back({key, parent.key_place, std::move(value)});
}

Node text_node(std::string text) {
  Node node;
  node.kind = Node::Kind::kScalar;
  node.scalar = std::move(text);
  node.quoted = true;
  return node;
}

Node plain_node(std::string text) {
  Node node = text_node(std::move(text));
  node.quoted = false;
  return node;
}

Node mapping_node(std::string key, Node value) {
  Node node;
  node.kind = Node::Kind::kMapping;
  node.mapping.push_back({std::move(key), {}, std::move(value)});
  return node;
}

}  // namespace millrace::migration
