// The findings in the order of the checks, printed for a person or as JSON for a script. One
// thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::doctor {

enum class Level : uint8_t {
  kOk,
  kWarning,  // worth a look; the exit code stays 0
  kProblem,  // data is lost or refused as long as it is so
};

struct Finding {
  Level level = Level::kOk;
  std::string area;     // "destinations"
  std::string subject;  // "otlp_grpc/a (traces)", or empty
  std::string text;     // what was found
  std::string change;   // what to do about it, as an order; empty: nothing
};

class Report {
 public:
  void add(Finding finding) { findings_.push_back(std::move(finding)); }
  const std::vector<Finding>& findings() const { return findings_; }
  size_t count(Level level) const;

  // By area, and at the end what to change, numbered, problems first.
  std::string to_text() const;
  // One object: problems, warnings, findings (level, area, subject, text, change) and changes.
  std::string to_json() const;

 private:
  std::vector<std::string> changes() const;
  std::vector<Finding> findings_;
};

}  // namespace millrace::doctor
