// The resource_detection processor: adds what it has detected of this machine, container or cloud
// to the resource of all data (detection.h). Enter by make_resource_detection_processor().
//
// Until the first result is there, or the timeout has passed, requests are refused with
// UNAVAILABLE, so that senders come again: data is not passed on without its resource. One instance
// serves one pipeline on one worker; the first instance of a processor detects, on its loop.
#pragma once

#include <memory>
#include <optional>

#include "pipeline/processor.h"
#include "processors/resourcedetection/detection.h"
#include "processors/resourcedetection/options.h"

namespace millrace::processors::resourcedetection {

// The state that the instances of one processor share.
class SharedDetection {
 public:
  explicit SharedDetection(Options options)
      : options_(std::make_shared<const Options>(std::move(options))) {}
  const Options& options() const { return *options_; }
  const std::shared_ptr<Published>& published() const { return published_; }
  // The first call starts the detection; the others return null. Before the loops run.
  std::unique_ptr<Detection> start_once(const DetectionParts& parts);

 private:
  const std::shared_ptr<const Options> options_;
  const std::shared_ptr<Published> published_ = std::make_shared<Published>();
  bool is_started_ = false;
};

std::unique_ptr<pipeline::Processor> make_resource_detection_processor(SharedDetection& shared,
                                                                       const DetectionParts& parts);

}  // namespace millrace::processors::resourcedetection
