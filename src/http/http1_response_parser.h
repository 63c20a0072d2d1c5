// Reads HTTP/1.1 responses (RFC 9112) from bytes as they come: status, fields, body of a given
// length, chunked, or up to the end of the connection. 1xx responses are passed over. One response
// after another; one thread.
//
// Memory: what is kept between two calls is the beginning of a head, less than the bound for it and
// what one call brought. Every part of a response but the body has a bound (response_limit.h); the
// body's is the handler's.
//
// Behind this interface is Boost.Beast's parser for the head; nothing of it shows here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/result.h"
#include "http/response_limit.h"

namespace millrace::http {

class Http1ResponseHandler {
 public:
  virtual void on_status(int status) = 0;
  // Names are lower case. Trailers of a chunked body are not shown.
  virtual void on_header(std::string_view name, std::string_view value) = 0;
  // False ends the parsing with an error.
  virtual bool on_body(std::span<const uint8_t> bytes) = 0;

 protected:
  ~Http1ResponseHandler() = default;
};

class Http1ResponseParser {
 public:
  explicit Http1ResponseParser(Http1ResponseHandler& handler);
  ~Http1ResponseParser();
  Http1ResponseParser(const Http1ResponseParser&) = delete;
  Http1ResponseParser& operator=(const Http1ResponseParser&) = delete;

  // Prepares for the next response.
  void reset();
  // Takes all bytes, or says kInternal for what is no HTTP/1.1 response, and for bytes behind a
  // complete one, and kResourceExhausted for what passes a bound. After an error only reset() is
  // allowed.
  Status receive(std::span<const uint8_t> bytes);
  // The bound that the last error is about; kNone: it is about none, or about the body's.
  ResponseLimit limit() const;
  // The connection has ended in order. An error when the response is not complete by that.
  Status finish();

  size_t kept_bytes() const;  // at present, for tests
  bool begun() const;         // at least one byte of a response, 1xx included, was received
  bool complete() const;      // nothing of it is missing
  // The connection can carry another request. Precondition: complete().
  bool keep_alive() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace::http
