#include "connectors/servicegraph/service_graph.h"

#include <atomic>
#include <utility>

#include "connectors/servicegraph/edge_reader.h"
#include "connectors/servicegraph/edge_store.h"
#include "connectors/servicegraph/graph_series.h"
#include "metric_emission/metric_emission.h"
#include "pipeline/taken_batches.h"

namespace millrace::connectors::servicegraph {
namespace {

using item_identity::Identity;
using item_identity::IdentityMaker;
using metric_emission::Occasion;

// Series take at most this part of the budget.
constexpr size_t kShareOfBudget = 4;
constexpr uint64_t kEdge = IdentityMaker::kFirstOwnKind;
constexpr Duration kSweepInterval = 1s;
constexpr std::string_view kUser = "user";
constexpr std::string_view kUnknownPeer = "unknown";

}  // namespace

class Shared {
 public:
  Shared(std::shared_ptr<const Options> given, const Parts& parts)
      : options(std::move(given)),
        seed{parts.loop.random().next(), parts.loop.random().next()},
        edges(parts.budget, options->edges_max, options->edge_ttl),
        series(*options, parts.budget, parts.budget.limit() / kShareOfBudget),
        dropped_spans(counter(parts, "otelcol_connector_servicegraph_dropped_spans",
                              "Number of spans dropped when trying to add edges [Development]")),
        total_edges(counter(parts, "otelcol_connector_servicegraph_total_edges",
                            "Total number of unique edges [Development]")),
        expired_edges(counter(parts, "otelcol_connector_servicegraph_expired_edges",
                              "Number of edges that expired before finding its matching span "
                              "[Development]")),
        unpaired_spans(counter(parts, "millrace_service_graph_unpaired_spans",
                               "Spans whose other half did not come and is not known.")),
        refused_requests(counter(parts, "millrace_service_graph_refused_requests",
                                 "Requests that were not counted, because there was no room for a "
                                 "new series.")) {}

  const std::shared_ptr<const Options> options;
  const Identity seed;
  EdgeStore edges;
  GraphSeries series;
  metrics::Counter& dropped_spans;
  metrics::Counter& total_edges;
  metrics::Counter& expired_edges;
  metrics::Counter& unpaired_spans;
  metrics::Counter& refused_requests;
  io::Loop* emitting_loop = nullptr;  // the same
  std::function<void()> emit_now;     // on that loop

 private:
  static metrics::Counter& counter(const Parts& parts, std::string_view name,
                                   std::string_view help) {
    return parts.metrics.counter(name, help, {{"connector", parts.name}});
  }
};

namespace {

// Counts whole edges. One worker.
class Counting {
 public:
  Counting(Shared& shared, io::Loop& loop, const std::function<WallTime()>& wall_clock)
      : shared_(shared), loop_(loop), wall_clock_(wall_clock) {}

  void count(const Edge& edge, const IdentityMaker& maker) {
    const auto now = static_cast<uint64_t>(wall_clock_().time_since_epoch().count());
    if (!shared_.series.count(edge, maker, loop_.now(), now)) shared_.refused_requests.add(1);
  }

 private:
  Shared& shared_;
  io::Loop& loop_;
  const std::function<WallTime()>& wall_clock_;
};

// The first worker's side: expires edges and emits the series.
class Emitter final : public metric_emission::MetricSource {
 public:
  Emitter(Shared& shared, const Parts& parts)
      : shared_(shared),
        loop_(parts.loop),
        long_work_(parts.long_work),
        counting_(shared, parts.loop, parts.wall_clock),
        expiration_timer_(loop_.make_timer([this] { expire(); })),
        sweep_timer_(loop_.make_timer([this] { sweep(); })),
        emission_({.name = parts.name, .interval = shared.options->flush_interval}, *this,
                  {.loop = parts.loop,
                   .long_work = parts.long_work,
                   .log = parts.log,
                   .wall_clock = parts.wall_clock,
                   .outputs = parts.outputs}) {
    expiration_timer_->arm_at(loop_.now() + shared.options->expiration_interval);
    sweep_timer_->arm_at(loop_.now() + kSweepInterval);
  }

  metric_emission::MetricEmission& emission() { return emission_; }

  void collect(std::function<void(bool)> ready) override {
    cursor_ = shared_.series.begin();
    ready(shared_.series.take_news());
  }
  Written write_some(Occasion, uint64_t now_unix_nano, otlp::RopeWriter& out) override {
    const uint32_t count = shared_.series.write_some(now_unix_nano, cursor_, out);
    return {.point_count = count, .is_last = cursor_.is_end()};
  }

 private:
  void expire() {
    Work work = long_work_.work();
    const IdentityMaker maker(shared_.seed, work.pace);
    for (size_t shard = 0; shard < EdgeStore::kShards; ++shard) {
      while (auto edge = shared_.edges.take_expired(shard, loop_.now())) {
        on_expired(*std::move(edge), maker);
      }
    }
    expiration_timer_->arm_at(loop_.now() + shared_.options->expiration_interval);
  }

  void on_expired(Edge edge, const IdentityMaker& maker) {
    shared_.expired_edges.add(1);
    const bool is_known = !shared_.options->peer_attributes.empty() &&
                          (edge.server.empty() || (edge.client.empty() && edge.is_root));
    if (!is_known) return shared_.unpaired_spans.add(1);
    edge.type = ConnectionType::kVirtualNode;
    if (edge.server.empty()) {
      edge.server = edge.peer.value_or(std::string(kUnknownPeer));
      edge.virtual_node = VirtualNode::kServer;
    } else {
      edge.client = kUser;
      edge.virtual_node = VirtualNode::kClient;
    }
    counting_.count(edge, maker);
  }

  void sweep() {
    shared_.series.forget_silent(loop_.now());
    sweep_timer_->arm_at(loop_.now() + kSweepInterval);
  }

  Shared& shared_;
  io::Loop& loop_;
  io::LongWork& long_work_;
  Counting counting_;
  GraphSeries::Cursor cursor_;
  const std::unique_ptr<io::Timer> expiration_timer_;
  const std::unique_ptr<io::Timer> sweep_timer_;
  metric_emission::MetricEmission emission_;
};

class ServiceGraph final : public pipeline::Exporter {
 public:
  ServiceGraph(std::shared_ptr<Shared> shared, const Parts& parts)
      : shared_(std::move(shared)),
        loop_(parts.loop),
        counting_(*shared_, parts.loop, parts.wall_clock),
        batches_(parts.loop, parts.long_work,
                 [this](const pipeline::Batch& batch, Work& work) { read(batch, work); }) {
    if (shared_->emitting_loop != nullptr) return;
    emitter_ =
        std::make_shared<std::unique_ptr<Emitter>>(std::make_unique<Emitter>(*shared_, parts));
    shared_->emitting_loop = &parts.loop;
    shared_->emit_now = [emitter = emitter_] {
      if (*emitter != nullptr) (*emitter)->emission().emit_now();
    };
  }
  ~ServiceGraph() override { close(); }

  void send_batch(pipeline::Batch batch, MonotonicTime, Done done) override {
    batches_.take(std::move(batch), std::move(done));
  }
  bool flush(Flushed done) override {
    return emitter_ != nullptr && *emitter_ != nullptr &&
           (*emitter_)->emission().flush(std::move(done));
  }
  void close() override {
    batches_.close();
    if (emitter_ != nullptr) *emitter_ = nullptr;
  }
  std::string describe() const override {
    return batches_.is_closed() ? "closed" : "counts requests between services";
  }

 private:
  void read(const pipeline::Batch& batch, Work& work) {
    const IdentityMaker maker(shared_->seed, work.pace);
    each_half(batch.bytes, work, [&](const HalfSpan& half) {
      Identity key = maker.of_text(as_text(half.span.trace_id), kEdge);
      key.append(maker.of_text(as_text(half.edge_span_id()), kEdge));
      const auto upserted = shared_->edges.upsert(
          key, loop_.now(), [&](Edge& edge) { half.update(*shared_->options, edge); });
      if (upserted.is_refused) shared_->dropped_spans.add(1);
      if (upserted.is_new) shared_->total_edges.add(1);
      if (upserted.complete) counting_.count(*upserted.complete, maker);
    });
    if (shared_->options->flush_interval > Duration{0}) return;
    shared_->emitting_loop->post([shared = shared_] { shared->emit_now(); });
  }

  const std::shared_ptr<Shared> shared_;
  io::Loop& loop_;
  Counting counting_;
  pipeline::TakenBatches batches_;
  // Null: another worker emits. Points to null once closed: batches of other workers look there.
  std::shared_ptr<std::unique_ptr<Emitter>> emitter_;
};

}  // namespace

std::shared_ptr<Shared> make_shared(std::shared_ptr<const Options> options, const Parts& parts) {
  return std::make_shared<Shared>(std::move(options), parts);
}

std::unique_ptr<pipeline::Exporter> make_service_graph(std::shared_ptr<Shared> shared,
                                                       const Parts& parts) {
  return std::make_unique<ServiceGraph>(std::move(shared), parts);
}

}  // namespace millrace::connectors::servicegraph
