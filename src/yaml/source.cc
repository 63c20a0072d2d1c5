#include "yaml/source.h"

#include <utility>

#include "base/url_text.h"
#include "yaml/merge.h"
#include "yaml/parse.h"

namespace millrace::yaml {
namespace {

// Turns "a::b: 1" into "a: {b: 1}", in the outermost mapping only.
void nest_keys(Node& root) {
  Node nested;
  nested.kind = Node::Kind::kMapping;
  nested.place = root.place;
  for (Node::Entry& entry : root.mapping) {
    Node level = std::move(entry.value);
    std::string_view key = entry.key;
    for (size_t at = key.rfind("::"); at != std::string_view::npos; at = key.rfind("::")) {
      Node outer;
      outer.kind = Node::Kind::kMapping;
      outer.place = entry.key_place;
      outer.mapping.push_back({std::string(key.substr(at + 2)), entry.key_place, std::move(level)});
      level = std::move(outer);
      key = key.substr(0, at);
    }
    Node top;
    top.kind = Node::Kind::kMapping;
    top.mapping.push_back({std::string(key), entry.key_place, std::move(level)});
    merge(nested, std::move(top));
  }
  root = std::move(nested);
}

void set_places(Node& node, const Place& place) {
  node.place = place;
  for (Node& child : node.sequence) set_places(child, place);
  for (Node::Entry& entry : node.mapping) {
    entry.key_place = place;
    set_places(entry.value, place);
  }
}

Result<Node> parse_nested(std::string_view text, const std::string& name) {
  auto node = parse(text, name);
  if (node && node->kind == Node::Kind::kMapping) nest_keys(*node);
  return node;
}

// The scheme in "scheme:value", which has at least two characters; empty for a path.
std::string_view scheme_of(std::string_view config) {
  const size_t colon = config.find(':');
  if (colon == std::string_view::npos || colon < 2) return {};
  for (const char c : config.substr(0, colon)) {
    const bool allowed = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                         (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
    if (!allowed) return {};
  }
  return config.substr(0, colon);
}

Result<Node> read_config(const std::string& config, const World& world) {
  const std::string_view scheme = scheme_of(config);
  const std::string value = scheme.empty() ? config : config.substr(scheme.size() + 1);
  if (scheme == "yaml") return parse_nested(value, "yaml:");
  if (scheme == "env") {
    auto text = world.environment(value);
    if (!text) {
      return fail(Code::kInvalidArgument,
                  "--config " + config + ": the environment variable is not set");
    }
    return parse(*text, config);
  }
  if (scheme.empty() || scheme == "file") {
    auto text = world.read_file(value);
    if (!text)
      return fail(Code::kInvalidArgument, "--config " + config + ": " + text.error().message);
    return parse(*text, value);
  }
  if (scheme == "http" || scheme == "https") {
    return fail(Code::kInvalidArgument, "--config " + hide_urls(config) +
                                            ": reading configuration over " + std::string(scheme) +
                                            " is not supported here; fetch it to a file");
  }
  return fail(Code::kInvalidArgument, "--config " + hide_urls(config) + ": unknown source \"" +
                                          std::string(scheme) +
                                          "\"; allowed are a path, file:, env: and yaml:");
}

Result<Node> read_set(const std::string& set) {
  const size_t equals = set.find('=');
  if (equals == std::string::npos || equals == 0) {
    return fail(Code::kInvalidArgument, "--set " + set +
                                            ": expected key=value, like "
                                            "service.telemetry.logs.level=debug");
  }
  const std::string key = set.substr(0, equals);
  const std::string name = "--set " + key;
  auto value = parse(set.substr(equals + 1), name);
  if (!value) return value;
  std::string path;
  for (const char c : key) path += c == '.' ? std::string("::") : std::string(1, c);
  Node root;
  root.kind = Node::Kind::kMapping;
  root.mapping.push_back({path, {}, std::move(*value)});
  nest_keys(root);
  set_places(root, Place{name, 0, 0});
  return root;
}

Status lay_over(Node& into, Node over, const std::string& name) {
  if (over.kind == Node::Kind::kNull) return {};
  if (over.kind != Node::Kind::kMapping) {
    return fail(Code::kInvalidArgument,
                over.place.to_text() + ": " + name +
                    " must be a mapping with receivers, exporters, service and so on");
  }
  if (into.kind == Node::Kind::kNull) {
    into = std::move(over);
  } else {
    merge(into, std::move(over));
  }
  return {};
}

}  // namespace

Result<Node> load(const Sources& sources, const World& world, std::vector<Finding>& warnings) {
  Node root;
  if (sources.configs.empty()) {
    auto built_in = parse(sources.built_in, "built-in configuration");
    if (!built_in) return built_in;
    root = std::move(*built_in);
  }
  for (const std::string& config : sources.configs) {
    auto node = read_config(config, world);
    if (!node) return node;
    if (auto status = lay_over(root, std::move(*node), "a configuration"); !status) {
      return fail(status.error());
    }
  }
  for (const std::string& set : sources.sets) {
    auto node = read_set(set);
    if (!node) return node;
    if (auto status = lay_over(root, std::move(*node), "--set"); !status) {
      return fail(status.error());
    }
  }
  if (auto status = expand(root, world, warnings); !status) return fail(status.error());
  return root;
}

}  // namespace millrace::yaml
