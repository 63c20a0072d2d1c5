// A world for tests: what the environment, files and servers say stands in tables.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "processors/resourcedetection/detector.h"
#include "processors/resourcedetection/world.h"

namespace millrace::processors::resourcedetection::testing {

class FakeWorld final : public World {
 public:
  std::map<std::string, std::string> variables;
  std::map<std::string, std::string> files;
  // By method and URL: "GET http://169.254.169.254/a". What is not there has no server.
  std::map<std::string, transport::WebResponse> answers;
  std::vector<transport::WebRequest> asked;
  io::SystemName name = {.system = "Linux",
                         .host = "box",
                         .release = "6.1.0",
                         .version = "#1 SMP",
                         .machine = "x86_64"};
  std::vector<io::NetworkInterface> interfaces;
  std::map<io::NameSource, std::string> names;

  void answer(const std::string& what, std::string body, int status = 200) {
    answers[what] = {.status = status, .body = std::move(body), .metadata_flavor = {}};
  }

  std::optional<std::string> variable(const std::string& of) override {
    return find(variables, of);
  }
  std::optional<std::string> read_file(const std::string& path) override {
    return find(files, path);
  }
  io::SystemName system_name() override { return name; }
  Result<std::vector<io::NetworkInterface>> network_interfaces() override { return interfaces; }
  Result<std::shared_ptr<io::TlsClientContext>> make_tls(const io::TlsOptions& options) override {
    tls_options.push_back(options);
    return nullptr;
  }
  std::vector<io::TlsOptions> tls_options;
  Result<std::string> look_up_name(io::NameSource source, const std::string&) override {
    const auto found = names.find(source);
    if (found == names.end()) return fail(Code::kUnavailable, "no such name");
    return found->second;
  }
  Result<transport::WebResponse> ask(transport::WebRequest request, Duration) override {
    const bool is_unix = request.url.host.starts_with("unix:");
    const std::string url = is_unix ? request.url.host + request.url.path
                                    : (request.url.uses_tls ? "https://" : "http://") +
                                          request.url.authority() + request.url.path;
    const auto found = answers.find(request.method + " " + url);
    asked.push_back(std::move(request));
    if (found == answers.end()) return fail(Code::kUnavailable, "connection refused");
    return found->second;
  }

 private:
  static std::optional<std::string> find(const std::map<std::string, std::string>& in,
                                         const std::string& key) {
    const auto found = in.find(key);
    if (found == in.end()) return std::nullopt;
    return found->second;
  }
};

// With the attributes that are enabled unless configured, and `more`.
inline DetectorOptions options_of(std::string_view detector,
                                  std::initializer_list<std::string_view> more = {}) {
  DetectorOptions options{.name = std::string(detector)};
  for (const KnownAttribute& each : find_detector(detector)->attributes) {
    if (each.is_enabled) options.wanted.emplace(each.name);
  }
  for (const std::string_view name : more) options.wanted.emplace(name);
  return options;
}

// "a=1 b=2", or "error: …".
inline std::string found_by(std::string_view detector, const DetectorOptions& options,
                            FakeWorld& world) {
  const auto finding = find_detector(detector)->detect(options, world);
  return finding ? finding->resource.to_text() : "error: " + finding.error().message;
}
inline std::string found_by(std::string_view detector, FakeWorld& world) {
  return found_by(detector, options_of(detector), world);
}

}  // namespace millrace::processors::resourcedetection::testing
