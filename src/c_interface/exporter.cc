#include "millrace/exporter.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <memory>
#include <string>

#include "c_interface/handles.h"

namespace v1 = millrace::v1;

namespace millrace::c_interface {
namespace {

// An exporter that calls a C program's functions.
class CallbackExporter final : public v1::Exporter {
 public:
  CallbackExporter(const millrace_exporter& functions, std::string name)
      : functions_(functions), name_(std::move(name)) {}
  ~CallbackExporter() override {
    if (functions_.destroy != nullptr) functions_.destroy(functions_.context);
  }

  v1::ExportResult export_batch(const v1::BatchRef& batch, Deadline deadline) override {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    const auto timeout_ms = static_cast<uint64_t>(std::max<int64_t>(left.count(), 0));
    const millrace_batch handle{batch};
    millrace_export_outcome outcome = {};
    outcome.struct_size = sizeof outcome;
    const millrace_export_kind kind =
        functions_.export_batch(functions_.context, &handle, timeout_ms, &outcome);
    // A number outside the enumeration means failure: the batch is retried.
    v1::ExportResult result;
    result.kind = kind <= MILLRACE_EXPORT_REFUSED ? static_cast<v1::ExportResult::Kind>(kind)
                                                  : v1::ExportResult::Kind::kRetry;
    result.rejected_count = outcome.rejected_count;
    result.message.assign(outcome.message, strnlen(outcome.message, sizeof outcome.message));
    result.retry_after_ms = outcome.retry_after_ms;
    return result;
  }

  void shutdown() override {
    if (functions_.shutdown != nullptr) functions_.shutdown(functions_.context);
  }
  std::string name() const override { return name_; }

 private:
  millrace_exporter functions_;
  const std::string name_;
};

}  // namespace
}  // namespace millrace::c_interface

extern "C" millrace_code millrace_config_add_exporter(millrace_config* config,
                                                      const millrace_exporter* exporter) {
  using namespace millrace::c_interface;
  millrace_exporter functions;
  if (config == nullptr || !read_struct(exporter, sizeof(millrace_exporter), functions) ||
      functions.export_batch == nullptr) {
    return MILLRACE_INVALID_ARGUMENT;
  }
  return guarded([&] {
    config->config.exporters.reserve(config->config.exporters.size() + 1);
    const char* name = functions.name == nullptr ? "custom" : functions.name;
    config->config.exporters.push_back(std::make_shared<CallbackExporter>(functions, name));
    return MILLRACE_OK;
  });
}
