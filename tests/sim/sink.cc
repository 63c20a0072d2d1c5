#include "tests/sim/sink.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace millrace::sim_test {
namespace {

constexpr size_t kProblemsMax = 5;
constexpr size_t kMessageBytesMax = 8 << 20;

bool is_every(uint64_t number, uint64_t every) { return every != 0 && number % every == 0; }

}  // namespace

Sink::Sink(io::sim::World& world, const DestinationScenario& scenario, Expected expected,
           uint64_t seed, const SentItems& sent, Coverage& coverage)
    : world_(world),
      scenario_(scenario),
      behaviour_(scenario.sink),
      expected_(std::move(expected)),
      random_(seed),
      sent_(sent),
      coverage_(coverage),
      loop_(world.make_loop(scenario.host)),
      restart_timer_(loop_->make_timer([this] { go_away(); })),
      vanish_timer_(loop_->make_timer([this] { vanish(); })),
      return_timer_(loop_->make_timer([this] { listen(); })) {
  listen();
  if (behaviour_.restart_every > 0s) {
    restart_timer_->arm_at(loop_->now() + soon(behaviour_.restart_every));
  }
  if (behaviour_.vanish_every > 0s) {
    vanish_timer_->arm_at(loop_->now() + soon(behaviour_.vanish_every));
  }
}

Sink::~Sink() {
  late_.clear();
  hung_.clear();
  leaving_.clear();
  server_.reset();
  impostor_.reset();
}

Duration Sink::soon(Duration about) {
  return about / 2 + Duration(random_.below(static_cast<uint64_t>(about.count())));
}

void Sink::listen() {
  impostor_.reset();
  transport::ServerOptions options;
  for (const Signal signal : {Signal::kTraces, Signal::kMetrics, Signal::kLogs}) {
    options.otlp_routes.push_back({signal, "/v1/" + std::string(signal_name(signal)), this});
  }
  server_ = transport::make_server(*loop_, pool_, std::move(options), *this);
  MILLRACE_CHECK(server_->listen({.port = scenario_.port}).has_value());
}

void Sink::heal() {
  const SinkBehaviour was = std::exchange(behaviour_, {});
  // Bad data stays bad.
  behaviour_.poison_every = was.poison_every;
  behaviour_.giant_every = was.giant_every;
  behaviour_.items_max = was.items_max;
  restart_timer_->disarm();
  vanish_timer_->disarm();
  if (server_ == nullptr) {
    return_timer_->disarm();
    listen();
  }
}

void Sink::go_away() {
  if (server_ != nullptr) {
    coverage_.count("sink.restarted_with_goaway");
    server_->drain([] {});
    leaving_.push_back(std::move(server_));
    listen();
  }
  restart_timer_->arm_at(loop_->now() + soon(behaviour_.restart_every));
}

void Sink::vanish() {
  if (server_ != nullptr) {
    coverage_.count("sink.vanished");
    server_.reset();
    if (behaviour_.impostor.speech != nullptr) {
      impostor_ =
          std::make_unique<Impostor>(*loop_, scenario_.port, behaviour_.impostor, coverage_);
    }
    return_timer_->arm_at(loop_->now() + soon(behaviour_.vanish_max));
  }
  vanish_timer_->arm_at(loop_->now() + soon(behaviour_.vanish_every) + behaviour_.vanish_max);
}

void Sink::on_request(transport::Request request, transport::Exchange exchange) {
  Bytes message = request.body;
  if (request.format == transport::BodyFormat::kJson) {
    auto decoded = json_.decode_request(request.signal, message, pool_, kMessageBytesMax);
    if (!decoded) {
      problems_.push_back(scenario_.host + " got bad JSON: " + decoded.error().message);
      return exchange.reply({.code = Code::kInvalidArgument, .message = "bad JSON"});
    }
    message = std::move(*decoded);
  }
  const std::vector<NumberedItem> items = read_items(request.signal, message);
  for (const NumberedItem& item : items) check_item(request.signal, item);
  if (scenario_.batch_items_max != 0 && items.size() > scenario_.batch_items_max) {
    problems_.push_back(fmt::format("{} got {} items at once, max_size is {}", scenario_.host,
                                    items.size(), scenario_.batch_items_max));
  }
  transport::Reply reply;
  const double mood = random_.unit();
  if (refuses_data(items, reply) || refuses_by_mood(mood, reply)) return exchange.reply(reply);

  double limit = behaviour_.refuse_with_wish + behaviour_.refuse + behaviour_.refuse_for_good +
                 behaviour_.lie_too_large;
  const auto falls_into = [&](double probability, const char* what) {
    const bool is_next = mood >= limit && mood < limit + probability;
    limit += probability;
    if (is_next) coverage_.count(what);
    return is_next;
  };
  if (falls_into(behaviour_.hang, "sink.hung")) {
    hung_.push_back(std::move(exchange));
    return;
  }
  const bool takes_and_hangs = falls_into(behaviour_.take_and_hang, "sink.took_and_hung");
  const bool denies = falls_into(behaviour_.lie_refused, "sink.lied_refused");
  const bool exaggerates = falls_into(behaviour_.lie_rejected, "sink.lied_rejected");
  const bool resets = falls_into(behaviour_.reset, "sink.reset");
  if (resets) world_.after(0s, [this] { world_.reset_connections(scenario_.host); });
  if (resets && random_.chance(0.5)) {
    hung_.push_back(std::move(exchange));
    return;
  }
  take(request.signal, items, reply);
  if (denies) reply = {.code = Code::kUnavailable, .message = "not taken, it says"};
  if (exaggerates) exaggerate_rejections(request.signal, items.size(), reply);
  if (takes_and_hangs) {
    hung_.push_back(std::move(exchange));
  } else if (falls_into(behaviour_.slow, "sink.slow")) {
    answer_late(std::move(exchange), std::move(reply));
  } else {
    exchange.reply(reply);
  }
}

void Sink::check_item(Signal signal, const NumberedItem& item) {
  if (problems_.size() >= kProblemsMax) return;
  const Bytes* sent = sent_.find(signal, item.number);
  if (expected_.filtered[index_of(signal)] && is_filtered(signal, item.number)) {
    problems_.push_back(fmt::format("{} got {} {:#x}, which is filtered", scenario_.host,
                                    item_name(signal), item.number));
  }
  const bool is_as_sent = sent != nullptr && item.bytes.text() == sent->text();
  if (is_as_sent && (signal != Signal::kTraces || expected_.untouched)) {
    return;
  }
  const std::string name = fmt::format("{} {:#x}", item_name(signal), item.number);
  if (sent == nullptr) {
    problems_.push_back(fmt::format("{} got {}, which nobody sent", scenario_.host, name));
    return;
  }
  if (is_as_sent) {
    problems_.push_back(
        fmt::format("{} got {} without the processor's edit", scenario_.host, name));
  } else if (signal != Signal::kTraces || !expected_.edited) {
    problems_.push_back(fmt::format("{} got {} with other bytes", scenario_.host, name));
  } else if (fields_without_edit(item.bytes) != fields_without_edit(*sent)) {
    problems_.push_back(fmt::format("{} got {} changed beyond its edit", scenario_.host, name));
  } else if (!expected_.edit_text.empty() && edit_of(item.bytes) != expected_.edit_text) {
    problems_.push_back(
        fmt::format("{} got {} edited as \"{}\"", scenario_.host, name, edit_of(item.bytes)));
  }
}

bool Sink::refuses_data(const std::vector<NumberedItem>& items, transport::Reply& reply) {
  for (const NumberedItem& item : items) {
    if (is_every(item.number, behaviour_.poison_every)) {
      coverage_.count("sink.bad_data");
      reply.code = Code::kInvalidArgument;
      reply.message = "bad data on purpose";
      return true;
    }
  }
  bool too_large = behaviour_.items_max != 0 && items.size() > behaviour_.items_max;
  for (const NumberedItem& item : items) {
    too_large |= is_every(item.number + 7, behaviour_.giant_every);
  }
  if (!too_large) return false;
  coverage_.count("sink.too_large");
  reply.code = Code::kResourceExhausted;
  reply.message = "message larger than max on purpose";
  reply.too_large = true;
  return true;
}

bool Sink::refuses_by_mood(double mood, transport::Reply& reply) {
  reply.message = "refused on purpose";
  double limit = behaviour_.refuse_with_wish;
  if (mood < limit) {
    coverage_.count("sink.refused_with_wish");
    reply.code = Code::kUnavailable;
    reply.retry_after = Duration(1 + random_.below(3)) * 1'000'000'000;
    return true;
  }
  limit += behaviour_.refuse;
  if (mood < limit) {
    coverage_.count("sink.refused");
    reply.code = Code::kUnavailable;
    return true;
  }
  limit += behaviour_.refuse_for_good;
  if (mood < limit) {
    coverage_.count("sink.refused_for_good");
    reply.code = Code::kPermissionDenied;
    return true;
  }
  limit += behaviour_.lie_too_large;
  if (mood < limit) {
    coverage_.count("sink.lied_too_large");
    reply.code = Code::kResourceExhausted;
    reply.message = "message larger than max, it says";
    reply.too_large = true;
    return true;
  }
  reply.message.clear();
  return false;
}

void Sink::take(Signal signal, const std::vector<NumberedItem>& items, transport::Reply& reply) {
  Counts& counts = counts_[index_of(signal)];
  counts.ok_items += items.size();
  for (const NumberedItem& item : items) {
    // An item that no client sent is reported already.
    if (sent_.find(signal, item.number) != nullptr) ++taken_.at(signal, item.number);
  }
  if (items.empty() || !random_.chance(behaviour_.partial)) return;
  coverage_.count("sink.partial_success");
  reply.rejected_count = random_.below(items.size() + 1);
  reply.partial_message = "rejected on purpose";
  counts.rejected_items += reply.rejected_count;
}

// Rejects more items than there are, of a request that was taken: the worst claim of a peer.
void Sink::exaggerate_rejections(Signal signal, size_t item_count, transport::Reply& reply) {
  Counts& counts = counts_[index_of(signal)];
  counts.rejected_items += item_count - reply.rejected_count;
  reply.rejected_count = item_count + 1 + random_.below(1'000'000);
  reply.partial_message = "rejected, it says";
}

void Sink::answer_late(transport::Exchange exchange, transport::Reply reply) {
  late_.push_back({std::move(exchange), std::move(reply), nullptr});
  const auto place = std::prev(late_.end());
  place->timer = loop_->make_timer([this, place] {
    place->exchange.reply(place->reply);
    // Deferred, because a timer's task must not destroy its timer.
    loop_->defer([this, place] { late_.erase(place); });
  });
  place->timer->arm_at(loop_->now() + soon(behaviour_.slow_max));
}

void Sink::on_rejected(transport::Protocol, std::optional<Signal>, std::string_view reason,
                       std::string_view, std::string_view) {
  coverage_.count("sink.transport_rejected." + std::string(reason));
}

}  // namespace millrace::sim_test
