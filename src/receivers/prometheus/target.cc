#include "receivers/prometheus/target.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <utility>

#include "receivers/prometheus/prometheus_units.h"
#include "wire/utf8.h"

namespace millrace::receivers::prometheus {
namespace {

constexpr std::string_view kParam = "__param_";

// Everything that a path or a host may not hold as it is becomes %XX.
std::string encoded_path(std::string_view path) {
  std::string text = path.starts_with('/') ? "" : "/";
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte < 0x7f && c != '?' && c != '#' && c != '"' && c != '<' && c != '>') {
      text += c;
    } else {
      std::array<char, 4> hex;
      std::snprintf(hex.data(), hex.size(), "%%%02X", byte);
      text += hex.data();
    }
  }
  return text;
}

std::string query_of(const ScrapeOptions& options, const LabelSet& labels) {
  std::map<std::string, std::vector<std::string>> params;  // sorted, as Go encodes them
  for (const auto& [name, values] : options.params) params[name] = values;
  for (const Label& label : labels.all()) {
    if (!label.name.starts_with(kParam)) continue;
    std::vector<std::string>& values = params[std::string(label.name.substr(kParam.size()))];
    if (values.empty()) values.emplace_back();
    values.front() = label.value;
  }
  std::string query;
  for (const auto& [name, values] : params) {
    for (const std::string& value : values) {
      query += query.empty() ? "?" : "&";
      query += transport::encode_form_text(name) + "=" + transport::encode_form_text(value);
    }
  }
  return query;
}

void set_defaults(const ScrapeOptions& options, LabelSet& labels) {
  const auto set_if_missing = [&](std::string_view name, std::string_view value) {
    if (labels.get(name).empty()) labels.set(labels.keep(name), labels.keep(value));
  };
  set_if_missing("job", options.job_name);
  set_if_missing("__scrape_interval__", prometheus_duration_text(options.interval));
  set_if_missing("__scrape_timeout__", prometheus_duration_text(options.timeout));
  set_if_missing("__metrics_path__", options.metrics_path);
  set_if_missing("__scheme__", options.scheme);
  for (const auto& [name, values] : options.params) {
    if (!values.empty()) set_if_missing(std::string(kParam) + name, values.front());
  }
}

Status read_times(const LabelSet& labels, Target& target) {
  const auto interval = parse_prometheus_duration(labels.get("__scrape_interval__"));
  const auto timeout = parse_prometheus_duration(labels.get("__scrape_timeout__"));
  if (!interval || *interval == 0s) {
    return fail(Code::kInvalidArgument, "__scrape_interval__ is no duration");
  }
  if (!timeout || *timeout == 0s || *timeout > *interval) {
    return fail(Code::kInvalidArgument,
                "__scrape_timeout__ is no duration, or longer than the interval");
  }
  target.interval = *interval;
  target.timeout = *timeout;
  return {};
}

// "host", "host:port", "[::1]:port": the host without brackets and the port's text.
std::pair<std::string, std::string> split_instance(const std::string& instance) {
  const size_t colon = instance.rfind(':');
  if (colon == std::string::npos || (instance.find(':') != colon && !instance.starts_with('['))) {
    return {instance, ""};
  }
  std::string host = instance.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return {host, instance.substr(colon + 1)};
}

// Other machines know this one by another name.
bool is_own_machine(const std::string& host) {
  return host.empty() || host == "localhost" || host == "0.0.0.0" || host == "::" ||
         host == "::1" || host.starts_with("127.");
}

}  // namespace

std::string Target::url_text() const {
  return (url.uses_tls ? "https://" : "http://") + url.authority() +
         url.path.substr(0, url.path.find('?'));
}

Result<std::optional<Target>> make_target(const ScrapeOptions& options, const LabelList& group,
                                          const LabelList& discovered) {
  LabelSet labels;
  for (const auto& [name, value] : discovered) labels.set(name, value);
  for (const auto& [name, value] : group) {
    if (!labels.has(name)) labels.set(name, value);
  }
  set_defaults(options, labels);
  switch (relabel(options.relabel, labels)) {
    case RelabelRule::Outcome::kDropped:
      return std::optional<Target>();
    case RelabelRule::Outcome::kTooLong:
      return fail(Code::kInvalidArgument, "relabel_configs make a label over 1 MiB");
    case RelabelRule::Outcome::kKept:
      break;
  }
  const std::string address(labels.get("__address__"));
  if (address.empty()) return fail(Code::kInvalidArgument, "no address");
  if (address.contains('/')) {
    return fail(Code::kInvalidArgument, "\"" + address + "\" is not a valid hostname");
  }
  Target target;
  if (Status read = read_times(labels, target); !read) return fail(read.error());
  const std::string_view scheme = labels.get("__scheme__");
  auto url = transport::parse_web_url(std::string(scheme) + "://" + address);
  if (!url) return fail(std::move(url.error()));
  target.url = std::move(*url);
  target.url.path = encoded_path(labels.get("__metrics_path__")) + query_of(options, labels);
  if (labels.get("instance").empty()) labels.set("instance", address);
  labels.sort();
  for (const Label& label : labels.all()) {
    if (!wire::is_utf8(label.name) || !wire::is_utf8(label.value)) {
      return fail(Code::kInvalidArgument, "a label is not UTF-8");
    }
    if (!label.name.starts_with("__")) target.labels.emplace_back(label.name, label.value);
  }
  const std::hash<std::string> hash;
  target.hash = hash(std::string(scheme) + target.url.authority() + target.url.path);
  for (const auto& [name, value] : target.labels) {
    target.hash = (target.hash ^ hash(name + '\0' + value)) * 0x9e3779b97f4a7c15;
    target.hash ^= target.hash >> 32;
  }
  return std::optional<Target>(std::move(target));
}

Duration time_to_next_scrape(const Target& target, WallTime now) {
  const int64_t interval = target.interval.count();
  const int64_t at = now.time_since_epoch().count() % interval;
  const auto place = static_cast<int64_t>(target.hash % static_cast<uint64_t>(interval));
  return Duration(place > at ? place - at : place - at + interval);
}

LabelList resource_attributes(const std::string& job, const std::string& instance, bool uses_tls) {
  const auto [host, port] = split_instance(instance);
  LabelList attributes = {{"service.name", job}};
  if (!is_own_machine(host)) attributes.emplace_back("server.address", host);
  attributes.emplace_back("service.instance.id", instance);
  attributes.emplace_back("server.port", port);
  attributes.emplace_back("url.scheme", uses_tls ? "https" : "http");
  return attributes;
}

}  // namespace millrace::receivers::prometheus
