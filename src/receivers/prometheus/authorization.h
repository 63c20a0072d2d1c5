// The value of Authorization for a target or a discovery server; files of secrets are read again
// when they change. One thread.
#pragma once

#include <string>

#include "base/result.h"
#include "io/watched_file.h"
#include "receivers/prometheus/http_options.h"

namespace millrace::receivers::prometheus {

class Authorization {
 public:
  // `options` must outlive it.
  explicit Authorization(const HttpOptions& options);
  // Empty: none is to be sent. Error: a file cannot be read.
  Result<std::string> value();

 private:
  struct Part {
    Part(const std::string& value, const std::string& path) : text(value), file(path) {}
    std::string text;
    io::WatchedFile file;
  };
  static Status read(Part& part);

  const HttpOptions& options_;
  Part username_;
  Part secret_;
};

}  // namespace millrace::receivers::prometheus
