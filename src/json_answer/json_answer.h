// JSON that a server answered: strings at known places. What has another type or is not there reads
// as an empty string, as it does in otelcol; upper and lower case of names are the same there too.
//
// Bounded by the size of the text and kJsonDepthMax. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace millrace::json_answer {

inline constexpr size_t kJsonDepthMax = 64;

class JsonAnswer {
 public:
  // Error: kInvalidArgument with what is wrong; the text must be an object.
  static Result<JsonAnswer> parse(std::string_view text);

  // `path` are the names of members with dots between them: "metadata.uid".
  std::string text(std::string_view path) const;
  // A number, or a string of digits; a fraction is cut off. Nothing for anything else.
  std::optional<int64_t> number(std::string_view path) const;
  // Any number; nothing for anything else.
  std::optional<double> real(std::string_view path) const;
  // Whether `true` stands there.
  bool flag(std::string_view path) const;
  // The strings of the list at `path`.
  std::vector<std::string> texts(std::string_view path) const;
  // Calls `visit` for each number of the list at `path`.
  void each_real(std::string_view path, const std::function<void(double)>& visit) const;
  // Calls `visit` for each object of the list at `path`.
  void each(std::string_view path, const std::function<void(const JsonAnswer&)>& visit) const;
  // Calls `visit` for each member with a string of the object at `path`.
  void each_text(
      std::string_view path,
      const std::function<void(std::string_view name, std::string_view text)>& visit) const;
  // The same for each member with a number, without its fraction.
  void each_number(std::string_view path,
                   const std::function<void(std::string_view name, int64_t number)>& visit) const;

 private:
  struct State;  // the parsed text
  struct Node;   // one element of it
  JsonAnswer(std::shared_ptr<State> state, std::shared_ptr<const Node> node)
      : state_(std::move(state)), node_(std::move(node)) {}

  std::shared_ptr<State> state_;  // shared by the answers that each() makes
  std::shared_ptr<const Node> node_;
};

}  // namespace millrace::json_answer
