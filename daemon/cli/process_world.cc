#include "daemon/cli/process_world.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string>

#include "yaml/parse.h"

namespace millrace::cli {
namespace {

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

Result<std::string> read_file(const std::string& path) {
  const std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), "rb"));
  if (file == nullptr) return fail(Code::kNotFound, path + ": " + std::strerror(errno));
  std::string text;
  char part[16384];
  while (const size_t count = std::fread(part, 1, sizeof part, file.get())) {
    text.append(part, count);
    if (text.size() > yaml::kTextBytesMax) {
      return fail(Code::kInvalidArgument, path + ": too large for a configuration");
    }
  }
  // A directory can be opened, but not read.
  if (std::ferror(file.get()) != 0) return fail(Code::kUnknown, path + ": " + std::strerror(errno));
  return text;
}

}  // namespace

yaml::World make_process_world() {
  return {[](const std::string& name) -> std::optional<std::string> {
            const char* value = std::getenv(name.c_str());
            return value == nullptr ? std::nullopt : std::optional<std::string>(value);
          },
          read_file};
}

}  // namespace millrace::cli
