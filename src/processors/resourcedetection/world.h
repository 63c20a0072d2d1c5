// What detectors may look at. Detection (detection.h) implements it over the system and the
// network; tests bring a table of answers.
//
// The functions that ask others may take long: the detector is suspended meanwhile, and other
// requests of the loop go on. They end by the deadline of the attempt, whatever the peer does.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "io/machine.h"
#include "io/tls.h"
#include "transport/client/web_exchange.h"

namespace millrace::processors::resourcedetection {

class World {
 public:
  virtual ~World() = default;
  // A variable of the environment; nothing when it is not set.
  virtual std::optional<std::string> variable(const std::string& name) = 0;
  // Nothing when it cannot be read.
  virtual std::optional<std::string> read_file(const std::string& path) = 0;
  virtual io::SystemName system_name() = 0;
  virtual Result<std::vector<io::NetworkInterface>> network_interfaces() = 0;
  virtual Result<std::shared_ptr<io::TlsClientContext>> make_tls(const io::TlsOptions& options) = 0;
  // Suspends the detector.
  virtual Result<std::string> look_up_name(io::NameSource source, const std::string& host) = 0;
  // Suspends the detector; at most for `limit`. The request's deadline and budget are set here.
  virtual Result<transport::WebResponse> ask(transport::WebRequest request, Duration limit) = 0;
};

}  // namespace millrace::processors::resourcedetection
