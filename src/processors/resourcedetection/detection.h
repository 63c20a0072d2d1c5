// Runs the detectors of one processor, and publishes what they find.
//
// All detectors run side by side, each on a stack of its own (io/fiber.h), because they wait for
// servers. The first result is published when all have ended, or after Options::start_limit():
// then without those that have not. A detector that fails is run again with back-off for as long as
// the process lives, and its result is published when there is one. With a refresh_interval all run
// again at that interval; a result stays until its detector has a new one.
//
// Detectors that ask only the system run in the constructor. Belongs to one loop, on which it must
// be destroyed, or after that has stopped.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "io/loop.h"
#include "io/system.h"
#include "memory/budget.h"
#include "metrics/registry.h"
#include "processors/resourcedetection/detector.h"
#include "processors/resourcedetection/options.h"
#include "processors/resourcedetection/published.h"

namespace millrace::processors::resourcedetection {

// The system as this process sees it; tests bring another.
struct System {
  std::function<std::optional<std::string>(const std::string& name)> variable;
  io::ReadSmallFile read_file;
};
System system_of_process();

struct DetectionParts {
  const std::string& name;  // of the processor
  io::Loop& loop;
  Budget& budget;
  Logger& log;
  metrics::Registry& metrics;
  System system;
};

class Detection {
 public:
  Detection(const DetectionParts& parts, std::shared_ptr<const Options> options,
            std::shared_ptr<Published> into);
  ~Detection();
  Detection(const Detection&) = delete;
  Detection& operator=(const Detection&) = delete;

 private:
  class Run;  // one detector

  void start_remote();
  void on_run_ended(Run& run);
  void on_start_limit();
  void refresh();
  void publish();

  const std::string name_;
  io::Loop& loop_;
  Budget& budget_;
  Logger& log_;
  metrics::Registry& metrics_;
  const System system_;
  const std::shared_ptr<const Options> options_;
  const std::shared_ptr<Published> published_;
  std::vector<std::unique_ptr<Run>> runs_;
  std::unique_ptr<io::Timer> start_timer_;
  std::unique_ptr<io::Timer> refresh_timer_;
  metrics::Registry::Handle attribute_count_;
  std::optional<Resource> last_;  // what was published last
  bool is_start_over_ = false;    // the first result is out
  // Posted tasks look here first.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace millrace::processors::resourcedetection
