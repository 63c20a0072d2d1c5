#include "yaml/parse.h"

#include <yaml-cpp/anchor.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <exception>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <unordered_map>
#include <utility>

#include "yaml/indentation.h"

namespace millrace::yaml {
namespace {

// Thrown by the event handler to stop yaml-cpp; parse() catches it.
struct Stop : std::exception {
  Stop(Place where, std::string what) : place(std::move(where)), message(std::move(what)) {}
  const char* what() const noexcept override { return message.c_str(); }
  Place place;
  std::string message;
};

size_t count_nodes(const Node& node) {
  size_t count = 1;
  for (const Node& child : node.sequence) count += count_nodes(child);
  for (const Node::Entry& entry : node.mapping) count += count_nodes(entry.value);
  return count;
}

size_t depth_of(const Node& node) {
  size_t deepest = 0;
  for (const Node& child : node.sequence) deepest = std::max(deepest, depth_of(child));
  for (const Node::Entry& entry : node.mapping) {
    deepest = std::max(deepest, depth_of(entry.value));
  }
  return deepest + 1;
}

class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(std::string_view file) : file_(file) {}

  Node take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ > 0) {
      throw Stop(place_of(mark), "a second YAML document: one file is one document");
    }
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node node;
    node.place = place_of(mark);
    finish_node(std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) throw Stop(place_of(mark), "an alias inside its own anchor");
    const Anchored& anchored = found->second;
    if (stack_.size() + anchored.depth > kDepthMax) throw too_deep(place_of(mark));
    // The copy keeps the places of the anchor's values, where they are written.
    count(anchored.node_count, mark);
    attach(Node(anchored.node), place_of(mark));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Node node;
    node.kind = Node::Kind::kScalar;
    node.place = place_of(mark);
    node.scalar = value;
    // yaml-cpp passes "?" for a plain scalar and "!" for a quoted one or a block.
    if (tag == "!" || tag == "tag:yaml.org,2002:str") {
      node.quoted = true;
    } else if (tag == "tag:yaml.org,2002:null") {
      node.kind = Node::Kind::kNull;
      node.scalar.clear();
    } else {
      check_tag(tag, mark);
    }
    finish_node(std::move(node), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(Node::Kind::kSequence, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(Node::Kind::kMapping, mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }

  Place place_of(const YAML::Mark& mark) const {
    if (mark.is_null()) return {file_, 0, 0};
    return {file_, mark.line + 1, mark.column + 1};
  }

 private:
  struct Anchored {
    Node node;
    size_t node_count;
    size_t depth;
  };
  // A collection whose end has not been read.
  struct Open {
    Node node;
    YAML::anchor_t anchor;
    std::optional<Node> key;  // the key of the next value in a mapping
    std::unordered_map<std::string, Place> keys;
    std::vector<std::pair<Place, Node>> merges;  // values of `<<`, in order
  };

  Stop too_deep(Place place) const {
    return Stop(std::move(place), "nested deeper than " + std::to_string(kDepthMax) + " levels");
  }

  void count(size_t added, const YAML::Mark& mark) {
    node_count_ += added;
    if (node_count_ > kNodesMax) {
      throw Stop(place_of(mark), "more than " + std::to_string(kNodesMax) +
                                     " values (aliases count as the copies they make)");
    }
  }

  void check_tag(const std::string& tag, const YAML::Mark& mark) const {
    static constexpr std::string_view kKnown[] = {"",
                                                  "?",
                                                  "!",
                                                  "tag:yaml.org,2002:int",
                                                  "tag:yaml.org,2002:float",
                                                  "tag:yaml.org,2002:bool",
                                                  "tag:yaml.org,2002:map",
                                                  "tag:yaml.org,2002:seq"};
    for (const std::string_view known : kKnown) {
      if (tag == known) return;
    }
    throw Stop(place_of(mark), "the YAML tag \"" + tag + "\" is not supported");
  }

  void open(Node::Kind kind, const YAML::Mark& mark, const std::string& tag,
            YAML::anchor_t anchor) {
    check_tag(tag, mark);
    if (stack_.size() >= kDepthMax) throw too_deep(place_of(mark));
    if (expects_key()) throw Stop(place_of(mark), "a key must be text, not a list or a mapping");
    count(1, mark);
    Open collection;
    collection.node.kind = kind;
    collection.node.place = place_of(mark);
    collection.anchor = anchor;
    stack_.push_back(std::move(collection));
  }

  void close() {
    Open collection = std::move(stack_.back());
    stack_.pop_back();
    for (auto& [place, value] : collection.merges) merge_defaults(collection, place, value);
    keep_anchor(collection.node, collection.anchor);
    Place place = collection.node.place;
    attach(std::move(collection.node), std::move(place));
  }

  // `<<: *defaults`: adds the entries of the other mapping whose names this one does not have.
  static void merge_defaults(Open& collection, const Place& place, Node& value) {
    if (value.kind == Node::Kind::kSequence) {
      for (Node& part : value.sequence) merge_defaults(collection, place, part);
      return;
    }
    if (value.kind != Node::Kind::kMapping) {
      throw Stop(place, "the merge key << takes a mapping or a list of mappings");
    }
    for (Node::Entry& entry : value.mapping) {
      if (collection.keys.emplace(entry.key, entry.key_place).second) {
        collection.node.mapping.push_back(std::move(entry));
      }
    }
  }

  void finish_node(Node node, YAML::anchor_t anchor) {
    if (++node_count_ > kNodesMax) {
      throw Stop(node.place, "more than " + std::to_string(kNodesMax) + " values");
    }
    keep_anchor(node, anchor);
    Place place = node.place;
    attach(std::move(node), std::move(place));
  }

  void keep_anchor(const Node& node, YAML::anchor_t anchor) {
    if (anchor == YAML::NullAnchor) return;
    // Copies kept for anchors count too; otherwise nested anchors would need memory quadratic in
    // the text.
    const size_t size = count_nodes(node);
    node_count_ += size;
    if (node_count_ > kNodesMax) throw Stop(node.place, "too many values behind anchors");
    anchors_[anchor] = Anchored{node, size, depth_of(node)};
  }

  bool expects_key() const {
    return !stack_.empty() && stack_.back().node.kind == Node::Kind::kMapping &&
           !stack_.back().key.has_value();
  }

  // `place` is where the node is used; for an alias it differs from where the node is written.
  void attach(Node node, Place place) {
    if (stack_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = stack_.back();
    if (parent.node.kind == Node::Kind::kSequence) {
      parent.node.sequence.push_back(std::move(node));
    } else if (!parent.key) {
      if (node.kind != Node::Kind::kScalar) throw Stop(std::move(place), "a key must be text");
      node.place = std::move(place);
      parent.key = std::move(node);
    } else {
      add_entry(parent, std::move(node));
    }
  }

  void add_entry(Open& parent, Node value) {
    Node key = std::move(*parent.key);
    parent.key.reset();
    if (key.scalar == "<<" && !key.quoted) {
      parent.merges.emplace_back(key.place, std::move(value));
      return;
    }
    const auto [first, is_new] = parent.keys.emplace(key.scalar, key.place);
    if (!is_new) {
      throw Stop(key.place, "the key \"" + key.scalar + "\" is given twice, first at " +
                                first->second.to_text());
    }
    parent.node.mapping.push_back({std::move(key.scalar), std::move(key.place), std::move(value)});
  }

  std::string file_;
  Node root_;
  std::vector<Open> stack_;
  std::map<YAML::anchor_t, Anchored> anchors_;
  size_t node_count_ = 0;
  int documents_ = 0;
};

// yaml-cpp treats 0x04 as the end of the text and zero bytes as a sign of UTF-16.
std::optional<Error> find_control_character(std::string_view text, std::string_view file) {
  int line = 1;
  int column = 1;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      ++line;
      column = 1;
      continue;
    }
    if (byte < 0x20 && c != '\t' && c != '\r') {
      return Error{Code::kInvalidArgument, Place{std::string(file), line, column}.to_text() +
                                               ": a control character (byte " +
                                               std::to_string(byte) + "); YAML is text in UTF-8"};
    }
    ++column;
  }
  return std::nullopt;
}

// yaml-cpp reports a tab in the indentation as "illegal map value".
bool is_indented_by_tab(std::string_view text, int line) {
  for (; line > 0 && !text.empty(); --line) {
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  }
  const size_t indented = std::min(text.find_first_not_of(" \t"), text.size());
  return text.substr(0, indented).find('\t') != std::string_view::npos;
}

std::string explain(const YAML::Exception& error, std::string_view text) {
  if (is_indented_by_tab(text, error.mark.line)) {
    return "a tab in the indentation, where only spaces are allowed";
  }
  return explain_indentation(text, error.mark.line).value_or(error.msg);
}

}  // namespace

Result<Node> parse(std::string_view text, std::string_view file) {
  if (text.size() > kTextBytesMax) {
    return fail(Code::kInvalidArgument,
                std::string(file) + ": larger than " + std::to_string(kTextBytesMax) + " bytes");
  }
  if (auto error = find_control_character(text, file)) return fail(std::move(*error));
  TreeBuilder builder(file);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
    return builder.take_root();
  } catch (const Stop& stop) {
    return fail(Code::kInvalidArgument, stop.place.to_text() + ": " + stop.message);
  } catch (const YAML::Exception& error) {
    return fail(Code::kInvalidArgument,
                builder.place_of(error.mark).to_text() + ": not YAML: " + explain(error, text));
  } catch (const std::exception& error) {
    return fail(Code::kInvalidArgument, std::string(file) + ": not YAML: " + error.what());
  }
}

}  // namespace millrace::yaml
