#include "yaml/expand.h"

#include <algorithm>
#include <utility>

#include "base/url_text.h"
#include "yaml/parse.h"
#include "yaml/scalar.h"

namespace millrace::yaml {
namespace {

bool is_name(std::string_view name) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !name.empty() && letter(name[0]) &&
         std::ranges::all_of(name, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

class Expander {
 public:
  Expander(const World& world, std::vector<Finding>& warnings)
      : world_(world), warnings_(warnings) {}

  Status expand_node(Node& node, size_t depth) {
    if (depth > kExpansionDepthMax) return error(node.place, "nested too deep");
    if (node.kind == Node::Kind::kScalar) return expand_scalar(node, depth);
    for (Node& child : node.sequence) {
      if (auto status = expand_node(child, depth + 1); !status) return status;
    }
    for (Node::Entry& entry : node.mapping) {
      if (auto status = expand_node(entry.value, depth + 1); !status) return status;
    }
    return {};
  }

 private:
  // The result of one ${…}; without a value when the variable is unset.
  struct Retrieved {
    std::optional<std::string> text;
    std::string source;  // "env:NAME", the path
  };

  static std::unexpected<Error> error(const Place& place, const std::string& message) {
    return fail(Code::kInvalidArgument, place.to_text() + ": " + message);
  }

  Status expand_scalar(Node& node, size_t depth) {
    if (node.scalar.find('$') == std::string::npos) return {};
    if (node.scalar.starts_with("${")) {
      size_t at = 2;
      auto inner = take_reference(node.scalar, at, node.place, depth);
      if (!inner) return fail(inner.error());
      if (*inner && at == node.scalar.size()) return replace_whole(node, **inner, depth);
    }
    size_t at = 0;
    auto text = expand_text(node.scalar, at, false, node.place, depth);
    if (!text) return fail(text.error());
    if (*text != node.scalar) {
      node.scalar = std::move(*text);
      node.quoted = true;  // a concatenation is always text
    }
    return {};
  }

  // The scalar is exactly one ${…}: the value is read as YAML and has the resulting type.
  Status replace_whole(Node& node, const std::string& inner, size_t depth) {
    auto retrieved = retrieve(inner, node.place);
    if (!retrieved) return fail(retrieved.error());
    Node value;
    if (retrieved->text) {
      auto parsed = parse(*retrieved->text, retrieved->source);
      if (!parsed || is_text(*parsed)) {
        // As in otelcol, text is kept unchanged, including its quotes.
        value.kind = Node::Kind::kScalar;
        value.scalar = std::move(*retrieved->text);
        value.quoted = true;
      } else {
        value = std::move(*parsed);
        value.original = std::move(*retrieved->text);
      }
    }
    if (value.kind == Node::Kind::kScalar || value.kind == Node::Kind::kNull) {
      value.place = node.place;
    }
    node = std::move(value);
    return expand_node(node, depth + 1);
  }

  // `at` is behind "${". Returns the text up to its "}" with nested references expanded, and moves
  // `at` behind the "}". Returns nothing when there is no "}".
  Result<std::optional<std::string>> take_reference(std::string_view text, size_t& at,
                                                    const Place& place, size_t depth) {
    size_t end = at;
    auto inner = expand_text(text, end, true, place, depth + 1);
    if (!inner) return fail(inner.error());
    if (end >= text.size()) return std::optional<std::string>();
    at = end + 1;
    return std::optional(std::move(*inner));
  }

  // Expands from `at` to the end of `text`, or up to the next "}" when `until_brace`; moves `at`
  // there.
  Result<std::string> expand_text(std::string_view text, size_t& at, bool until_brace,
                                  const Place& place, size_t depth) {
    if (depth > kExpansionDepthMax) {
      return error(place, "${…} nested deeper than " + std::to_string(kExpansionDepthMax) +
                              " levels; does a value refer to itself?");
    }
    std::string out;
    while (at < text.size() && !(until_brace && text[at] == '}')) {
      if (text.substr(at, 2) == "$$") {
        out += '$';
        at += 2;
      } else if (text.substr(at, 2) == "${") {
        size_t behind = at + 2;
        auto inner = take_reference(text, behind, place, depth);
        if (!inner) return fail(inner.error());
        if (!*inner) {  // no "}": plain text
          out += text.substr(at);
          at = text.size();
          break;
        }
        auto value = expand_embedded(**inner, place, depth);
        if (!value) return value;
        out += *value;
        at = behind;
      } else {
        out += text[at++];
      }
      if (out.size() > kExpandedBytesMax) return error(place, "the expanded text is too large");
    }
    return out;
  }

  Result<std::string> expand_embedded(const std::string& inner, const Place& place, size_t depth) {
    auto retrieved = retrieve(inner, place);
    if (!retrieved) return fail(retrieved.error());
    if (!retrieved->text) return std::string();
    size_t at = 0;
    return expand_text(*retrieved->text, at, false, place, depth + 1);
  }

  Result<Retrieved> retrieve(std::string_view inner, const Place& place) {
    if (++expansions_ > kExpansionsMax) {
      return error(place, "more than " + std::to_string(kExpansionsMax) +
                              " expansions; does a value refer to itself?");
    }
    auto retrieved = retrieve_source(inner, place);
    if (retrieved && retrieved->text) {
      bytes_ += retrieved->text->size();
      if (bytes_ > kExpandedBytesMax) return error(place, "the expanded text is too large");
    }
    return retrieved;
  }

  Result<Retrieved> retrieve_source(std::string_view inner, const Place& place) {
    const size_t colon = inner.find(':');
    const std::string_view scheme = inner.substr(0, colon);
    // ${NAME} and ${NAME:-default} read the environment.
    if (colon == std::string_view::npos || inner.substr(colon, 2) == ":-") {
      return retrieve_variable(inner, place);
    }
    const std::string_view rest = inner.substr(colon + 1);
    if (scheme == "env") return retrieve_variable(rest, place);
    if (scheme == "yaml") return Retrieved{std::string(rest), "yaml:"};
    if (scheme == "file") {
      auto text = world_.read_file(std::string(rest));
      if (!text) return error(place, "${file:" + std::string(rest) + "}: " + text.error().message);
      if (text->ends_with('\n')) text->pop_back();
      if (text->ends_with('\r')) text->pop_back();
      return Retrieved{std::move(*text), std::string(rest)};
    }
    const std::string shown = hide_urls(inner);
    if (scheme == "http" || scheme == "https") {
      return error(place, "${" + shown + "}: reading configuration over " + std::string(scheme) +
                              " is not supported here; fetch it to a file");
    }
    return error(place, "${" + shown + "}: unknown source \"" + std::string(scheme) +
                            "\"; allowed are env, file and yaml, and $$ for a plain $");
  }

  Result<Retrieved> retrieve_variable(std::string_view text, const Place& place) {
    const size_t separator = text.find(":-");
    const std::string name(text.substr(0, separator));
    if (!is_name(name)) {
      return error(place, "\"" + name +
                              "\" is not the name of an environment variable: letters, digits "
                              "and _, not starting with a digit ($$ is a plain $)");
    }
    Retrieved retrieved{world_.environment(name), "env:" + name};
    if (retrieved.text) return retrieved;
    if (separator != std::string_view::npos) {
      retrieved.text = std::string(text.substr(separator + 2));
    } else {
      warnings_.push_back({place, "the environment variable " + name + " is not set"});
    }
    return retrieved;
  }

  const World& world_;
  std::vector<Finding>& warnings_;
  size_t expansions_ = 0;
  size_t bytes_ = 0;
};

}  // namespace

Status expand(Node& root, const World& world, std::vector<Finding>& warnings) {
  return Expander(world, warnings).expand_node(root, 0);
}

}  // namespace millrace::yaml
