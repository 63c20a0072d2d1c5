#include "kafka/library.h"

#include <dlfcn.h>

#include <utility>

namespace millrace::kafka {

Result<std::shared_ptr<const Library>> load_library(const std::string& file) {
  void* const handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (handle == nullptr) {
    return fail(Code::kFailedPrecondition,
                "Kafka needs librdkafka (Debian: the package "
                "librdkafka1): " +
                    std::string(dlerror()));
  }
  auto library = std::make_shared<Library>();
  const char* missing = nullptr;
#define MILLRACE_KAFKA_LOAD(name)                                                              \
  library->name = reinterpret_cast<decltype(library->name)>(dlsym(handle, "rd_kafka_" #name)); \
  if (library->name == nullptr && missing == nullptr) missing = "rd_kafka_" #name;
  MILLRACE_KAFKA_FUNCTIONS(MILLRACE_KAFKA_LOAD)
#undef MILLRACE_KAFKA_LOAD
  library->new_client =
      reinterpret_cast<decltype(library->new_client)>(dlsym(handle, "rd_kafka_new"));
  if (missing != nullptr) {
    return fail(Code::kFailedPrecondition,
                "Kafka needs librdkafka 2.0 or newer: " + file + " has no function " + missing);
  }
  return std::shared_ptr<const Library>(std::move(library));
}

bool is_library_mapped(const std::string& file) {
  void* const handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
  if (handle == nullptr) return false;
  dlclose(handle);
  return true;
}

}  // namespace millrace::kafka
