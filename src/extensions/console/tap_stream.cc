#include "extensions/console/tap_stream.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "extensions/console/guard.h"
#include "extensions/console/tap_sample.h"
#include "extensions/console/telemetry_pages.h"

namespace millrace::extensions::console {
namespace {

constexpr Duration kTick = 250ms;
constexpr uint64_t kTicksASecond = 4;
constexpr size_t kWaitingBytesMax = 2 * kSampleTextBytesMax;

}  // namespace

class TapStreams::Stream {
 public:
  struct Choice {
    EdgePoint edge;
    size_t items_max = 5;
    uint64_t samples_a_second = 2;
    bool is_only_changed = false;
  };
  Stream(const Parts& parts, EventClient& client, const Choice& choice)
      : parts_(parts),
        client_(&client),
        choice_(choice),
        steps_(pipeline_of().steps),
        watch_(*parts.taps, choice.edge.pipeline, steps_[choice.edge.point]),
        begin_(parts.taps->numbers(choice.edge.pipeline)),
        last_(begin_.newest) {
    if (const pipeline::RuleSteps* rules = rules_of_edge()) rules_.emplace(*rules, *parts.pool);
  }

  EventClient* client() const { return client_; }

  std::string first_event() const {
    JsonWriter json;
    json.open_object().member("edge", name());
    json.member("signal", signal_name(pipeline_of().signal));
    json.member("processor", processor_at(facts(), choice_.edge)).key("rules").open_list();
    if (const pipeline::RuleSteps* rules = rules_of_edge()) {
      for (const std::string& text : rules->texts) json.text(shown(text));
    }
    json.close_list().close_object();
    return event_of("edge", json);
  }

  void tick() {
    if (ticks_++ % kTicksASecond == 0) {
      samples_left_ = choice_.samples_a_second;
      add_passed();
    }
    for (const auto& sample : parts_.taps->newer_than(choice_.edge.pipeline, last_)) {
      if (samples_left_ == 0 || !client_->has_room(kSampleTextBytesMax)) break;
      last_ = sample->number;
      add_sample(*sample);
    }
  }

 private:
  const Facts& facts() const { return parts_.source->facts(); }
  const Facts::Pipeline& pipeline_of() const { return facts().pipelines[choice_.edge.pipeline]; }
  std::string name() const { return edge_name(facts(), choice_.edge); }

  const pipeline::RuleSteps* rules_of_edge() const {
    if (choice_.edge.point == 0) return nullptr;
    const auto& rules = (*parts_.rules)[choice_.edge.pipeline][choice_.edge.point - 1];
    return rules.texts.empty() ? nullptr : &rules;
  }

  void add_passed() {
    const auto now = parts_.taps->numbers(choice_.edge.pipeline);
    JsonWriter json;
    json.open_object().count("requests", now.passed_requests - begin_.passed_requests);
    json.count("items", now.passed_items - begin_.passed_items);
    json.count("sampled", now.sampled_requests - begin_.sampled_requests);
    json.count("too_large", now.too_large_requests - begin_.too_large_requests).close_object();
    client_->add(event_of("passed", json));
  }

  void add_sample(const recent::EdgeSample& sample) {
    const size_t point = choice_.edge.point;
    // The processor in front may be the redaction that closes the point before it.
    const bool has_before =
        point > 0 && steps_[point] != steps_[point - 1] && point - 1 >= pipeline_of().open_from;
    JsonWriter json;
    const bool is_there = write_sample(json, name(), sample,
                                       {.signal = pipeline_of().signal,
                                        .position = steps_[point],
                                        .has_before = has_before,
                                        .items_max = choice_.items_max,
                                        .is_only_changed = choice_.is_only_changed,
                                        .rules = rules_ ? &*rules_ : nullptr});
    if (!is_there) return;
    --samples_left_;
    client_->add(event_of("sample", json));
  }

  const Parts& parts_;
  EventClient* const client_;
  const Choice choice_;
  const std::vector<size_t>& steps_;
  const recent::EdgeTaps::Watch watch_;
  const recent::EdgeTaps::Numbers begin_;
  uint64_t last_;  // the number of the last sample that was looked at
  std::optional<RuleRun> rules_;
  uint64_t ticks_ = 0;
  uint64_t samples_left_ = 0;  // in this second
};

TapStreams::TapStreams(Parts parts)
    : parts_(parts),
      timer_(parts.loop->make_timer([this] { tick(); })),
      self_(std::make_shared<TapStreams*>(this)) {}
TapStreams::~TapStreams() { *self_ = nullptr; }

transport::PageReply TapStreams::connect(const Query& query) {
  if (!query.has("edge")) {
    return bad_request({Code::kInvalidArgument, "say which edge; /api/v1/edges lists them"});
  }
  const Facts& facts = parts_.source->facts();
  const auto edge = find_edge(facts, query.text("edge"));
  const auto items = query.number("items", 5, 1, 50);
  const auto samples = query.number("per_second", 2, 1, 8);
  const std::string only = query.text("only");
  if (!items) return bad_request(items.error());
  if (!samples) return bad_request(samples.error());
  if (!only.empty() && only != "all" && only != "changed") {
    return bad_request({Code::kInvalidArgument, "only: all or changed"});
  }
  if (!edge) return error_reply(404, "not_found", edge.error().message);
  if (const auto closed = why_closed(facts, *edge)) return error_reply(403, "closed", *closed);
  if (streams_.size() >= kClientsMax) {
    transport::PageReply reply =
        error_reply(503, "too_many_clients", "too many edges are being looked at");
    reply.fields.push_back({"retry-after", "10"});
    return reply;
  }
  if (streams_.empty()) timer_->arm_at(parts_.loop->now() + kTick);
  auto client = std::make_unique<EventClient>(kWaitingBytesMax, [self = self_](EventClient* gone) {
    if (*self == nullptr) return;
    std::erase_if((*self)->streams_, [&](const auto& each) { return each->client() == gone; });
  });
  streams_.push_back(
      std::make_unique<Stream>(parts_, *client,
                               Stream::Choice{.edge = *edge,
                                              .items_max = *items,
                                              .samples_a_second = *samples,
                                              .is_only_changed = only == "changed"}));
  return {.status = 200,
          .content_type = "text/event-stream",
          .body = "retry: 1000\n\n" + streams_.back()->first_event(),
          .stream = std::move(client),
          .fields = {{"x-accel-buffering", "no"}}};
}

void TapStreams::tick() {
  std::vector<EventClient*> clients;
  for (const auto& stream : streams_) {
    stream->tick();
    clients.push_back(stream->client());
  }
  for (EventClient* client : clients) {
    // Passing a piece on may end its client, and so its stream.
    const bool is_there = std::ranges::any_of(
        streams_, [&](const auto& stream) { return stream->client() == client; });
    if (is_there) client->pass_on();
  }
  if (!streams_.empty()) timer_->arm_at(parts_.loop->now() + kTick);
}

}  // namespace millrace::extensions::console
