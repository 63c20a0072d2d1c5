// Pages: answers that no OTLP handler gives (health, metrics, console, a scrape, a call with a
// body). The head of a page and its first bytes are there at once; a long page goes on as a stream,
// which the server asks for the next piece whenever the peer has taken the one before. So a peer
// that reads slowly, or not at all, holds one piece.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/metadata.h"
#include "base/signal.h"

namespace millrace::transport {

struct PageRequest {
  std::string method;
  std::string path;             // without the query
  std::string query;            // without '?'
  std::string accept;           // the field Accept, or empty
  std::string accept_encoding;  // the field Accept-Encoding, or empty
  std::string host = {};        // Host or :authority, as sent
  // Empty where the field was not sent.
  std::string origin = {};
  std::string authorization = {};
  std::string fetch_site = {};  // Sec-Fetch-Site
  // Those of PageRoute::wanted_fields that were sent with a value, in the order of the route.
  std::vector<MetadataEntry> fields = {};
  std::string body = {};  // of a route with body_bytes_max

  // The value of one of `fields`; empty: none.
  std::string_view field(std::string_view name) const {
    for (const MetadataEntry& entry : fields) {
      if (entry.name == name) return entry.value;
    }
    return {};
  }
};

// The rest of a page. Belongs to the server's loop; destroyed there when the page is complete or
// its peer is gone.
class PageStream {
 public:
  static constexpr size_t kPieceBytesMax = size_t{64} << 10;
  enum class End : uint8_t { kMore, kComplete, kBrokenOff };
  struct Piece {
    std::string bytes;  // at most kPieceBytesMax; may be empty
    // kBrokenOff: the page cannot be completed; the connection (HTTP/1.1) or stream (HTTP/2) ends
    // so that the peer notices.
    End end = End::kMore;
  };
  using Give = std::move_only_function<void(Piece)>;
  virtual ~PageStream() = default;
  // `give` is to be called once, on the server's loop, in a later turn, unless this is destroyed
  // before; it may destroy this. Not called again before that, nor after the end.
  virtual void next(Give give) = 0;
};

struct PageReply {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  std::string content_encoding = {};             // empty: none
  std::unique_ptr<PageStream> stream = nullptr;  // follows `body`; null: that is all
  std::vector<MetadataEntry> fields = {};        // more of the answer's head
};
using PageHandler = std::function<PageReply(const PageRequest&)>;

// Pages that every sender may ask for pass the gates by; the others are treated as a request of
// that signal.
struct PageRoute {
  std::string path;  // exact, or a prefix when it ends in '*'
  PageHandler handler;
  std::optional<Signal> gated_as = {};  // nothing: every peer may ask
  // The largest body that is read and given to the handler, which is then called when the request
  // is whole. A larger one is answered with 413. 0: the handler gets no body.
  size_t body_bytes_max = 0;
  std::vector<std::string> wanted_fields = {};  // lower case; see PageRequest::fields
};

}  // namespace millrace::transport
