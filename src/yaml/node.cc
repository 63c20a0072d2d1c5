#include "yaml/node.h"

namespace millrace::yaml {

std::string Place::to_text() const {
  if (line == 0) return file;
  std::string text = file + ":" + std::to_string(line);
  if (column > 0) text += ":" + std::to_string(column);
  return text;
}

const Node* Node::find(std::string_view key) const {
  for (const Entry& entry : mapping) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

Node* Node::find(std::string_view key) {
  return const_cast<Node*>(static_cast<const Node*>(this)->find(key));
}

}  // namespace millrace::yaml
