// Questions to metadata servers, as all clouds need them: one GET, an answer with status 200, as
// text or as JSON.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/metadata.h"
#include "base/result.h"
#include "base/time.h"
#include "json_answer/json_answer.h"
#include "processors/resourcedetection/world.h"
#include "transport/client/web_url.h"

namespace millrace::processors::resourcedetection {

using json_answer::JsonAnswer;

// A metadata server is on the same machine or next to it. One that does not answer within this is
// not there.
inline constexpr Duration kMetadataLimit = 1s;

struct Question {
  transport::WebUrl url;
  std::vector<MetadataEntry> fields = {};
  std::string method = "GET";
  Duration limit = kMetadataLimit;
  std::shared_ptr<io::TlsClientContext> tls = nullptr;
};

// Errors: the exchange's; kNotFound (404), kPermissionDenied (401, 403), kInternal (500 and more)
// or kUnavailable (another status than 200) with the URL's path.
Result<transport::WebResponse> ask(World& world, const Question& question);
// Without blanks at its ends.
Result<std::string> ask_text(World& world, const Question& question);
Result<JsonAnswer> ask_json(World& world, const Question& question);

// "http://host" of an environment variable, or of `otherwise`. Error: the variable is no URL.
Result<transport::WebUrl> url_from(World& world, const std::string& variable,
                                   std::string_view otherwise);

// The parts between the separators, `parts_max` at most; the last one then has the rest.
std::vector<std::string_view> split(std::string_view text, char separator, size_t parts_max);
// Behind the last '/', or all of it.
inline std::string_view last_segment(std::string_view text) {
  return text.substr(text.rfind('/') + 1);
}

}  // namespace millrace::processors::resourcedetection
