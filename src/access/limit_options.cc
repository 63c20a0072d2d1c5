#include "access/limit_options.h"

#include "access/field_text.h"

namespace millrace::access {
namespace {

constexpr double kRateMax = 1e15;
constexpr int64_t kClientsMax = 10'000'000;

void read_key(config::Section& limits, LimitOptions& into) {
  std::string key;
  if (!limits.text("key", &key)) return;
  constexpr std::string_view kHeader = "header:";
  if (key == "client_address") {
    into.key = LimitOptions::Key::kClientAddress;
  } else if (key == "identity") {
    into.key = LimitOptions::Key::kIdentity;
  } else if (key.starts_with(kHeader) && is_token(std::string_view(key).substr(kHeader.size()))) {
    into.key = LimitOptions::Key::kHeader;
    into.header = lowered(std::string_view(key).substr(kHeader.size()));
  } else {
    limits.error_at("key",
                    "expected client_address, identity or header:<name>, found \"" + key + "\"");
  }
}

void read_rate(config::Section& limits, std::string_view name, Rate& into) {
  const std::string per_second = std::string(name) + "_per_second";
  const std::string burst = std::string(name) + "_burst";
  limits.number(per_second, &into.per_second, 0, kRateMax);
  limits.number(burst, &into.burst, 1, kRateMax);
  if (into.per_second == 0 && limits.has(burst)) {
    limits.error_at(burst, "has no effect without " + per_second);
  }
}

}  // namespace

void read_limits(config::Section& limits, LimitOptions& into) {
  read_key(limits, into);
  read_rate(limits, "requests", into.requests);
  read_rate(limits, "items", into.items);
  read_rate(limits, "bytes", into.bytes);
  int64_t clients_max = static_cast<int64_t>(into.clients_max);
  limits.integer("clients_max", &clients_max, {1, kClientsMax});
  into.clients_max = static_cast<size_t>(clients_max);
  if (into.requests.per_second == 0 && into.items.per_second == 0 && into.bytes.per_second == 0) {
    limits.error("no limit is set; give requests_per_second, items_per_second or bytes_per_second");
  }
}

}  // namespace millrace::access
