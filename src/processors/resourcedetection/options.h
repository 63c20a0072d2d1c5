// The options of the resource_detection processor, with otelcol's keys and defaults.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/time.h"
#include "config/section.h"
#include "item_match/pattern.h"

namespace millrace::processors::resourcedetection {

struct Detector;  // detector.h

enum class HostNameSource : uint8_t { kOs, kDns, kCname, kLookup };

// The part of a configuration that is one detector's.
struct DetectorOptions {
  std::string name;                             // as in the list of detectors
  std::set<std::string, std::less<>> wanted{};  // attributes that are enabled
  std::vector<HostNameSource> host_name_sources = {HostNameSource::kDns, HostNameSource::kOs};
  std::vector<item_match::Pattern> tags{};  // of ec2 and azure; of gcp: labels
  bool tags_from_imds = false;              // ec2
  int64_t max_attempts = 3;                 // ec2
  std::string node_from_env_var{};          // eks, k8s_api
  bool verifies_api_server = true;          // k8s_api: auth_type
  bool fails_on_missing_metadata = false;   // the processor's, or the detector's own
};

struct RetryOptions {
  bool enabled = true;
  Duration initial_interval = 1s;
  Duration max_interval = 30s;
  Duration max_elapsed_time = 0s;
  double multiplier = 2;
  double randomization_factor = 0.5;
};

struct DetectorEntry {
  const Detector* detector = nullptr;
  DetectorOptions options;
};

struct Options {
  std::vector<DetectorEntry> detectors;  // earlier ones win
  bool override = true;                  // replaces attributes of the same name
  Duration timeout = 5s;                 // of an attempt, and of the start
  Duration refresh_interval = 0s;        // zero: a result stays
  RetryOptions retry;

  // How long data waits for the first result.
  Duration start_limit() const {
    return retry.enabled && retry.max_elapsed_time > 0s ? retry.max_elapsed_time : timeout;
  }
};

// Reads `section`, the processor's own section; the caller finishes it.
void read_options(config::Section& section, Options& into);

}  // namespace millrace::processors::resourcedetection
