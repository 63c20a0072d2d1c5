// The meaning of an answer of the console, in words for the user of a command. Pure.
#pragma once

#include <string>

#include "base/result.h"
#include "transport/client/web_exchange.h"

namespace millrace::console_client {

struct AskedConsole {
  std::string address;  // as the user wrote it
  bool has_token = false;
};

// The body of a success. Errors: kUnavailable where nothing answers, kUnauthenticated for the
// token, kInvalidArgument for what the console finds wrong, kNotFound for what it does not have,
// and kUnimplemented where something else than a console answers.
Result<std::string> body_of(Result<transport::WebResponse> response, const AskedConsole& asked);

}  // namespace millrace::console_client
