// Gets answers of a console, one after the other, over one connection.
//
// Belongs to one loop.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "daemon/console_client/console_answer.h"
#include "daemon/console_client/target.h"
#include "io/loop.h"
#include "transport/client/web_client.h"
#include "transport/client/web_stream.h"

namespace millrace::console_client {

class ConsoleClient {
 public:
  using Done = std::move_only_function<void(Result<std::string>)>;

  // Errors: an address that is no URL, a file that cannot be read.
  static Result<std::unique_ptr<ConsoleClient>> create(io::Loop& loop, const Target& target);

  const std::string& address() const { return asked_.address; }
  // Calls `done` once in a later turn, with the body or an error of console_answer.h; never after
  // the end of this. Precondition: no other get() is under way.
  void get(const std::string& path_and_query, Done done);

  // Opens a stream: `on_bytes` for each piece of a success, `on_end` once, with an error as above
  // or the end in order. The timeout counts until its beginning.
  using OnBytes = std::function<void(std::string_view)>;
  using OnEnd = std::move_only_function<void(Status)>;
  std::unique_ptr<transport::WebStream> open(const std::string& path_and_query, OnBytes on_bytes,
                                             OnEnd on_end);

 private:
  transport::WebRequest request_for(const std::string& path_and_query) const;
  ConsoleClient(io::Loop& loop, const Target& target, transport::WebRequest service,
                AskedConsole asked);

  io::Loop& loop_;
  const Duration timeout_;
  const transport::WebRequest service_;
  const AskedConsole asked_;
  Done done_;
  std::unique_ptr<transport::WebClient> client_;
};

// One answer, for which a loop of its own runs.
Result<std::string> get_once(const Target& target, const std::string& path_and_query);

// Prints the error on standard error, made printable: an answer may have words of senders.
// Returns 1, the exit code.
int print_error(const Error& error);

}  // namespace millrace::console_client
