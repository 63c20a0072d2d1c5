// The parameter `run` of a query: telemetry of this run of the collector, of earlier ones, or of
// one of them by its service.instance.id.
#pragma once

#include <string>

#include "extensions/console/query.h"
#include "recent/store.h"

namespace millrace::extensions::console {

class RunFilter {
 public:
  explicit RunFilter(const Query& query) : wanted_(query.text("run")) {}

  // `run`: an index into the store's runs. Without the parameter every run matches.
  bool matches(const recent::Store& store, size_t run) const {
    if (wanted_.empty()) return true;
    if (wanted_ == "current") return run == 0;
    if (wanted_ == "earlier") return run != 0;
    return store.runs()[run].id == wanted_;
  }

 private:
  std::string wanted_;
};

}  // namespace millrace::extensions::console
