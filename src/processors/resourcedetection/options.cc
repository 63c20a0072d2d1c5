#include "processors/resourcedetection/options.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "access/field_text.h"
#include "config/nearest.h"
#include "processors/resourcedetection/detector.h"

namespace millrace::processors::resourcedetection {
namespace {

using config::Section;

// Detectors that otelcol has beyond these.
constexpr auto kOthers = std::to_array<std::string_view>({"akamai",
                                                          "aks",
                                                          "alibaba_ecs",
                                                          "azureappservice",
                                                          "azurecontainerapps",
                                                          "azurefunctions",
                                                          "consul",
                                                          "digitalocean",
                                                          "dynatrace",
                                                          "elastic_beanstalk",
                                                          "elasticbeanstalk",
                                                          "heroku",
                                                          "hetzner",
                                                          "ibmcloud_classic",
                                                          "ibmcloud_vpc",
                                                          "kubeadm",
                                                          "lambda",
                                                          "nova",
                                                          "openshift",
                                                          "oraclecloud",
                                                          "scaleway",
                                                          "tencent_cvm",
                                                          "upcloud",
                                                          "vultr"});

// The keys of otelcol's HTTP client, which stand in this section there.
constexpr auto kClientKeys = std::to_array<std::string_view>({"endpoint",
                                                              "proxy_url",
                                                              "tls",
                                                              "read_buffer_size",
                                                              "write_buffer_size",
                                                              "headers",
                                                              "auth",
                                                              "compression",
                                                              "compression_params",
                                                              "max_idle_conns",
                                                              "max_idle_conns_per_host",
                                                              "max_conns_per_host",
                                                              "idle_conn_timeout",
                                                              "disable_keep_alives",
                                                              "http2_read_idle_timeout",
                                                              "http2_ping_timeout",
                                                              "cookies",
                                                              "force_attempt_http2",
                                                              "middlewares",
                                                              "keepalive"});

using OptionsByDetector = std::map<std::string, DetectorOptions, std::less<>>;

std::string all_names() {
  std::string text;
  for (const Detector& each : all_detectors()) {
    text += (text.empty() ? "" : ", ") + std::string(each.name);
  }
  return text;
}

void read_attributes(Section& section, const Detector& detector, DetectorOptions& into) {
  section.section_map("resource_attributes", [&](std::string_view name, Section& attribute) {
    const auto found = std::ranges::find(detector.attributes, name, &KnownAttribute::name);
    if (found == detector.attributes.end()) {
      std::vector<std::string_view> names;
      for (const KnownAttribute& each : detector.attributes) names.push_back(each.name);
      const std::string_view nearest = config::nearest_name(name, names);
      attribute.error("the detector " + std::string(detector.name) + " has no such attribute" +
                      (nearest.empty() ? "" : "; did you mean " + std::string(nearest) + "?"));
      attribute.find("enabled");
      return;
    }
    bool is_enabled = found->is_enabled;
    attribute.boolean("enabled", &is_enabled);
    if (is_enabled) {
      into.wanted.emplace(name);
    } else {
      into.wanted.erase(std::string(name));
    }
  });
}

void read_host_name_sources(Section& section, DetectorOptions& into) {
  constexpr auto kSources = std::to_array<std::pair<std::string_view, HostNameSource>>(
      {{"os", HostNameSource::kOs},
       {"dns", HostNameSource::kDns},
       {"cname", HostNameSource::kCname},
       {"lookup", HostNameSource::kLookup}});
  std::vector<std::string> names;
  section.text_list("hostname_sources", &names);
  std::vector<HostNameSource> sources;
  for (const std::string& name : names) {
    const auto* const found =
        std::ranges::find(kSources, name, &std::pair<std::string_view, HostNameSource>::first);
    if (found == kSources.end()) {
      section.error_at("hostname_sources",
                       "expected os, dns, cname or lookup, found \"" + name + "\"");
    } else {
      sources.push_back(found->second);
    }
  }
  if (!sources.empty()) into.host_name_sources = std::move(sources);
}

void read_ec2(Section& section, DetectorOptions& into) {
  into.tags = item_match::read_patterns(section, "tags");
  section.boolean("tags_from_imds", &into.tags_from_imds);
  section.integer("max_attempts", &into.max_attempts, {.min = 1, .max = 100});
  section.ignored("max_backoff", "attempts follow one another at once, within the timeout");
  section.boolean("fail_on_missing_metadata", &into.fails_on_missing_metadata);
  if (!into.tags.empty() && !into.tags_from_imds) {
    section.error_at("tags",
                     "tags are read from the instance's metadata only, not by the EC2 API; set "
                     "tags_from_imds: true and allow tags in the metadata of the instance");
  }
}

void read_kubernetes(Section& section, DetectorOptions& into) {
  std::string auth_type = "serviceAccount";
  section.text("auth_type", &auth_type);
  into.verifies_api_server = auth_type == "serviceAccount";
  if (auth_type == "kubeConfig" || auth_type == "tls") {
    section.error_at("auth_type", auth_type + " is not in this version; use serviceAccount");
  } else if (auth_type != "serviceAccount" && auth_type != "none") {
    section.error_at("auth_type", "expected serviceAccount or none, found \"" + auth_type + "\"");
  }
  section.text("node_from_env_var", &into.node_from_env_var);
  section.ignored("context", "it belongs to auth_type: kubeConfig");
  section.ignored("kube_api_qps", "the API is asked two questions");
  section.ignored("kube_api_burst", "the API is asked two questions");
}

void read_detector(Section& section, const Detector& detector, DetectorOptions& into) {
  read_attributes(section, detector, into);
  if (detector.name == "system") read_host_name_sources(section, into);
  if (detector.name == "ec2") read_ec2(section, into);
  if (detector.name == "azure") into.tags = item_match::read_patterns(section, "tags");
  if (detector.name == "gcp") into.tags = item_match::read_patterns(section, "labels");
  if (detector.name == "eks") section.text("node_from_env_var", &into.node_from_env_var);
  if (detector.name == "k8s_api" || detector.name == "k8snode") read_kubernetes(section, into);
}

OptionsByDetector read_detectors(Section& section) {
  OptionsByDetector made;
  for (const Detector& detector : all_detectors()) {
    DetectorOptions& options = made[std::string(detector.name)];
    options.name = detector.name;
    for (const KnownAttribute& each : detector.attributes) {
      if (each.is_enabled) options.wanted.emplace(each.name);
    }
    if (detector.section.empty()) continue;
    section.section(detector.section, [&](Section& own) { read_detector(own, detector, options); });
  }
  return made;
}

void read_retry(Section& section, RetryOptions& into) {
  section.section("retry", [&](Section& retry) {
    retry.boolean("enabled", &into.enabled);
    retry.duration("initial_interval", &into.initial_interval);
    retry.duration("max_interval", &into.max_interval);
    retry.duration("max_elapsed_time", &into.max_elapsed_time);
    retry.number("multiplier", &into.multiplier, 1, 1000);
    retry.number("randomization_factor", &into.randomization_factor, 0, 1);
  });
}

void list_detectors(Section& section, const OptionsByDetector& by_detector, Options& into) {
  std::vector<std::string> names = {"env"};
  section.text_list("detectors", &names);
  for (const std::string& written : names) {
    const std::string name(access::trimmed(written));
    if (const Detector* detector = find_detector(name)) {
      if (name == "k8snode") {
        section.warning_at("detectors", "the detector k8snode is called k8s_api now");
      }
      into.detectors.push_back({detector, by_detector.find(name)->second});
    } else if (std::ranges::find(kOthers, name) != kOthers.end()) {
      section.error_at("detectors", "otelcol's detector \"" + name +
                                        "\" is not in this version (there are: " + all_names() +
                                        ")");
    } else {
      section.error_at("detectors",
                       "invalid detector key: \"" + name + "\" (there are: " + all_names() + ")");
    }
  }
}

}  // namespace

void read_options(Section& section, Options& into) {
  section.boolean("override", &into.override);
  section.duration("timeout", &into.timeout);
  section.duration("refresh_interval", &into.refresh_interval);
  bool fails_on_missing_metadata = false;
  section.boolean("fail_on_missing_metadata", &fails_on_missing_metadata);
  read_retry(section, into.retry);
  if (into.timeout == 0s && into.retry.max_elapsed_time == 0s) {
    section.error_at("timeout",
                     "either timeout or retry::max_elapsed_time must be more than 0, so "
                     "that detection has an end");
  }
  OptionsByDetector by_detector = read_detectors(section);
  for (auto& [name, options] : by_detector) {
    options.fails_on_missing_metadata |= fails_on_missing_metadata;
  }
  list_detectors(section, by_detector, into);
  section.unsupported("attributes",
                      "otelcol removed it in v0.142; switch attributes on and off by "
                      "<detector>::resource_attributes::<name>::enabled");
  for (const std::string_view name : kOthers) {
    section.unsupported(name, "this detector of otelcol's is not in this version");
  }
  for (const std::string_view key : kClientKeys) {
    section.unsupported(key, "metadata servers are asked without it");
  }
}

}  // namespace millrace::processors::resourcedetection
