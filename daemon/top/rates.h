// Items a second, from two samples. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "daemon/top/sample.h"

namespace millrace::top {

class Rates {
 public:
  // Of everything that both samples have. Nothing is known without a sample before, and where a
  // count went back, because the collector has started again.
  Rates(const std::optional<Sample>& before, const Sample& now);

  // By the kind of count and what it belongs to: "sent", "otlp/traces".
  std::optional<double> of(const std::string& kind, const std::string& name) const;

 private:
  std::map<std::pair<std::string, std::string>, double> rates_;
};

// The names of receivers and destinations, which exist once for each signal.
std::string name_of(const Sample::Receiver& receiver);
std::string name_of(const Sample::Destination& destination);

}  // namespace millrace::top
