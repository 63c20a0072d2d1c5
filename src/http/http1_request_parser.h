// Reads HTTP/1.1 and 1.0 requests (RFC 9112) from bytes as they come. The grammar is Boost.Beast's;
// refused on top: a message with both Content-Length and Transfer-Encoding, transfer codings other
// than "chunked", HTTP/1.1 without exactly one Host, header sections and chunk lines that are too
// long. What two parsers could read differently is never guessed (request smuggling).
//
// One owner, one thread; no I/O. Body bytes are handed on where they lie in the caller's buffer.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "http/header_list.h"

namespace millrace::http {

enum class Http1Error : uint8_t {
  kNone,
  kNotHttp,               // no request line: no answer can be sent
  kMalformed,             // 400
  kHeaderTooLarge,        // 431
  kBothLengths,           // 400: Content-Length and Transfer-Encoding
  kUnknownTransferCoding  // 501
};

struct Http1Head {
  int minor_version = 1;  // HTTP/1.x
  bool keep_alive = true;
  bool expects_continue = false;
  bool chunked = false;
  std::optional<uint64_t> content_length;
  // Where the first byte of a body of known length lies in the buffer that parse() was given, or
  // would lie behind it. Only for the time of on_head().
  const uint8_t* body_at = nullptr;
};

class Http1RequestEvents {
 public:
  // The header section is complete; ":method", ":path" and ":authority" are in `fields`.
  virtual void on_head(const Http1Head& head, const HeaderList& fields) = 0;
  virtual void on_body(std::span<uint8_t> bytes) = 0;
  virtual void on_end() = 0;

 protected:
  ~Http1RequestEvents() = default;
};

class Http1RequestParser {
 public:
  Http1RequestParser(size_t header_bytes_max, Http1RequestEvents& events);
  ~Http1RequestParser();

  struct Progress {
    size_t consumed = 0;
    Http1Error error = Http1Error::kNone;
  };
  // Consumes at most the rest of one request; bytes not consumed must be given again with more
  // behind it. After an error only reset() is allowed.
  Progress parse(std::span<uint8_t> bytes);
  // Some of a request has been seen, and not its end.
  bool started() const;
  bool head_done() const;
  // Ready for the next request.
  void reset();

 private:
  class Grammar;
  const size_t header_bytes_max_;
  Http1RequestEvents& events_;
  std::unique_ptr<Grammar> grammar_;
};

}  // namespace millrace::http
