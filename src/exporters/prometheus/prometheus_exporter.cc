#include "exporters/prometheus/prometheus_exporter.h"

#include <algorithm>
#include <cctype>
#include <functional>
#include <map>
#include <utility>

#include "exporters/prometheus/prometheus_hub.h"
#include "exporters/prometheus/scrape_stream.h"
#include "exporters/prometheus/state_owner.h"

namespace millrace::exporters {
namespace {

using pipeline::Outcome;

// Scrapers are few; each holds less than a megabyte.
constexpr int kPagesMax = 64;
// Beside its context: what is compressed and waits.
constexpr size_t kGzipBytes = compress::GzipPieces::kContextBytes + (size_t{256} << 10);

class PrometheusExporter final : public pipeline::Exporter {
 public:
  PrometheusExporter(std::shared_ptr<PrometheusHub> hub, io::Loop& loop,
                     std::unique_ptr<StateOwner> owner)
      : hub_(std::move(hub)),
        loop_(loop),
        owner_(std::move(owner)),
        self_(std::make_shared<PrometheusExporter*>(this)) {}
  ~PrometheusExporter() override {
    *self_ = nullptr;
    if (owner_ != nullptr) hub_->owner = nullptr;
  }

  void send_batch(pipeline::Batch batch, MonotonicTime, Done done) override {
    const uint64_t id = next_id_++;
    waiting_.emplace(id, std::move(done));
    if (closed_) {
      return loop_.post([self = self_, id] {
        if (*self != nullptr) (*self)->answer(id, {.kind = Outcome::Kind::kCancelled});
      });
    }
    hub_->loop->post(
        [hub = hub_, batch = std::move(batch), &loop = loop_, self = self_, id]() mutable {
          const auto answer = [&loop, self, id](Outcome outcome) {
            loop.post([self, id, outcome = std::move(outcome)]() mutable {
              if (*self != nullptr) (*self)->answer(id, std::move(outcome));
            });
          };
          if (hub->owner == nullptr) return answer({.kind = Outcome::Kind::kCancelled});
          hub->owner->take(std::move(batch), answer);
        });
  }
  void close() override {
    closed_ = true;
    for (auto& [id, done] : std::exchange(waiting_, {})) done({.kind = Outcome::Kind::kCancelled});
  }
  std::string describe() const override {
    return "shows series at " + hub_->options->http.endpoint + std::string(kPrometheusPath);
  }

 private:
  void answer(uint64_t id, Outcome outcome) {
    const auto found = waiting_.find(id);
    if (found == waiting_.end()) return;
    Done done = std::move(found->second);
    waiting_.erase(found);
    done(std::move(outcome));
  }

  const std::shared_ptr<PrometheusHub> hub_;
  io::Loop& loop_;
  const std::unique_ptr<StateOwner> owner_;  // null: on another worker
  std::map<uint64_t, Done> waiting_;
  uint64_t next_id_ = 0;
  bool closed_ = false;
  // Answers may come after this is gone: they look here first, on this loop.
  std::shared_ptr<PrometheusExporter*> self_;
};

// Whether the field Accept-Encoding offers gzip (RFC 9110, section 12.5.3), with any weight but 0.
bool accepts_gzip(std::string_view field) {
  while (!field.empty()) {
    const size_t comma = std::min(field.find(','), field.size());
    std::string item;
    for (const char c : field.substr(0, comma)) {
      if (c != ' ' && c != '\t')
        item += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    field.remove_prefix(std::min(comma + 1, field.size()));
    if (!item.starts_with("gzip")) continue;
    const std::string_view weight = std::string_view(item).substr(4);
    if (weight.empty()) return true;
    if (!weight.starts_with(";q=")) continue;
    return weight.find_first_of("123456789") != std::string_view::npos;
  }
  return false;
}

class Pages {
 public:
  Pages(std::shared_ptr<PrometheusHub> hub, const PrometheusParts& parts)
      : hub_(std::move(hub)), loop_(parts.loop), budget_(parts.pool.budget()) {
    const auto counter = [&](std::string_view outcome) {
      return &parts.metrics.counter("millrace_prometheus_scrapes",
                                    "Pages that were asked for, by how they ended.",
                                    {{"exporter", parts.name}, {"outcome", std::string(outcome)}});
    };
    counters_ = {.complete = counter("complete"),
                 .broken = counter("broken_off"),
                 .abandoned = counter("abandoned"),
                 .refused = counter("refused")};
  }

  transport::PageReply answer(const transport::PageRequest& request) const {
    if (request.method != "GET" && request.method != "HEAD") {
      return {.status = 405, .body = "405 method not allowed, supported: [GET, HEAD]\n"};
    }
    if (hub_->page_count.load(std::memory_order_relaxed) >= kPagesMax) {
      counters_.refused->add(1);
      return {.status = 503, .body = "too many scrapes at once\n"};
    }
    const prometheus::Exposition exposition =
        prometheus::negotiate(request.accept, hub_->options->open_metrics);
    transport::PageReply reply;
    reply.content_type = prometheus::content_type(exposition);
    std::unique_ptr<compress::GzipPieces> gzip;
    Reservation memory;
    if (accepts_gzip(request.accept_encoding)) {
      memory = Reservation::try_make(budget_, MemoryTerm::kAnswers, kGzipBytes);
      if (memory) {
        gzip = std::make_unique<compress::GzipPieces>();
        reply.content_encoding = "gzip";
      }
    }
    reply.stream = std::make_unique<ScrapeStream>(hub_, loop_, exposition, std::move(gzip),
                                                  std::move(memory), counters_);
    return reply;
  }

 private:
  std::shared_ptr<PrometheusHub> hub_;
  io::Loop& loop_;
  Budget& budget_;
  ScrapeCounters counters_;
};

}  // namespace

std::shared_ptr<PrometheusHub> make_prometheus_hub(PrometheusOptions options) {
  return std::make_shared<PrometheusHub>(std::move(options));
}

std::unique_ptr<pipeline::Exporter> make_prometheus_exporter(
    const std::shared_ptr<PrometheusHub>& hub, const PrometheusParts& parts) {
  std::unique_ptr<StateOwner> owner;
  if (std::hash<std::string>()(parts.name) % parts.worker_count == parts.worker) {
    owner =
        std::make_unique<StateOwner>(hub->options, StateOwner::Parts{.name = parts.name,
                                                                     .loop = parts.loop,
                                                                     .pool = parts.pool,
                                                                     .long_work = parts.long_work,
                                                                     .log = parts.log,
                                                                     .metrics = parts.metrics});
    hub->loop = &parts.loop;
    hub->owner = owner.get();
  }
  return std::make_unique<PrometheusExporter>(hub, parts.loop, std::move(owner));
}

transport::PageHandler make_prometheus_page(const std::shared_ptr<PrometheusHub>& hub,
                                            const PrometheusParts& parts) {
  return [pages = std::make_shared<Pages>(hub, parts)](const transport::PageRequest& request) {
    return pages->answer(request);
  };
}

}  // namespace millrace::exporters
