#include <string>

#include "access/field_text.h"
#include "processors/resourcedetection/detector.h"
#include "processors/resourcedetection/instance_metadata.h"

namespace millrace::processors::resourcedetection {
namespace {

// The first question. A service that has a fault is asked again; one that cannot be reached is not
// there.
Result<InstanceMetadata> find_service(World& world, int64_t attempts_max) {
  Error error;
  for (int64_t attempt = 0; attempt < attempts_max; ++attempt) {
    auto service = InstanceMetadata::open(world);
    if (!service) return service;
    const auto id = service->text("instance-id");
    if (id && !id->empty()) return service;
    error = id ? Error{Code::kUnavailable, "the instance has no id"} : id.error();
    if (error.code != Code::kInternal) break;
  }
  return fail(std::move(error));
}

// The tags that match; the remark says what could not be read.
std::string add_tags(const InstanceMetadata& service, const DetectorOptions& options,
                     ResourceBuilder& builder) {
  const auto keys = service.text("tags/instance");
  if (!keys) return "tags: " + keys.error().message;
  std::string remark;
  std::string_view rest(*keys);
  for (size_t count = 0; !rest.empty() && count < kAttributesMax; ++count) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string key(access::trimmed(rest.substr(0, end)));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (key.empty() || !item_match::any_finds(options.tags, key)) continue;
    const auto value = service.text("tags/instance/" + transport::encode_path_segment(key));
    if (value) {
      builder.matched_text("ec2.tag." + key, *value);
    } else {
      remark = "tags: " + value.error().message;
    }
  }
  return remark;
}

}  // namespace

Result<Finding> detect_ec2(const DetectorOptions& options, World& world) {
  const auto service = find_service(world, options.max_attempts);
  if (!service) return missing(options, service.error().message);
  const auto document = service->identity_document();
  if (!document) return fail(document.error());
  const auto host = service->text("hostname");
  if (!host) return fail(host.error());
  ResourceBuilder builder(options.wanted);
  builder.text("cloud.provider", "aws");
  builder.text("cloud.platform", "aws_ec2");
  builder.text("cloud.region", document->text("region"));
  builder.text("cloud.account.id", document->text("accountId"));
  builder.text("cloud.availability_zone", document->text("availabilityZone"));
  builder.text("host.id", document->text("instanceId"));
  builder.text("host.image.id", document->text("imageId"));
  builder.text("host.type", document->text("instanceType"));
  builder.text("host.name", *host);
  std::string remark;
  if (!options.tags.empty()) remark = add_tags(*service, options, builder);
  return Finding{.resource = builder.finish(), .remark = std::move(remark)};
}

}  // namespace millrace::processors::resourcedetection
