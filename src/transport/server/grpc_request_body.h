// The body of a unary gRPC call: a prefix of five bytes with the compressed flag and the length,
// and one message (gRPC over HTTP/2, "Length-Prefixed-Message"). Passes the message to the
// request's admission, and refuses every other form.
//
// One request's, on the server's loop.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "http/grpc_wire.h"
#include "transport/server/request_admission.h"

namespace millrace::transport {

class GrpcRequestBody {
 public:
  // Each returns the refusal, or nothing. After a refusal no more is to be passed.

  // The next bytes of the body, as they arrive.
  std::optional<RequestRefusal> receive(RequestAdmission& admission, std::span<uint8_t> data);
  // The body ends.
  std::optional<RequestRefusal> end(RequestAdmission& admission) const;

 private:
  bool has_prefix() const { return prefix_size_ == prefix_.size(); }
  std::optional<RequestRefusal> begin_message(RequestAdmission& admission, const uint8_t* at);

  std::array<uint8_t, http::kGrpcPrefixBytes> prefix_{};
  uint8_t prefix_size_ = 0;
  bool is_compressed_ = false;
};

}  // namespace millrace::transport
