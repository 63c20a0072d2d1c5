#include "config/explain.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/printable_text.h"
#include "base/url_text.h"

namespace millrace::config {
namespace {

using Meaning = KeyNote::Meaning;
using yaml::Node;

constexpr std::array<std::string_view, 5> kWords = {"same", "means", "ignored", "not supported",
                                                    "unknown"};

struct Line {
  std::string_view path;
  const KeyNote* note;
};

class Walk {
 public:
  explicit Walk(const Diagnostics& diagnostics) : keys_(diagnostics.keys()) {}

  std::vector<Line> lines(const Node& root) {
    visit_children(root, "");
    // Keys that were replaced before the components read the tree.
    for (const auto& [path, note] : keys_) {
      if (note.meaning != Meaning::kSame && !seen_.contains(path)) lines_.push_back({path, &note});
    }
    std::ranges::sort(lines_, {}, [](const Line& line) {
      const yaml::Place& place = line.note->place;
      return std::tuple(std::string_view(place.file), place.line, place.column, line.path);
    });
    return std::move(lines_);
  }

 private:
  void visit_children(const Node& node, const std::string& path) {
    for (const Node::Entry& entry : node.mapping) {
      visit(entry.value, path.empty() ? entry.key : path + "::" + entry.key);
    }
    for (size_t i = 0; i < node.sequence.size(); ++i) {
      visit(node.sequence[i], path + "[" + std::to_string(i) + "]");
    }
  }

  void visit(const Node& node, const std::string& path) {
    const auto found = keys_.find(path);
    const Meaning meaning = found == keys_.end() ? Meaning::kSame : found->second.meaning;
    const bool goes_on = meaning <= Meaning::kMeans && has_notes_below(path);
    if (found != keys_.end()) {
      seen_.insert(found->first);
      if (!goes_on || meaning != Meaning::kSame) lines_.push_back({found->first, &found->second});
    }
    if (goes_on) visit_children(node, path);
  }

  bool has_notes_below(const std::string& path) const {
    const auto begins_below = [this](const std::string& below) {
      const auto next = keys_.lower_bound(below);
      return next != keys_.end() && next->first.starts_with(below);
    };
    return begins_below(path + "::") || begins_below(path + "[");
  }

  const std::map<std::string, KeyNote, std::less<>>& keys_;
  std::set<std::string_view> seen_;
  std::vector<Line> lines_;
};

std::string padded(std::string_view text, size_t width) {
  return std::string(text) + std::string(text.size() < width ? width - text.size() : 1, ' ');
}

}  // namespace

std::string explain(const Node& root, const Diagnostics& diagnostics) {
  const std::vector<Line> lines = Walk(diagnostics).lines(root);
  size_t place_width = 0;
  for (const Line& line : lines) {
    place_width = std::max(place_width, line.note->place.to_text().size() + 2);
  }
  std::array<size_t, kWords.size()> counts{};
  std::string text;
  for (const Line& line : lines) {
    const auto meaning = static_cast<size_t>(line.note->meaning);
    ++counts[meaning];
    text += padded(line.note->place.to_text(), place_width) + padded(kWords[meaning], 15);
    append_printable(text, line.path);
    if (!line.note->text.empty()) append_printable(text, ": " + hide_urls(line.note->text));
    text += "\n";
  }
  text += std::to_string(lines.size()) + " keys:";
  for (size_t i = 0; i < kWords.size(); ++i) {
    text +=
        std::string(i == 0 ? " " : ", ") + std::to_string(counts[i]) + " " + std::string(kWords[i]);
  }
  return text + "\n";
}

}  // namespace millrace::config
