#include "transport/server/grpc_request_body.h"

#include <algorithm>
#include <cstring>
#include <string>

namespace millrace::transport {

std::optional<RequestRefusal> GrpcRequestBody::receive(RequestAdmission& admission,
                                                       std::span<uint8_t> data) {
  if (!has_prefix()) {
    const size_t size = std::min(prefix_.size() - prefix_size_, data.size());
    std::memcpy(prefix_.data() + prefix_size_, data.data(), size);
    prefix_size_ += static_cast<uint8_t>(size);
    data = data.subspan(size);
    if (!has_prefix()) return std::nullopt;
    if (auto refusal = begin_message(admission, data.data())) return refusal;
  }
  if (data.empty()) return std::nullopt;
  if (data.size() > admission.body_expected() - admission.body_size()) {
    return refusal_with(Code::kUnimplemented, "second_message",
                        "a unary call takes one message, found more behind it");
  }
  return admission.append_body(data);
}

std::optional<RequestRefusal> GrpcRequestBody::begin_message(RequestAdmission& admission,
                                                             const uint8_t* at) {
  const auto prefix = http::parse_grpc_prefix(prefix_);
  if (!prefix) {
    return refusal_with(
        Code::kInternal, "bad_message_prefix",
        "the message's compressed flag must be 0 or 1, found " + std::to_string(prefix_[0]));
  }
  is_compressed_ = prefix->compression == http::GrpcCompression::kCompressed;
  if (is_compressed_ && admission.plan().coding == compress::Coding::kIdentity) {
    return refusal_with(Code::kInternal, "bad_compression",
                        "the message is marked as compressed, but the call has no grpc-encoding");
  }
  return admission.begin_body(prefix->length, at);
}

std::optional<RequestRefusal> GrpcRequestBody::end(RequestAdmission& admission) const {
  if (prefix_size_ == 0) {
    return refusal_with(Code::kUnimplemented, "no_message",
                        "a unary call takes one message, found none");
  }
  if (!has_prefix() || admission.body_size() < admission.body_expected()) {
    return refusal_with(Code::kInternal, "truncated",
                        "the message ends after " + std::to_string(admission.body_size()) + " of " +
                            std::to_string(admission.body_expected()) + " announced bytes");
  }
  if (!is_compressed_) admission.note_uncompressed();
  return std::nullopt;
}

}  // namespace millrace::transport
