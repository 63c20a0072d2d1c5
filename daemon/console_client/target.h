// Which console is asked: the options of every command that shows what a running collector has.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace CLI {
class App;
}

namespace millrace::console_client {

inline constexpr const char* kTokenVariable = "MILLRACE_CONSOLE_TOKEN";

struct Target {
  std::string address = "http://localhost:8888";
  // A token on a command line can be read by every user of the machine; a file or the environment
  // variable above cannot.
  std::string token;
  std::string token_file;
  std::string ca_file;  // certificate authorities for https; empty: the system's
  Duration timeout = 10s;
};

// `target` must live until the command line is parsed.
void add_target_options(CLI::App& app, Target& target);

// The token of the option, the file without the blanks around it, or the environment; empty: none.
// Errors name the file.
Result<std::string> find_token(const Target& target);

// Names and values of a URL's query, percent-encoded.
class QueryText {
 public:
  // An empty value is left out.
  void add(std::string_view name, std::string_view value);
  void add_flag(std::string_view name, bool value) { add(name, value ? "true" : ""); }
  // The path with the query behind it.
  std::string behind(std::string_view path) const;

 private:
  std::string text_;
};

}  // namespace millrace::console_client
