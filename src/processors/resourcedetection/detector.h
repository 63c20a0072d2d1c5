// The detectors by their names. One that finds that it is somewhere else finds nothing; an error
// means that asking again may help.
//
// A detector reads as a list of questions: it is suspended where it waits (world.h). It keeps
// nothing between attempts.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "processors/resourcedetection/options.h"
#include "processors/resourcedetection/resource.h"
#include "processors/resourcedetection/world.h"

namespace millrace::processors::resourcedetection {

struct KnownAttribute {
  std::string_view name;
  bool is_enabled;  // unless configured
};

struct Finding {
  Resource resource;
  // Why there is nothing, or less than usual, for the log; empty: all is there.
  std::string remark = {};
};

struct Detector {
  std::string_view name;
  std::string_view section;  // of its options; empty: it has none
  std::span<const KnownAttribute> attributes;
  Result<Finding> (*detect)(const DetectorOptions& options, World& world);
  // Asks only the system: it is run before the loops do.
  bool is_local = false;
};

// Null: no detector of this build has that name.
const Detector* find_detector(std::string_view name);
std::span<const Detector> all_detectors();

Result<Finding> detect_env(const DetectorOptions& options, World& world);
Result<Finding> detect_system(const DetectorOptions& options, World& world);
Result<Finding> detect_docker(const DetectorOptions& options, World& world);
Result<Finding> detect_ec2(const DetectorOptions& options, World& world);
Result<Finding> detect_ecs(const DetectorOptions& options, World& world);
Result<Finding> detect_eks(const DetectorOptions& options, World& world);
Result<Finding> detect_gcp(const DetectorOptions& options, World& world);
Result<Finding> detect_azure(const DetectorOptions& options, World& world);
Result<Finding> detect_k8s_api(const DetectorOptions& options, World& world);

// The result where no server is there: nothing found, or an error where the options demand one.
Result<Finding> missing(const DetectorOptions& options, std::string reason);

}  // namespace millrace::processors::resourcedetection
