#include "extensions/health_check/pages.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <utility>

#include "base/json_string.h"
#include "config/duration.h"

namespace millrace::extensions {
namespace {

using transport::PageReply;
using transport::PageRequest;

constexpr int kOk = 200;
constexpr int kNotAllowed = 405;
constexpr int kUnavailable = 503;

// Go's RFC3339Nano: the fraction of the second without trailing zeros.
std::string rfc3339(WallTime time) {
  constexpr int64_t kSecond = 1'000'000'000;
  const int64_t total = time.time_since_epoch().count();
  const int64_t nanoseconds = (total % kSecond + kSecond) % kSecond;
  const std::time_t seconds = (total - nanoseconds) / kSecond;
  std::tm fields{};
  gmtime_r(&seconds, &fields);
  char text[40];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &fields);
  std::string out = text;
  if (nanoseconds != 0) {
    std::snprintf(text, sizeof text, ".%09lld", static_cast<long long>(nanoseconds));
    out += text;
    while (out.ends_with('0')) out.pop_back();
  }
  return out + "Z";
}

bool is_verbose(const PageRequest& request) {
  const std::string query = "&" + request.query + "&";
  return query.find("&verbose&") != std::string::npos ||
         (query.find("&verbose=") != std::string::npos &&
          query.find("&verbose=false&") == std::string::npos);
}

// A single failure among many requests does not mean that the destination is unavailable.
bool is_silent(const DestinationHealth& destination) {
  constexpr uint32_t kFailuresInARow = 3;
  return destination.is_breaker_open || destination.consecutive_failures >= kFailuresInARow;
}

bool takes_data(const Health& health) {
  return health.is_accepting && !health.is_draining && is_alive(health);
}

std::string destinations_json(const Health& health) {
  std::string text = "[";
  for (const DestinationHealth& each : health.destinations) {
    if (text.size() > 1) text += ",";
    text += "{\"name\":" + json_string(each.name) + ",\"signal\":" + json_string(each.signal) +
            ",\"required\":" + (each.is_required ? "true" : "false") +
            ",\"queueSize\":" + std::to_string(each.queue_size) +
            ",\"queueCapacity\":" + std::to_string(each.queue_capacity) +
            ",\"inFlight\":" + std::to_string(each.in_flight) +
            ",\"consecutiveFailures\":" + std::to_string(each.consecutive_failures) +
            ",\"breakerOpen\":" + (each.is_breaker_open ? "true" : "false") + ",\"sinceSuccess\":" +
            (each.since_success ? json_string(config::to_text(*each.since_success)) : "null") +
            ",\"lastAnswer\":" + json_string(each.last_answer) + "}";
  }
  return text + "]";
}

std::string receivers_json(const Health& health) {
  std::string text = "[";
  for (const ReceiverHealth& each : health.receivers) {
    if (text.size() > 1) text += ",";
    text += "{\"name\":" + json_string(each.name) + ",\"signal\":" + json_string(each.signal) +
            ",\"refusals\":[";
    for (size_t i = 0; i < each.refusals.size(); ++i) {
      text += (i > 0 ? "," : "") + json_string(each.refusals[i]);
    }
    text += "]}";
  }
  return text + "]";
}

std::string components_json(const Health& health) {
  std::string text = "[";
  for (const ComponentState& each : health.components) {
    if (text.size() > 1) text += ",";
    std::string fields;
    for (const auto& [name, value] : each.labels) {
      fields += (fields.empty() ? "" : ",") + json_string(name) + ":" + json_string(value);
    }
    for (const auto& [name, value] : each.values) {
      fields += (fields.empty() ? "" : ",") + json_string(name) + ":" +
                std::to_string(static_cast<int64_t>(value));
    }
    text += "{" + fields + "}";
  }
  return text + "]";
}

std::string verbose_json(const Health& health) {
  std::string text = ",\"receivers\":" + receivers_json(health) +
                     ",\"destinations\":" + destinations_json(health) +
                     ",\"components\":" + components_json(health) + ",\"ledger\":[";
  for (size_t i = 0; i < health.ledger_findings.size(); ++i) {
    text += (i > 0 ? "," : "") + json_string(health.ledger_findings[i]);
  }
  return text + "]";
}

PageReply json_reply(bool is_good, std::string body) {
  return {is_good ? kOk : kUnavailable, "application/json", std::move(body)};
}

PageReply main_page(const HealthCheckOptions& options, const Health& health, bool verbose) {
  const bool available = takes_data(health);
  const auto& own_body = available ? options.healthy_body : options.unhealthy_body;
  if (own_body) {
    return {available ? kOk : kUnavailable, "text/plain; charset=utf-8", *own_body};
  }
  std::string body = std::string("{\"status\":\"Server ") + (available ? "" : "not ") +
                     "available\",\"upSince\":\"" + rfc3339(health.started_at) +
                     "\",\"uptime\":\"" + config::to_text(health.now - health.started_at) + "\"";
  if (verbose) body += verbose_json(health);
  return json_reply(available, body + "}");
}

PageReply liveness_page(const Health& health) {
  const bool alive = is_alive(health);
  return json_reply(
      alive, std::string("{\"alive\":") + (alive ? "true" : "false") +
                 ",\"sinceTurn\":" + json_string(config::to_text(health.longest_since_turn)) + "}");
}

PageReply readiness_page(const ReadinessRequirements& requirements, const Health& health,
                         bool verbose) {
  const std::vector<std::string> reasons = why_not_ready(health, requirements);
  std::string body =
      std::string("{\"ready\":") + (reasons.empty() ? "true" : "false") + ",\"reasons\":[";
  for (size_t i = 0; i < reasons.size(); ++i) body += (i > 0 ? "," : "") + json_string(reasons[i]);
  body += "]";
  if (verbose) body += verbose_json(health);
  return json_reply(reasons.empty(), body + "}");
}

// Version 2 reports a failing destination as a recoverable error, with status 200.
PageReply status_page(const Health& health, bool verbose) {
  const bool available = takes_data(health);
  bool in_trouble = false;
  for (const DestinationHealth& each : health.destinations) {
    in_trouble = in_trouble || each.consecutive_failures > 0;
  }
  const char* status = health.is_draining     ? "StatusStopping"
                       : !is_alive(health)    ? "StatusFatalError"
                       : !health.is_accepting ? "StatusStarting"
                       : in_trouble           ? "StatusRecoverableError"
                                              : "StatusOK";
  std::string body = "{\"start_time\":\"" + rfc3339(health.started_at) +
                     "\",\"healthy\":" + (available ? "true" : "false") + ",\"status\":\"" +
                     status + "\",\"status_time\":\"" + rfc3339(health.now) + "\"";
  if (verbose) body += verbose_json(health);
  return json_reply(available, body + "}");
}

std::string link(std::string_view url, std::string_view text) {
  return "<li><a href=\"" + std::string(url) + "\">" + std::string(url) +
         "</a>: " + std::string(text) + "</li>\n";
}

// Pages of otelcol's zpages have bookmarks; each of them leads here.
PageReply debug_page(const std::string& metrics_url) {
  std::string body =
      "<!DOCTYPE html>\n<title>Millrace</title>\n<h1>Millrace</h1>\n"
      "<p>otelcol's zpages do not exist here. These pages show the state:</p>\n<ul>\n" +
      link("/?verbose", "receivers, destinations with queue and last answer, brokers, the ledger") +
      link("/readyz?verbose", "whether data is admitted, and why not") +
      link("/livez", "whether all loops turn");
  if (!metrics_url.empty()) body += link(metrics_url, "the collector's own metrics");
  return {kOk, "text/html; charset=utf-8", body + "</ul>\n"};
}

}  // namespace

bool is_alive(const Health& health) { return health.longest_since_turn < kLoopHangs; }

bool is_queue_full(const DestinationHealth& destination) {
  return destination.queue_size >= destination.queue_capacity;
}

std::string full_queue_text(const DestinationHealth& destination) {
  return "the queue of " + destination.name + " for " + destination.signal + " is full (" +
         std::to_string(destination.queue_size) + " of " +
         std::to_string(destination.queue_capacity) + ")";
}

std::vector<std::string> why_not_ready(const Health& health,
                                       const ReadinessRequirements& requirements) {
  std::vector<std::string> reasons;
  const auto add = [&reasons](std::string reason) {
    if (std::ranges::find(reasons, reason) == reasons.end()) reasons.push_back(std::move(reason));
  };
  if (!is_alive(health)) {
    add("a loop has not turned for " + config::to_text(health.longest_since_turn));
  }
  if (!health.is_accepting) add("not every receiver listens yet");
  if (health.is_draining) add("draining before shutdown");
  const bool takes_some = health.receivers.empty() ||
                          std::ranges::any_of(health.receivers, [](const ReceiverHealth& each) {
                            return each.refusals.empty();
                          });
  if (!takes_some) {
    add("no receiver accepts data");
    for (const ReceiverHealth& each : health.receivers) {
      for (const std::string& refusal : each.refusals) add(refusal);
    }
  }
  for (const DestinationHealth& each : health.destinations) {
    if (requirements.queues && each.is_required && is_queue_full(each)) add(full_queue_text(each));
    const bool counts =
        (requirements.all_destinations && each.is_required) ||
        std::ranges::find(requirements.destinations, each.name) != requirements.destinations.end();
    if (counts && is_silent(each)) {
      add(each.name + " does not answer for " + each.signal + ": " + each.last_answer);
    }
  }
  for (const StorageHealth& each : health.storages) {
    if (requirements.storages && !each.trouble.empty()) add(each.name + ": " + each.trouble);
  }
  return reasons;
}

std::vector<transport::PageRoute> make_health_pages(const HealthCheckOptions& options,
                                                    const HealthSource& source) {
  std::vector<transport::PageRoute> pages;
  const auto add = [&](const std::string& path, auto page) {
    for (const auto& existing : pages) {
      if (existing.path == path) return;  // the configured path takes precedence
    }
    pages.push_back({path, [&source, page](const PageRequest& request) -> PageReply {
                       if (request.method != "GET" && request.method != "HEAD") {
                         return {kNotAllowed, "text/plain; charset=utf-8", "GET or HEAD\n"};
                       }
                       Health health = source.health();
                       const bool verbose = is_verbose(request);
                       if (verbose) health.components = source.components();
                       return page(health, verbose);
                     }});
  };
  if (options.has_debug_pages) {
    add("/debug/*", [url = options.metrics_url](const Health&, bool) { return debug_page(url); });
  }
  if (!options.status_path.empty()) add(options.status_path, status_page);
  add(options.path, [options](const Health& health, bool verbose) {
    return main_page(options, health, verbose);
  });
  add("/livez", [](const Health& health, bool) { return liveness_page(health); });
  add("/readyz", [require = options.require](const Health& health, bool verbose) {
    return readiness_page(require, health, verbose);
  });
  return pages;
}

}  // namespace millrace::extensions
