// Amazon's instance metadata service, version 2 with a session token, and version 1 where no token
// is given out. The address is AWS_EC2_METADATA_SERVICE_ENDPOINT or 169.254.169.254.
//
// Belongs to one attempt of one detector.
#pragma once

#include <string>
#include <string_view>

#include "processors/resourcedetection/question.h"

namespace millrace::processors::resourcedetection {

class InstanceMetadata {
 public:
  // Asks for a token. Error: there is no such service (or it is switched off).
  static Result<InstanceMetadata> open(World& world);
  // `path` behind /latest/meta-data/.
  Result<std::string> text(std::string_view path) const;
  Result<JsonAnswer> identity_document() const;

 private:
  InstanceMetadata(World& world, transport::WebUrl url) : world_(world), url_(std::move(url)) {}
  Question question(std::string_view path) const;

  World& world_;
  transport::WebUrl url_;
  std::string token_;  // a secret; empty: version 1
};

}  // namespace millrace::processors::resourcedetection
