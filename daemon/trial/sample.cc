#include "daemon/trial/sample.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

#include "daemon/replay/frame_reader.h"
#include "daemon/replay/request_reader.h"

namespace millrace::trial {
namespace {

// Where the whole content is one JSON object it is one frame, whatever line ends are in it.
std::optional<replay::FoundRequest> read_whole(const std::string& name, std::string_view content,
                                               replay::RequestDecoder& decoder) {
  if (!content.starts_with('{')) return std::nullopt;
  auto request = decoder.decode({.bytes = Bytes::copy_of(content), .where = name, .is_line = true});
  return request ? std::optional(std::move(*request)) : std::nullopt;
}

}  // namespace

Result<std::vector<SampleRequest>> parse_sample(const std::string& name, std::string_view content) {
  std::vector<SampleRequest> requests;
  replay::RequestDecoder decoder;
  const auto add = [&](const replay::FoundRequest& found) {
    if (found.item_count > 0) {
      // The decoder's budget ends with the decoder.
      requests.push_back({found.signal, Bytes::copy_of(found.bytes.view()), found.item_count});
    }
  };
  if (auto whole = read_whole(name, content, decoder)) {
    add(*whole);
  } else {
    replay::FrameReader reader(name, [&](std::span<uint8_t> into) -> Result<size_t> {
      const size_t size = std::min(into.size(), content.size());
      std::memcpy(into.data(), content.data(), size);
      content.remove_prefix(size);
      return size;
    });
    using Step = replay::FrameReader::Step;
    replay::Frame frame;
    replay::Unreadable unreadable;
    for (Step step; (step = reader.next(&frame, &unreadable)) != Step::kEnd;) {
      if (step == Step::kUnreadable) {
        return fail(Code::kInvalidArgument, unreadable.where + ": " + unreadable.why);
      }
      auto found = decoder.decode(frame);
      if (!found) {
        return fail(found.error().code, frame.where + ": " + found.error().message);
      }
      add(*found);
    }
  }
  if (requests.empty()) return fail(Code::kInvalidArgument, name + ": has no items");
  return requests;
}

}  // namespace millrace::trial
