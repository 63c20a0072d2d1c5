// Errors as values. Nothing in Millrace throws across a component or on the data path: a function
// that can fail returns a Result<T> (or Status, which is a Result without a value).
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace millrace {

// The canonical codes of gRPC, with the numbers of "grpc-status". Internal errors use them as well,
// so that an error keeps its meaning from its origin to the peer that receives it.
enum class Code : uint8_t {
  kOk = 0,
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

// The name as the gRPC documentation spells it, for example "INVALID_ARGUMENT".
std::string_view code_name(Code code);

struct Error {
  Code code = Code::kUnknown;
  std::string message;  // for people: whole words; states the value found and what is allowed
};

template <class T = void>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using std::expected<T, Error>::expected;
};
using Status = Result<void>;

// Usage in a function that returns a Result: `return fail(Code::kInvalidArgument, "…");`
inline std::unexpected<Error> fail(Code code, std::string message) {
  return std::unexpected(Error{code, std::move(message)});
}
inline std::unexpected<Error> fail(Error error) { return std::unexpected(std::move(error)); }

}  // namespace millrace
