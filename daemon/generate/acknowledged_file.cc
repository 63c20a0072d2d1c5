#include "daemon/generate/acknowledged_file.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace millrace::load {
namespace {

constexpr size_t kRecordBytes = 16;

Error cannot(const std::string& what, const std::string& path) {
  return {.code = Code::kUnavailable,
          .message = "cannot " + what + " " + path + ": " + std::strerror(errno)};
}

}  // namespace

Result<AcknowledgedFile> AcknowledgedFile::create(const std::string& path) {
  Result<FilePtr> file = open_output(path, OutputStart::kEmpty);
  if (!file) return fail(std::move(file.error()));
  return AcknowledgedFile(*std::move(file));
}

void AcknowledgedFile::add(NumberedId first, uint64_t count) {
  std::array<uint8_t, kRecordBytes> record;
  write_big_endian(record.data(), to_span_number(first));
  write_big_endian(record.data() + 8, count);
  std::fwrite(record.data(), 1, record.size(), file_.get());  // finish() reports errors
}

Status AcknowledgedFile::finish() {
  if (std::fflush(file_.get()) == 0 && std::ferror(file_.get()) == 0) return {};
  return fail(Code::kUnavailable, "the file of acknowledged items could not be written");
}

Status read_acknowledged(const std::string& path,
                         const std::function<void(NumberedId first, uint64_t count)>& visit) {
  const FilePtr file(std::fopen(path.c_str(), "rb"));
  if (file == nullptr) return fail(cannot("read", path));
  std::array<uint8_t, kRecordBytes> record;
  for (uint64_t index = 0;; ++index) {
    const size_t size = std::fread(record.data(), 1, record.size(), file.get());
    if (size == 0) return {};
    const uint64_t number = read_big_endian(record.data());
    const uint64_t count = read_big_endian(record.data() + 8);
    const NumberedId first{static_cast<uint16_t>(number >> kSequenceBits),
                           number & (kSequenceEnd - 1)};
    if (size != record.size() || number >> 56 != kNumberedMark ||
        count > kSequenceEnd - first.sequence) {
      return fail(Code::kInvalidArgument,
                  path + ": record " + std::to_string(index) + " is not one of a generator");
    }
    visit(first, count);
  }
}

}  // namespace millrace::load
