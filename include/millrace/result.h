// Errors as values: nothing in this interface throws.
//
// Status is what the hot calls return: one byte, no allocation. Result<T> is what calls return that
// make something or explain something: a T, or an Error with a message for people.
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
  kBufferFull,        // buffer_capacity or buffer_bytes is used up; nothing was taken
  kShutDown,          // shutdown() was called; nothing was taken
  kTooLarge,          // one item larger than Config::item_bytes_max; nothing was taken
  kInvalidArgument,   // the message says which one and what is allowed
  kDeadlineExceeded,  // the deadline came first; what is left is counted
  kUnavailable,       // the system has no threads, descriptors or memory for it
  kUnimplemented,     // known, and not in this version
};

// "BUFFER_FULL" and so on. Never null, never freed.
MILLRACE_API const char* error_code_name(ErrorCode code) noexcept;

class [[nodiscard]] Status {
 public:
  constexpr Status() noexcept = default;  // kOk
  // NOLINTNEXTLINE(google-explicit-constructor): a code is a status
  constexpr Status(ErrorCode code) noexcept : code_(code) {}              // that code
  constexpr bool ok() const noexcept { return code_ == ErrorCode::kOk; }  // kOk, nothing else
  constexpr explicit operator bool() const noexcept { return ok(); }      // the same
  constexpr ErrorCode code() const noexcept { return code_; }             // which it is
  // The code's name.
  const char* message() const noexcept { return error_code_name(code_); }
  friend constexpr bool operator==(Status, Status) noexcept = default;

 private:
  ErrorCode code_ = ErrorCode::kOk;
};

struct Error {
  ErrorCode code = ErrorCode::kInvalidArgument;  // never kOk
  std::string message;  // whole words; names what was found and what is allowed
};

template <class T>
class [[nodiscard]] Result {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): `return value;`
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // it went well
  // NOLINTNEXTLINE(google-explicit-constructor): `return Error{…};`
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // it did not
  bool ok() const noexcept { return state_.index() == 0; }  // whether there is a value
  explicit operator bool() const noexcept { return ok(); }  // the same
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
