// The Docker daemon on its unix socket, or where DOCKER_HOST says.
#include "processors/resourcedetection/detector.h"
#include "processors/resourcedetection/question.h"

namespace millrace::processors::resourcedetection {
namespace {

constexpr Duration kDaemonLimit = 2s;

Result<transport::WebUrl> daemon_url(World& world) {
  std::string host = world.variable("DOCKER_HOST").value_or("");
  if (host.empty()) host = "unix:///var/run/docker.sock";
  if (host.starts_with("tcp://")) host.replace(0, 6, "http://");
  auto url = transport::parse_web_url(host);
  if (!url) return fail(url.error().code, "DOCKER_HOST: " + url.error().message);
  return url;
}

}  // namespace

Result<Finding> detect_docker(const DetectorOptions& options, World& world) {
  const auto url = daemon_url(world);
  if (!url) return missing(options, url.error().message);
  ResourceBuilder builder(options.wanted);
  if (builder.wants("host.name") || builder.wants("os.type")) {
    const auto info = ask_json(world, {.url = url->at("/info"), .limit = kDaemonLimit});
    if (!info) return missing(options, info.error().message);
    builder.text("os.type", info->text("OSType"));
    builder.text("host.name", info->text("Name"));
  }
  if (builder.wants("container.name") || builder.wants("container.image.name")) {
    const std::string own =
        "/containers/" + transport::encode_path_segment(world.system_name().host) + "/json";
    const auto container = ask_json(world, {.url = url->at(own), .limit = kDaemonLimit});
    if (!container) return missing(options, container.error().message);
    builder.text("container.name", container->text("Name"));
    builder.text("container.image.name", container->text("Image"));
  }
  return Finding{.resource = builder.finish()};
}

}  // namespace millrace::processors::resourcedetection
