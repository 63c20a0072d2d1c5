#include "receivers/prometheus/discovery_options.h"

#include <utility>

#include "base/url_text.h"
#include "receivers/prometheus/scrape_options.h"

namespace millrace::receivers::prometheus {
namespace {

using config::Section;

constexpr std::string_view kOthers[] = {
    "kubernetes_sd_configs",   "consul_sd_configs",    "ec2_sd_configs",
    "azure_sd_configs",        "gce_sd_configs",       "openstack_sd_configs",
    "digitalocean_sd_configs", "docker_sd_configs",    "dockerswarm_sd_configs",
    "eureka_sd_configs",       "hetzner_sd_configs",   "ionos_sd_configs",
    "kuma_sd_configs",         "lightsail_sd_configs", "linode_sd_configs",
    "marathon_sd_configs",     "nerve_sd_configs",     "nomad_sd_configs",
    "ovhcloud_sd_configs",     "puppetdb_sd_configs",  "scaleway_sd_configs",
    "serverset_sd_configs",    "triton_sd_configs",    "uyuni_sd_configs",
    "vultr_sd_configs",        "xds_sd_configs",       "stackit_sd_configs",
    "aws_sd_configs",          "rds_sd_configs"};

void read_static(Section& section, TargetGroup& into) {
  std::vector<std::string> targets;
  section.text_list("targets", &targets);
  for (std::string& address : targets) {
    if (address.empty() || address.contains('/')) {
      section.error_at("targets", "expected host:port, found \"" + address + "\"");
    }
    into.targets.push_back({{"__address__", std::move(address)}});
  }
  into.labels = read_labels_of(section, "labels");
}

void read_file(Section& section, FileDiscoveryOptions& into) {
  section.text_list("files", &into.files);
  if (into.files.empty()) section.error("files is missing: which files name the targets?");
  for (const std::string& file : into.files) {
    const size_t star = file.find('*');
    const bool is_bad_pattern = star != std::string::npos && file.find('/', star) < file.size();
    const bool is_known = file.ends_with(".json") || file.ends_with(".yml") ||
                          file.ends_with(".yaml") || file.ends_with(".*");
    if (is_bad_pattern || !is_known) {
      section.error_at("files",
                       "expected a path that ends with .json, .yml or .yaml, with '*' "
                       "only in its last part, found \"" +
                           file + "\"");
    }
  }
  read_duration(section, "refresh_interval", &into.refresh_interval);
}

void read_http(Section& section, HttpDiscoveryOptions& into) {
  std::string text;
  section.text("url", &text);
  auto url = transport::parse_web_url(text);
  if (url) {
    into.url = std::move(*url);
    into.url_text = hide_url_secrets(text);
  } else {
    section.error_at("url", url.error().message);
  }
  read_http_options(section, into.http);
  read_duration(section, "refresh_interval", &into.refresh_interval);
}

void read_dns(Section& section, DnsDiscoveryOptions& into) {
  section.text_list("names", &into.names);
  if (into.names.empty()) section.error("names is missing: which names stand for the targets?");
  std::string type = "SRV";
  section.text("type", &type);
  int64_t port = 0;
  section.integer("port", &port, {0, UINT16_MAX});
  into.port = static_cast<uint16_t>(port);
  into.is_v6 = type == "AAAA";
  if (type == "SRV" || type == "MX" || type == "NS") {
    section.error_at("type", "records of type " + type +
                                 (section.has("type") ? "" : ", the default where none is given,") +
                                 " are not supported here: give type A or AAAA and a port, or "
                                 "targets by file_sd_configs or http_sd_configs");
  } else if (type != "A" && type != "AAAA") {
    section.error_at("type", "found \"" + type + "\"; expected A or AAAA");
  } else if (port == 0) {
    section.error("port is missing, which this type needs");
  }
  read_duration(section, "refresh_interval", &into.refresh_interval);
}

}  // namespace

void read_discoveries(Section& scrape, ScrapeOptions& into) {
  scrape.section_list("static_configs", [&](Section& section) {
    read_static(section, into.static_groups.emplace_back());
  });
  scrape.section_list("file_sd_configs",
                      [&](Section& section) { read_file(section, into.files.emplace_back()); });
  scrape.section_list("http_sd_configs",
                      [&](Section& section) { read_http(section, into.https.emplace_back()); });
  scrape.section_list("dns_sd_configs",
                      [&](Section& section) { read_dns(section, into.names.emplace_back()); });
  for (const std::string_view key : kOthers) {
    scrape.unsupported(key,
                       "this discovery is not in this version; targets come from static_configs, "
                       "file_sd_configs, http_sd_configs and dns_sd_configs");
  }
}

}  // namespace millrace::receivers::prometheus
