#include <algorithm>
#include <cstring>
#include <utility>

#include "c_interface/handles.h"
#include "c_interface/timeouts.h"
#include "millrace/batch_processor.h"

using millrace::c_interface::guarded;
using millrace::c_interface::timeout_of;
using millrace::c_interface::to_code;
namespace v1 = millrace::v1;

extern "C" {

millrace_code millrace_processor_create(millrace_config* config, millrace_processor** processor) {
  if (processor != nullptr) *processor = nullptr;
  if (config == nullptr || processor == nullptr) return MILLRACE_INVALID_ARGUMENT;
  return guarded([&] {
    const v1::Config& from = config->config;
    auto created = v1::BatchProcessor::create({.batch_size = from.batch_size,
                                               .batch_timeout_ms = from.batch_timeout_ms,
                                               .buffer_capacity = from.buffer_capacity,
                                               .buffer_bytes = from.buffer_bytes,
                                               .on_full = from.on_full,
                                               .batching = from.batching},
                                              from.exporters);
    if (!created) {
      return millrace::c_interface::refuse(*config, to_code(created.error().code),
                                           created.error().message);
    }
    *processor = new millrace_processor{std::move(*created)};
    return MILLRACE_OK;
  });
}

millrace_code millrace_processor_submit(millrace_processor* processor, millrace_signal signal,
                                        const void* request, size_t size, uint32_t* item_count,
                                        char* message, size_t message_size) {
  if (item_count != nullptr) *item_count = 0;
  if (message != nullptr && message_size != 0) message[0] = '\0';
  if (processor == nullptr || signal > MILLRACE_LOGS || (request == nullptr && size != 0)) {
    return MILLRACE_INVALID_ARGUMENT;
  }
  return guarded([&] {
    auto submitted = processor->processor.submit(static_cast<v1::Signal>(signal),
                                                 {static_cast<const uint8_t*>(request), size});
    if (submitted) {
      if (item_count != nullptr) *item_count = *submitted;
      return MILLRACE_OK;
    }
    const std::string& why = submitted.error().message;
    if (message != nullptr && message_size != 0) {
      const size_t length = std::min(why.size(), message_size - 1);
      std::memcpy(message, why.data(), length);
      message[length] = '\0';
    }
    return to_code(submitted.error().code);
  });
}

millrace_code millrace_processor_flush(millrace_processor* processor, uint64_t timeout_ms) {
  if (processor == nullptr) return MILLRACE_INVALID_ARGUMENT;
  return to_code(processor->processor.flush(timeout_of(timeout_ms)));
}
millrace_code millrace_processor_shutdown(millrace_processor* processor, uint64_t timeout_ms) {
  if (processor == nullptr) return MILLRACE_INVALID_ARGUMENT;
  return to_code(processor->processor.shutdown(timeout_of(timeout_ms)));
}
void millrace_processor_destroy(millrace_processor* processor) { delete processor; }

}  // extern "C"
