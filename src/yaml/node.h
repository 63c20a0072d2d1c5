// A parsed configuration as a tree of its own, built with yaml-cpp. Each value has its place, so
// that errors can say file:line:column, also after merging several files and expanding ${…}.
// Immutable after parsing, apart from merge and expansion; one thread, start-up only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::yaml {

struct Place {
  std::string file;             // "otel.yaml", "env:NAME", "--set"
  int line = 0;                 // from 1; 0: unknown
  int column = 0;               // from 1
  std::string to_text() const;  // "otel.yaml:12:5"
};

struct Node {
  enum class Kind : uint8_t { kNull, kScalar, kSequence, kMapping };
  struct Entry;  // a key with its place, and its value
  Kind kind = Kind::kNull;
  Place place;
  std::string scalar;    // text after unquoting and expansion
  bool quoted = false;   // a quoted scalar is never a number, bool or null
  std::string original;  // the text before expansion; string fields use it instead of other types
  std::vector<Node> sequence;
  std::vector<Entry> mapping;  // in file order, keys unique

  const Node* find(std::string_view key) const;
  Node* find(std::string_view key);
};

struct Node::Entry {
  std::string key;
  Place key_place;
  Node value;
};

}  // namespace millrace::yaml
