#include "config/diagnostics.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "base/url_text.h"

namespace millrace::config {

std::string Diagnostic::full_text() const {
  if (lines.empty()) return message;
  std::string text = message + ". Write:";
  std::string_view rest = lines;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    text += "\n    " + std::string(rest.substr(0, end));
    rest.remove_prefix(std::min(rest.size(), end + 1));
  }
  return text;
}

void Diagnostics::error(yaml::Place place, std::string path, std::string message) {
  message = hide_urls(message);
  all_.push_back(
      {Diagnostic::Severity::kError, std::move(place), std::move(path), std::move(message)});
}

void Diagnostics::warning(yaml::Place place, std::string path, std::string message,
                          std::string lines) {
  // Components may be read twice, once to be checked and once to be made.
  message = hide_urls(message);
  lines = hide_urls(lines);
  for (const Diagnostic& known : all_) {
    if (known.path == path && known.message == message && known.place.line == place.line) return;
  }
  all_.push_back({Diagnostic::Severity::kWarning, std::move(place), std::move(path),
                  std::move(message), std::move(lines)});
}

void Diagnostics::note_key(std::string path, KeyNote note) {
  const auto [known, is_new] = keys_.try_emplace(std::move(path), note);
  if (!is_new && known->second.meaning < note.meaning) known->second = std::move(note);
}

bool Diagnostics::has_errors() const {
  for (const Diagnostic& diagnostic : all_) {
    if (diagnostic.severity == Diagnostic::Severity::kError) return true;
  }
  return false;
}

bool Diagnostics::has_errors_in(std::string_view path) const {
  return std::ranges::any_of(all_, [path](const Diagnostic& each) {
    if (each.severity != Diagnostic::Severity::kError || !each.path.starts_with(path)) return false;
    const std::string_view below = std::string_view(each.path).substr(path.size());
    return below.empty() || below.starts_with("::") || below.starts_with('[');
  });
}

std::string Diagnostics::to_text() const {
  std::string text;
  std::vector<const Diagnostic*> ordered;
  for (const Diagnostic& diagnostic : all_) ordered.push_back(&diagnostic);
  // The address is the order of finding.
  std::ranges::sort(ordered, {}, [](const Diagnostic* each) {
    return std::tuple(std::string_view(each->place.file), each->place.line, each->place.column,
                      each);
  });
  for (const Diagnostic* diagnostic : ordered) {
    const std::string place = diagnostic->place.to_text();
    if (!place.empty()) text += place + ": ";
    text += diagnostic->severity == Diagnostic::Severity::kError ? "error: " : "warning: ";
    if (!diagnostic->path.empty()) text += diagnostic->path + ": ";
    text += diagnostic->full_text() + "\n";
  }
  return text;
}

}  // namespace millrace::config
