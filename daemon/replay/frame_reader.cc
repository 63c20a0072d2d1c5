#include "daemon/replay/frame_reader.h"

#include <algorithm>
#include <utility>

namespace millrace::replay {
namespace {

constexpr size_t kReadBytes = size_t{256} << 10;
constexpr size_t kLengthBytes = 4;

bool is_text_byte(uint8_t byte) {
  return byte == '\t' || byte == '\n' || byte == '\r' || (byte >= 0x20 && byte < 0x7F);
}

// Whether the first bytes are those of a file of lines. Read as a length they would exceed any
// frame, except when they begin with a tab or a line end, which is not a length in a valid file.
bool looks_like_text(std::span<const uint8_t> begin) {
  return std::ranges::all_of(begin, is_text_byte);
}

std::string_view compressed_as_a_whole(std::span<const uint8_t> begin) {
  const std::string_view text = as_text(begin);
  if (text.starts_with("\x28\xB5\x2F\xFD")) return "zstd";
  if (text.starts_with("\x1F\x8B")) return "gzip";
  return {};
}

uint32_t load_length(std::span<const uint8_t> from) {
  return uint32_t{from[0]} << 24 | uint32_t{from[1]} << 16 | uint32_t{from[2]} << 8 | from[3];
}

}  // namespace

FrameReader::Step FrameReader::fail_at(std::string where, std::string why, Unreadable* unreadable) {
  *unreadable = {std::move(where), std::move(why)};
  return Step::kUnreadable;
}

bool FrameReader::read_more(size_t size) {
  if (ended_) return false;
  if (at_ > buffer_.size() / 2) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<ptrdiff_t>(at_));
    at_ = 0;
  }
  const size_t before = buffer_.size();
  buffer_.resize(before + size);
  const Result<size_t> count = source_(std::span(buffer_).subspan(before));
  buffer_.resize(before + (count ? *count : 0));
  if (!count) source_error_ = count.error();
  if (!count || *count == 0) ended_ = true;
  total_ += buffer_.size() - before;
  return !ended_;
}

bool FrameReader::fill(size_t size) {
  while (available() < size && read_more(kReadBytes)) {
  }
  return available() >= size;
}

bool FrameReader::skip(size_t size) {
  while (size > 0) {
    if (available() == 0 && !read_more(kReadBytes)) return false;
    const size_t part = std::min(size, available());
    consume(part);
    size -= part;
  }
  return true;
}

FrameReader::Step FrameReader::next(Frame* frame, Unreadable* unreadable) {
  if (!begun_) {
    begun_ = true;
    if (!begin(unreadable)) return Step::kUnreadable;
  }
  if (finished_) return Step::kEnd;
  const Step step =
      kind_ == Kind::kLines ? next_line(frame, unreadable) : next_length(frame, unreadable);
  if (step == Step::kEnd && source_error_) {
    finished_ = true;
    return fail_at(name_, std::exchange(source_error_, std::nullopt)->message, unreadable);
  }
  return step;
}

bool FrameReader::begin(Unreadable* unreadable) {
  fill(kLengthBytes);
  const std::span<const uint8_t> first = ahead().first(std::min(available(), kLengthBytes));
  if (const std::string_view coding = compressed_as_a_whole(first); !coding.empty()) {
    finished_ = true;
    (void)fail_at(name_,
                  "the whole file is compressed with " + std::string(coding) +
                      ": decompress it first (" + (coding == "zstd" ? "zstd -d" : "gunzip") + ")",
                  unreadable);
    return false;
  }
  kind_ = looks_like_text(first) ? Kind::kLines : Kind::kLengths;
  return true;
}

FrameReader::Step FrameReader::next_line(Frame* frame, Unreadable* unreadable) {
  while (true) {
    size_t searched = 0;
    size_t end = 0;
    bool has_end = false;
    while (!has_end) {
      const auto rest = ahead().subspan(searched);
      const auto found = std::ranges::find(rest, uint8_t{'\n'});
      has_end = found != rest.end();
      end = searched + static_cast<size_t>(found - rest.begin());
      searched = end;
      if (has_end || end > frame_bytes_max_ || !read_more(kReadBytes)) break;
    }
    if (available() == 0) return Step::kEnd;
    ++number_;
    std::string where = name_ + ":" + std::to_string(number_);
    if (end > frame_bytes_max_) {
      consume(end + (has_end ? 1 : 0));
      while (!has_end) {
        if (available() == 0 && !read_more(kReadBytes)) break;
        const auto found = std::ranges::find(ahead(), uint8_t{'\n'});
        has_end = found != ahead().end();
        consume(static_cast<size_t>(found - ahead().begin()) + (has_end ? 1 : 0));
      }
      return fail_at(std::move(where),
                     "a line of more than " + std::to_string(frame_bytes_max_ >> 20) + " MiB",
                     unreadable);
    }
    std::span<const uint8_t> line = ahead().first(end);
    if (!line.empty() && line.back() == '\r') line = line.first(line.size() - 1);
    const bool is_empty = line.empty();
    *frame = {.bytes = Bytes::copy_of(line),
              .where = std::move(where),
              .is_line = true,
              .is_cut_off = !has_end};
    consume(end + (has_end ? 1 : 0));
    if (!is_empty) return Step::kFrame;
  }
}

FrameReader::Step FrameReader::next_length(Frame* frame, Unreadable* unreadable) {
  if (!fill(1)) return Step::kEnd;
  ++number_;
  std::string where =
      name_ + ": record " + std::to_string(number_) + " at byte " + std::to_string(position_);
  if (!fill(kLengthBytes)) {
    finished_ = true;
    return fail_at(std::move(where), "cut off within its length", unreadable);
  }
  const size_t size = load_length(ahead());
  const std::string says = "says that it has " + std::to_string(size) + " bytes";
  consume(kLengthBytes);
  if (size > frame_bytes_max_) {
    const uint64_t begin = position_;
    if (skip(size)) return fail_at(std::move(where), says + ", which is too large", unreadable);
    finished_ = true;
    return fail_at(std::move(where),
                   says + ", but only " + std::to_string(position_ - begin) +
                       " follow: cut off, or not a file of the file exporter",
                   unreadable);
  }
  if (!fill(size)) {
    finished_ = true;
    return fail_at(std::move(where),
                   says + ", but only " + std::to_string(available()) +
                       " follow: cut off, or not a file of the file exporter",
                   unreadable);
  }
  *frame = {.bytes = Bytes::copy_of(ahead().first(size)), .where = std::move(where)};
  consume(size);
  return Step::kFrame;
}

}  // namespace millrace::replay
