#include "yaml/merge.h"

#include <utility>

namespace millrace::yaml {

void merge(Node& into, Node&& over) {
  if (into.kind != Node::Kind::kMapping || over.kind != Node::Kind::kMapping) {
    into = std::move(over);
    return;
  }
  for (Node::Entry& entry : over.mapping) {
    if (Node* existing = into.find(entry.key)) {
      merge(*existing, std::move(entry.value));
    } else {
      into.mapping.push_back(std::move(entry));
    }
  }
}

}  // namespace millrace::yaml
