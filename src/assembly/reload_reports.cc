#include "assembly/reload_reports.h"

#include <functional>
#include <string>
#include <vector>

namespace millrace::assembly {
namespace {

// `what`: "TLS files". `kind` and `id` name the component.
std::function<void(const Status&)> reporter(Logger* log, std::string what, std::string kind,
                                            std::string id) {
  return [log, what = std::move(what), kind = std::move(kind),
          id = std::move(id)](const Status& status) {
    if (status) {
      log->info("changed " + what + " are in use", {{kind, id}});
    } else {
      log->warn("changed " + what + " cannot be used, the old ones stay",
                {{kind, id}, {"error", status.error().message}});
    }
  };
}

void report_certificates(Logger* log, const std::string& kind, const std::string& id,
                         const std::vector<ListenerPlan>& listeners) {
  for (const ListenerPlan& listener : listeners) {
    if (listener.tls != nullptr) {
      listener.tls->report_reloads(reporter(log, "TLS files", kind, id));
    }
  }
}

}  // namespace

void report_reloads(const Plan& plan, Logger* log) {
  for (const ReceiverPlan& receiver : plan.receivers) {
    report_certificates(log, "receiver", receiver.id, receiver.listeners);
  }
  for (const ExporterPlan& exporter : plan.exporters) {
    report_certificates(log, "exporter", exporter.id, exporter.listeners);
  }
  for (const AuthPlan& auth : plan.auths) {
    auth.extension->report_reloads(reporter(log, "credentials", "extension", auth.id));
  }
}

}  // namespace millrace::assembly
