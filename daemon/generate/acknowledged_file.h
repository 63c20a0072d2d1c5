// A file with the items that were answered OK. A sink must have received all of them in the end,
// whatever was refused or failed. With counts alone, a lost item would be hidden by another that
// arrived although its sender received no OK.
//
// Records of 16 bytes, big endian: the span number of the first item (numbered_id.h), then the
// number of consecutive items from it on. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"
#include "daemon/generate/numbered_id.h"
#include "daemon/otlp_client/output_file.h"

namespace millrace::load {

class AcknowledgedFile {
 public:
  // Creates the file, or empties an existing one.
  static Result<AcknowledgedFile> create(const std::string& path);
  void add(NumberedId first, uint64_t count);
  // Writes everything added to the file. Errors of earlier writes are returned here.
  Status finish();

 private:
  explicit AcknowledgedFile(FilePtr file) : file_(std::move(file)) {}
  FilePtr file_;
};

// Calls `visit` for each record; an error when the file has another format.
Status read_acknowledged(const std::string& path,
                         const std::function<void(NumberedId first, uint64_t count)>& visit);

}  // namespace millrace::load
