// Google's platforms: the environment says which one it is, the metadata server the rest. Its
// address is GCE_METADATA_HOST or 169.254.169.254.
#include <algorithm>
#include <string>
#include <utility>

#include "access/field_text.h"
#include "processors/resourcedetection/detector.h"
#include "processors/resourcedetection/question.h"

namespace millrace::processors::resourcedetection {
namespace {

constexpr Duration kComputeLimit = 2s;

// A missing attribute is noted, and is an error only where the options say so.
class GcpDetection {
 public:
  GcpDetection(const DetectorOptions& options, World& world)
      : options_(options), world_(world), builder_(options.wanted) {}

  Result<Finding> run() {
    if (is_bare_metal()) return finish_bare_metal();
    auto url = metadata_url();
    if (!url) return missing(options_, url.error().message);
    url_ = std::move(*url);
    const auto project = project_on_gcp();
    if (!project) return missing(options_, project.error().message);
    builder_.text("cloud.provider", "gcp");
    builder_.text("cloud.account.id", *project);
    add_platform(*project);
    if (!remark_.empty() && options_.fails_on_missing_metadata) {
      return fail(Code::kUnavailable, remark_);
    }
    return Finding{.resource = builder_.finish(), .remark = std::move(remark_)};
  }

 private:
  std::string variable(const std::string& name) const { return world_.variable(name).value_or(""); }
  bool has_variable(const std::string& name) const { return world_.variable(name).has_value(); }

  bool is_bare_metal() const {
    return !variable("BMS_PROJECT_ID").empty() && !variable("BMS_REGION").empty() &&
           !variable("BMS_INSTANCE_ID").empty();
  }
  Result<Finding> finish_bare_metal() {
    builder_.text("cloud.provider", "gcp");
    builder_.text("cloud.account.id", variable("BMS_PROJECT_ID"));
    builder_.text("cloud.platform", "gcp_bare_metal_solution");
    builder_.text("host.name", variable("BMS_INSTANCE_ID"));
    builder_.text("cloud.region", variable("BMS_REGION"));
    return Finding{.resource = builder_.finish()};
  }

  Result<transport::WebUrl> metadata_url() {
    const std::string host = variable("GCE_METADATA_HOST");
    auto url = transport::parse_web_url("http://" + (host.empty() ? "169.254.169.254" : host));
    if (!url) return fail(url.error().code, "GCE_METADATA_HOST: " + url.error().message);
    return url;
  }
  Question question(std::string_view path) const {
    return {.url = url_.at("/computeMetadata/v1/" + std::string(path)),
            .fields = {{"metadata-flavor", "Google"}}};
  }
  Result<std::string> text(std::string_view path) { return ask_text(world_, question(path)); }

  // Anything may answer at that address; only Google's server has this field.
  Result<std::string> project_on_gcp() {
    const auto response = ask(world_, question("project/project-id"));
    if (!response) return fail(response.error());
    if (response->metadata_flavor != "Google") {
      return fail(Code::kNotFound, url_.authority() + " is not Google's metadata server");
    }
    return std::string(access::trimmed(response->body));
  }

  void note(std::string_view what, const std::string& why) {
    if (!remark_.empty()) remark_ += "; ";
    remark_ += std::string(what) + ": " + why;
  }
  void add(std::string_view attribute, std::string_view path) {
    if (!builder_.wants(attribute)) return;
    const auto found = text(path);
    if (found) {
      builder_.text(attribute, *found);
    } else {
      note(attribute, found.error().message);
    }
  }
  void add_variable(std::string_view attribute, std::initializer_list<const char*> names) {
    if (!builder_.wants(attribute)) return;
    for (const char* name : names) {
      if (!has_variable(name)) continue;
      return builder_.text(attribute, variable(name));
    }
    note(attribute, std::string(*names.begin()) + " is not set");
  }

  void add_platform(const std::string& project) {
    if (has_variable("KUBERNETES_SERVICE_HOST")) {
      if (const auto location = text("instance/attributes/cluster-location")) {
        return add_gke(project, *location);
      }
    }
    if (has_variable("FUNCTION_TARGET")) return add_service("gcp_cloud_functions");
    if (has_variable("K_CONFIGURATION")) return add_service("gcp_cloud_run");
    if (has_variable("CLOUD_RUN_JOB")) return add_job();
    if (has_variable("CLOUD_RUN_WORKER_POOL")) return add_service("gcp_cloud_run");
    if (has_variable("GAE_SERVICE") || variable("GAE_ENV") == "standard") return add_app_engine();
    if (const auto type = text("instance/machine-type")) return add_gce(project, *type);
  }

  void add_gke(const std::string& project, const std::string& location) {
    builder_.text("cloud.platform", "gcp_kubernetes_engine");
    const auto dashes = std::ranges::count(location, '-');
    if (dashes == 2) {
      builder_.text("cloud.availability_zone", location);
      builder_.text("cloud.region", location.substr(0, location.rfind('-')));
    } else if (dashes == 1) {
      builder_.text("cloud.region", location);
    } else {
      note("cloud.region", "the cluster's location is neither zone nor region");
    }
    add("k8s.cluster.name", "instance/attributes/cluster-name");
    add("host.id", "instance/id");
    // Not given out under workload identity; that is no error.
    if (const auto name = text("instance/name")) builder_.text("host.name", *name);
    if (!builder_.wants("host.type")) return;
    const auto instance = compute_instance(project);
    if (instance) builder_.text_if_any("host.type", last_segment(instance->text("machineType")));
  }

  void add_service(std::string_view platform) {
    builder_.text("cloud.platform", platform);
    add_variable("faas.name", {"K_SERVICE", "CLOUD_RUN_JOB", "CLOUD_RUN_WORKER_POOL"});
    add_variable("faas.version", {"CLOUD_RUN_REVISION", "K_REVISION"});
    add("faas.instance", "instance/id");
    add_region();
  }
  void add_job() {
    builder_.text("cloud.platform", "gcp_cloud_run");
    add_variable("faas.name", {"K_SERVICE", "CLOUD_RUN_JOB"});
    add_region();
    add("faas.instance", "instance/id");
    add_variable("gcp.cloud_run.job.execution", {"CLOUD_RUN_EXECUTION"});
    add_variable("gcp.cloud_run.job.task_index", {"CLOUD_RUN_TASK_INDEX"});
  }
  void add_app_engine() {
    builder_.text("cloud.platform", "gcp_app_engine");
    const bool is_standard = variable("GAE_ENV") == "standard";
    if (!is_standard) add_zone_and_region();
    add_variable("faas.name", {"GAE_SERVICE"});
    add_variable("faas.version", {"GAE_VERSION"});
    add_variable("faas.instance", {"GAE_INSTANCE"});
    if (!is_standard) return;
    if (const auto zone = text("instance/zone")) {
      builder_.text("cloud.availability_zone", last_segment(*zone));
    }
    add_region();
  }
  void add_region() {
    const auto region = text("instance/region");
    if (!region) return note("cloud.region", region.error().message);
    builder_.text("cloud.region", last_segment(*region));
  }

  // "country-region-zone"
  void add_zone_and_region() {
    const auto found = text("instance/zone");
    if (!found) return note("cloud.availability_zone", found.error().message);
    const std::string_view zone = last_segment(*found);
    const size_t first = zone.find('-');
    const size_t second = first == std::string_view::npos ? first : zone.find('-', first + 1);
    if (second == std::string_view::npos) {
      return note("cloud.availability_zone", "\"" + std::string(zone) + "\" is no zone");
    }
    builder_.text("cloud.availability_zone", zone);
    builder_.text("cloud.region", zone.substr(0, second));
  }

  void add_gce(const std::string& project, const std::string& machine_type) {
    builder_.text("cloud.platform", "gcp_compute_engine");
    add_zone_and_region();
    builder_.text("host.type", machine_type);
    add("host.id", "instance/id");
    add("host.name", "instance/name");
    add("gcp.gce.instance.hostname", "instance/hostname");
    add("gcp.gce.instance.name", "instance/name");
    add_instance_group();
    if (options_.tags.empty()) return;
    const auto instance = compute_instance(project);
    if (!instance) return note("labels", instance.error().message);
    instance->each_text("labels", [&](std::string_view name, std::string_view value) {
      if (!item_match::any_finds(options_.tags, name)) return;
      builder_.matched_text("gcp.gce.instance.labels." + std::string(name), value);
    });
  }

  // "projects/1/zones/z/instanceGroupManagers/name", or regions.
  void add_instance_group() {
    const auto creator = text("instance/attributes/created-by");
    if (!creator && creator.error().code == Code::kNotFound) return;
    if (!creator) return note("gcp.gce.instance_group_manager", creator.error().message);
    const std::vector<std::string_view> parts = split(*creator, '/', 7);
    const bool is_group = parts.size() == 6 && parts[0] == "projects" &&
                          (parts[2] == "zones" || parts[2] == "regions") &&
                          parts[4] == "instanceGroupManagers" &&
                          std::ranges::none_of(parts, &std::string_view::empty);
    if (!is_group) return;
    builder_.text("gcp.gce.instance_group_manager.name", parts[5]);
    builder_.text(parts[2] == "zones" ? "gcp.gce.instance_group_manager.zone"
                                      : "gcp.gce.instance_group_manager.region",
                  parts[3]);
  }

  // Asks the Compute API, as the service account of the instance.
  Result<JsonAnswer> compute_instance(const std::string& project) {
    const auto zone = text("instance/zone");
    if (!zone) return fail(zone.error());
    const auto name = text("instance/name");
    if (!name) return fail(name.error());
    const auto account =
        ask_json(world_, question("instance/service-accounts/default/token?scopes="
                                  "https://www.googleapis.com/auth/compute.readonly"));
    if (!account) return fail(account.error());
    const std::string token = account->text("access_token");
    if (!access::is_value(token)) return fail(Code::kInternal, "the access token is no text");
    const auto tls = world_.make_tls({});
    if (!tls) return fail(tls.error());
    const auto url =
        transport::parse_web_url("https://compute.googleapis.com/compute/v1/projects/" +
                                 transport::encode_path_segment(project) + "/zones/" +
                                 transport::encode_path_segment(last_segment(*zone)) +
                                 "/instances/" + transport::encode_path_segment(*name));
    if (!url) return fail(url.error());
    return ask_json(world_, {.url = *url,
                             .fields = {{"authorization", "Bearer " + token}},
                             .limit = kComputeLimit,
                             .tls = *tls});
  }

  const DetectorOptions& options_;
  World& world_;
  ResourceBuilder builder_;
  transport::WebUrl url_;
  std::string remark_;
};

}  // namespace

Result<Finding> detect_gcp(const DetectorOptions& options, World& world) {
  return GcpDetection(options, world).run();
}

}  // namespace millrace::processors::resourcedetection
