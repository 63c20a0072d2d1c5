#include <string>

#include "processors/resourcedetection/detector.h"
#include "processors/resourcedetection/question.h"

namespace millrace::processors::resourcedetection {
namespace {

constexpr std::string_view kPath = "/metadata/instance/compute?api-version=2020-09-01&format=json";

}  // namespace

Result<Finding> detect_azure(const DetectorOptions& options, World& world) {
  const auto url = url_from(world, "AZURE_METADATA_SERVICE_ENDPOINT", "http://169.254.169.254");
  if (!url) return missing(options, url.error().message);
  const auto compute = ask_json(world, {.url = url->at(kPath), .fields = {{"metadata", "true"}}});
  if (!compute) return missing(options, compute.error().message);
  ResourceBuilder builder(options.wanted);
  builder.text("cloud.provider", "azure");
  builder.text("cloud.platform", "azure.vm");
  const std::string name = compute->text("name");
  const std::string computer = compute->text("osProfile.computerName");
  builder.text_if_any("host.name", computer.empty() ? name : computer);
  builder.text("cloud.region", compute->text("location"));
  builder.text("host.id", compute->text("vmId"));
  builder.text("cloud.account.id", compute->text("subscriptionId"));
  builder.text_if_any("cloud.availability_zone", compute->text("zone"));
  builder.text("azure.vm.name", name);
  builder.text("azure.vm.size", compute->text("vmSize"));
  builder.text_if_any("azure.vm.scaleset.name", compute->text("vmScaleSetName"));
  builder.text("azure.resourcegroup.name", compute->text("resourceGroupName"));
  compute->each("tagsList", [&](const JsonAnswer& tag) {
    const std::string key = tag.text("name");
    if (item_match::any_finds(options.tags, key))
      builder.matched_text("azure.tag." + key, tag.text("value"));
  });
  return Finding{.resource = builder.finish()};
}

}  // namespace millrace::processors::resourcedetection
