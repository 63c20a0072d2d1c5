#include "daemon/console_client/console_answer.h"

#include <utility>

#include "daemon/console_client/target.h"
#include "json_answer/json_answer.h"

namespace millrace::console_client {
namespace {

Code code_of(int status) {
  switch (status) {
    case 400:
      return Code::kInvalidArgument;
    case 403:
      return Code::kPermissionDenied;
    case 404:
      return Code::kNotFound;
    default:
      return Code::kUnavailable;
  }
}

}  // namespace

Result<std::string> body_of(Result<transport::WebResponse> response, const AskedConsole& asked) {
  if (!response) {
    return fail(Code::kUnavailable,
                "no console answers at " + asked.address + ": " + response.error().message +
                    "\nDoes the collector run, and does service::extensions name console? "
                    "--address URL asks another one.");
  }
  if (response->status == 200) return std::move(response->body);
  if (response->status == 401) {
    return fail(Code::kUnauthenticated,
                asked.has_token
                    ? "the console at " + asked.address + " refuses this token"
                    : "the console at " + asked.address + " wants a token: --token-file FILE, or " +
                          kTokenVariable + " in the environment");
  }
  const auto answer = json_answer::JsonAnswer::parse(response->body);
  const std::string message = answer ? answer->text("error.message") : "";
  if (message.empty()) {
    return fail(Code::kUnimplemented, asked.address +
                                          " is not the console of a collector: it answers with "
                                          "HTTP status " +
                                          std::to_string(response->status));
  }
  return fail(code_of(response->status), message);
}

}  // namespace millrace::console_client
