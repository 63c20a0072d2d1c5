#include "transport/client/client_call.h"

#include <algorithm>
#include <charconv>

#include "base/allocation_name.h"
#include "http/grpc_wire.h"

namespace millrace::transport {
namespace {

// The bytes that are kept of a field of a response. Longer codings and delays mean nothing; a
// message is percent-encoded, three bytes for one; details that are cut could not be read.
constexpr size_t kShortFieldMax = 128;
constexpr size_t kMessageMax = 3 * 1024;
constexpr size_t kDetailsMax = 16 * 1024;
constexpr size_t kContentTypeMax = 256;
constexpr size_t kLocationMax = 4 * 1024;
// A response within this is not worth a reservation: its memory is a part of the request's.
constexpr size_t kUnreservedBytes = 512;

// All responses together have at most this part of the budget: back ends that answer with megabytes
// must not shut out senders.
constexpr size_t kResponsesShare = 8;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

Reservation reserve_response(Budget& budget, size_t bytes) {
  if (budget.used(MemoryTerm::kResponses) + bytes > budget.limit() / kResponsesShare) return {};
  return Reservation::try_make(budget, MemoryTerm::kResponses, bytes);
}

}  // namespace

MediaType media_type_of(std::string_view content_type) {
  content_type = content_type.substr(0, content_type.find(';'));
  while (content_type.ends_with(' ')) content_type.remove_suffix(1);
  if (content_type.empty()) return MediaType::kNone;
  constexpr std::string_view kGrpc = "application/grpc";
  if (equal_ignoring_case(content_type.substr(0, kGrpc.size()), kGrpc) &&
      (content_type.size() == kGrpc.size() || content_type[kGrpc.size()] == '+')) {
    return MediaType::kGrpc;
  }
  if (equal_ignoring_case(content_type, "application/x-protobuf")) return MediaType::kProtobuf;
  if (equal_ignoring_case(content_type, "application/json")) return MediaType::kJson;
  return MediaType::kOther;
}

void ClientResponse::add_header(std::string_view name, std::string_view value) {
  if (name == ":status") {
    std::from_chars(value.data(), value.data() + value.size(), http_status);
  } else if (name == "content-type") {
    media_type = media_type_of(value);
    if (media_type == MediaType::kOther) other_content_type = value.substr(0, kContentTypeMax);
  } else if (name == "grpc-status") {
    // A status that is no number is as bad as none, and says that something was wrong.
    grpc_status = http::parse_grpc_status(value).value_or(Code::kUnknown);
  } else if (name == "grpc-message") {
    grpc_message = value.substr(0, kMessageMax);
  } else if (name == "grpc-status-details-bin") {
    grpc_details = value.size() <= kDetailsMax ? value : std::string_view();
  } else if (name == "grpc-encoding") {
    grpc_encoding = value.substr(0, kShortFieldMax);
  } else if (name == "content-encoding") {
    content_encoding = value.substr(0, kShortFieldMax);
    std::ranges::transform(content_encoding, content_encoding.begin(), lower);
    if (content_encoding == "identity") content_encoding.clear();
  } else if (name == "retry-after") {
    retry_after = value.substr(0, kShortFieldMax);
  } else if (name == "location") {
    location = value.size() <= kLocationMax ? value : std::string_view();
  } else if (name == "metadata-flavor") {
    metadata_flavor = value.substr(0, kShortFieldMax);
  }
}

bool ClientResponse::add_body(std::span<const uint8_t> bytes, size_t bytes_max) {
  if (bytes.size() > bytes_max - body.size() - dropped_bytes) {
    too_large = true;
    return false;
  }
  if (is_body_dropped) {
    dropped_bytes += bytes.size();
  } else {
    body.append(as_text(bytes));
  }
  return true;
}

void ClientResponse::drop_body() {
  is_body_dropped = true;
  dropped_bytes = body.size();
  std::string().swap(body);  // an assignment would keep its memory
}

http::ResponseLimit ClientCall::add_body(std::span<const uint8_t> bytes,
                                         const ClientOptions& options) {
  auto limit = http::ResponseLimit::kNone;
  const size_t size = response.body.size() + bytes.size();
  if (!response.is_body_dropped && size > response.body.capacity() &&
      size <= options.response_bytes_max) {
    const size_t room =
        std::clamp(2 * response.body.capacity(), size, std::max(size, options.response_bytes_max));
    Reservation memory;
    const bool is_reserved = options.budget != nullptr && room > kUnreservedBytes;
    if (is_reserved) memory = reserve_response(*options.budget, room);
    if (is_reserved && !memory) {
      response.drop_body();
      body_memory = Reservation();
      limit = http::ResponseLimit::kMemory;
    } else {
      const AllocationName name("term responses");
      // A new string, because one that has memory already takes at least twice of it.
      std::string larger;
      larger.reserve(room);
      larger.append(response.body);
      response.body.swap(larger);
      body_memory = std::move(memory);
    }
  }
  return response.add_body(bytes, options.response_bytes_max) ? limit : http::ResponseLimit::kBody;
}

void report_limit(const ClientOptions& options, http::ResponseLimit limit, std::string_view peer) {
  if (options.on_limit && limit != http::ResponseLimit::kNone) options.on_limit(limit, peer);
}

}  // namespace millrace::transport
