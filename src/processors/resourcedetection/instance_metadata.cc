#include "processors/resourcedetection/instance_metadata.h"

#include <algorithm>
#include <utility>

namespace millrace::processors::resourcedetection {
namespace {

constexpr size_t kTokenBytesMax = 1024;

bool is_token(std::string_view text) {
  return !text.empty() && text.size() <= kTokenBytesMax &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

}  // namespace

Result<InstanceMetadata> InstanceMetadata::open(World& world) {
  if (world.variable("AWS_EC2_METADATA_DISABLED").value_or("") == "true") {
    return fail(Code::kUnavailable, "AWS_EC2_METADATA_DISABLED is true");
  }
  const auto url = url_from(world, "AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://169.254.169.254");
  if (!url) return fail(url.error());
  InstanceMetadata made(world, *url);
  const auto token = ask_text(world, {.url = made.url_.at("/latest/api/token"),
                                      .fields = {{"x-aws-ec2-metadata-token-ttl-seconds", "60"}},
                                      .method = "PUT"});
  // Version 1 has no tokens; within a container the answer with one may not arrive.
  if (token && is_token(*token)) made.token_ = *token;
  return made;
}

Question InstanceMetadata::question(std::string_view path) const {
  Question made{.url = url_.at(path)};
  if (!token_.empty()) made.fields.push_back({"x-aws-ec2-metadata-token", token_});
  return made;
}

Result<std::string> InstanceMetadata::text(std::string_view path) const {
  return ask_text(world_, question("/latest/meta-data/" + std::string(path)));
}

Result<JsonAnswer> InstanceMetadata::identity_document() const {
  return ask_json(world_, question("/latest/dynamic/instance-identity/document"));
}

}  // namespace millrace::processors::resourcedetection
