#include "daemon/doctor/report.h"

#include <algorithm>

#include "base/json_string.h"
#include "base/printable_text.h"

namespace millrace::doctor {
namespace {

std::string_view name_of(Level level) {
  constexpr std::string_view kNames[] = {"ok", "warning", "problem"};
  return kNames[static_cast<size_t>(level)];
}

std::string padded(std::string_view text, size_t width) {
  std::string result(text);
  result.resize(std::max(width, text.size()), ' ');
  return result;
}

std::string plural(size_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

// Peers and files have a say in findings; a terminal must not obey them.
std::string shown(std::string_view text) {
  std::string printable;
  append_printable(printable, text);
  return printable;
}

}  // namespace

size_t Report::count(Level level) const {
  return static_cast<size_t>(std::ranges::count(findings_, level, &Finding::level));
}

std::vector<std::string> Report::changes() const {
  std::vector<std::string> changes;
  for (const Level level : {Level::kProblem, Level::kWarning, Level::kOk}) {
    for (const Finding& finding : findings_) {
      if (finding.level != level || finding.change.empty()) continue;
      if (std::ranges::find(changes, finding.change) == changes.end()) {
        changes.push_back(finding.change);
      }
    }
  }
  return changes;
}

std::string Report::to_text() const {
  constexpr size_t kLevelWidth = 9;
  std::string text;
  std::string_view area;
  for (const Finding& finding : findings_) {
    if (finding.area != area) {
      area = finding.area;
      text += std::string(text.empty() ? "" : "\n") + finding.area + "\n";
    }
    text += "  " + padded(name_of(finding.level), kLevelWidth);
    if (!finding.subject.empty()) text += shown(finding.subject) + ": ";
    text += shown(finding.text) + "\n";
  }
  const std::vector<std::string> changes = this->changes();
  text += "\n" + plural(count(Level::kProblem), "problem") + ", " +
          plural(count(Level::kWarning), "warning") + ".";
  if (changes.empty()) return text + " Nothing to change.\n";
  text += " What to change:\n";
  for (size_t i = 0; i < changes.size(); ++i) {
    text += "  " + std::to_string(i + 1) + ". " + shown(changes[i]) + "\n";
  }
  return text;
}

std::string Report::to_json() const {
  std::string json = "{\"problems\": " + std::to_string(count(Level::kProblem)) +
                     ", \"warnings\": " + std::to_string(count(Level::kWarning)) +
                     ",\n \"findings\": [";
  bool is_first = true;
  for (const Finding& finding : findings_) {
    json += std::string(is_first ? "\n  {" : ",\n  {") + "\"level\": ";
    is_first = false;
    append_json_string(json, name_of(finding.level));
    const std::pair<std::string_view, const std::string*> fields[] = {{"area", &finding.area},
                                                                      {"subject", &finding.subject},
                                                                      {"text", &finding.text},
                                                                      {"change", &finding.change}};
    for (const auto& [name, value] : fields) {
      json += ", \"" + std::string(name) + "\": ";
      append_json_string(json, shown(*value));
    }
    json += "}";
  }
  json += "],\n \"changes\": [";
  is_first = true;
  for (const std::string& change : changes()) {
    if (!is_first) json += ", ";
    is_first = false;
    append_json_string(json, shown(change));
  }
  return json + "]}\n";
}

}  // namespace millrace::doctor
