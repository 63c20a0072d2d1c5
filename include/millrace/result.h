// Errors as values: nothing in this interface throws.
//
// Fast calls return a Status: one byte, no allocation. Calls that create an object or explain a
// failure return a Result<T>: a T, or an Error with a message for people.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "millrace/export.h"

MILLRACE_NAMESPACE_BEGIN

enum class ErrorCode : uint8_t {
  kOk = 0,
  kBufferFull,        // buffer_capacity or buffer_bytes is used up; the item was not collected
  kShutDown,          // shutdown() was called; the item was not collected
  kTooLarge,          // the item is larger than Config::item_bytes_max; it was not collected
  kInvalidArgument,   // the message names the value and what is allowed
  kDeadlineExceeded,  // the deadline passed; the rest is counted
  kUnavailable,       // the system has no thread, descriptor or memory left
  kUnimplemented,     // known, but not supported in this version
};

// "BUFFER_FULL" and so on. Never null; do not free it.
MILLRACE_API const char* error_code_name(ErrorCode code) noexcept;

class [[nodiscard]] Status {
 public:
  constexpr Status() noexcept = default;  // kOk
  // NOLINTNEXTLINE(google-explicit-constructor): a code is a status
  constexpr Status(ErrorCode code) noexcept : code_(code) {}              // a status with that code
  constexpr bool ok() const noexcept { return code_ == ErrorCode::kOk; }  // whether the code is kOk
  constexpr explicit operator bool() const noexcept { return ok(); }      // same as ok()
  constexpr ErrorCode code() const noexcept { return code_; }             // the code
  // The name of the code.
  const char* message() const noexcept { return error_code_name(code_); }
  friend constexpr bool operator==(Status, Status) noexcept = default;

 private:
  ErrorCode code_ = ErrorCode::kOk;
};

struct Error {
  ErrorCode code = ErrorCode::kInvalidArgument;  // never kOk
  std::string message;  // whole words; names the value found and what is allowed
};

template <class T>
class [[nodiscard]] Result {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): `return value;`
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // success
  // NOLINTNEXTLINE(google-explicit-constructor): `return Error{…};`
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // failure
  bool ok() const noexcept { return state_.index() == 0; }  // whether there is a value
  explicit operator bool() const noexcept { return ok(); }  // same as ok()
  // Precondition: ok(). Not checked.
  T& value() & noexcept { return *std::get_if<0>(&state_); }
  const T& value() const& noexcept { return *std::get_if<0>(&state_); }
  T&& value() && noexcept { return std::move(*std::get_if<0>(&state_)); }
  T& operator*() & noexcept { return value(); }
  const T& operator*() const& noexcept { return value(); }
  T&& operator*() && noexcept { return std::move(*this).value(); }
  T* operator->() noexcept { return std::get_if<0>(&state_); }
  const T* operator->() const noexcept { return std::get_if<0>(&state_); }
  // Precondition: !ok(). Not checked.
  const Error& error() const noexcept { return *std::get_if<1>(&state_); }

 private:
  std::variant<T, Error> state_;
};

MILLRACE_NAMESPACE_END
