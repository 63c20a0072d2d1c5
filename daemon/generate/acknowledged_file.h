// Which items were answered OK, in a file: what a sink must have received in the end, whatever was
// refused or failed beside it. Counts alone would let a lost item hide behind one that arrived
// although its sender never heard so.
//
// Records of 16 bytes, big endian: the span number of the first item (numbered_id.h), then how many
// follow on from it, itself included. One thread.
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
  // Replaces what was there.
  static Result<AcknowledgedFile> create(const std::string& path);
  void add(NumberedId first, uint64_t count);
  // Everything added is in the file, or the error.
  Status finish();

 private:
  explicit AcknowledgedFile(FilePtr file) : file_(std::move(file)) {}
  FilePtr file_;
};

// Calls `visit` for each record; an error where the file is not one of these.
Status read_acknowledged(const std::string& path,
                         const std::function<void(NumberedId first, uint64_t count)>& visit);

}  // namespace millrace::load
