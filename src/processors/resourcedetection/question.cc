#include "processors/resourcedetection/question.h"

#include <utility>

#include "access/field_text.h"
namespace millrace::processors::resourcedetection {
namespace {

Code code_of(int status) {
  if (status == 404) return Code::kNotFound;
  if (status == 401 || status == 403) return Code::kPermissionDenied;
  return status >= 500 ? Code::kInternal : Code::kUnavailable;
}

}  // namespace

Result<transport::WebResponse> ask(World& world, const Question& question) {
  const std::string_view path(question.url.path);
  const std::string what = question.url.authority() + std::string(path.substr(0, path.find('?')));
  auto response = world.ask({.method = question.method,
                             .url = question.url,
                             .fields = question.fields,
                             .tls = question.tls},
                            question.limit);
  if (!response) return fail(response.error().code, what + ": " + response.error().message);
  if (response->status != 200) {
    return fail(code_of(response->status),
                what + ": HTTP status " + std::to_string(response->status));
  }
  return response;
}

Result<std::string> ask_text(World& world, const Question& question) {
  auto response = ask(world, question);
  if (!response) return fail(std::move(response.error()));
  return std::string(access::trimmed(response->body));
}

Result<JsonAnswer> ask_json(World& world, const Question& question) {
  const auto response = ask(world, question);
  if (!response) return fail(response.error());
  auto answer = JsonAnswer::parse(response->body);
  if (!answer) {
    return fail(answer.error().code, question.url.authority() + ": " + answer.error().message);
  }
  return answer;
}

Result<transport::WebUrl> url_from(World& world, const std::string& variable,
                                   std::string_view otherwise) {
  const std::string value = world.variable(variable).value_or("");
  auto url =
      transport::parse_web_url(access::trimmed(value).empty() ? otherwise : access::trimmed(value));
  if (!url) return fail(url.error().code, variable + ": " + url.error().message);
  return url;
}

std::vector<std::string_view> split(std::string_view text, char separator, size_t parts_max) {
  std::vector<std::string_view> parts;
  size_t end = text.find(separator);
  while (end != std::string_view::npos && parts.size() + 1 < parts_max) {
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end + 1);
    end = text.find(separator);
  }
  parts.push_back(text);
  return parts;
}

}  // namespace millrace::processors::resourcedetection
