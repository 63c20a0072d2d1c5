#include "extensions/console/event_stream.h"

#include <algorithm>
#include <string>
#include <utility>

#include "extensions/console/collector_pages.h"
#include "extensions/console/guard.h"

namespace millrace::extensions::console {
namespace {

constexpr Duration kTick = 250ms;
constexpr uint64_t kTicksBetweenCounters = 4;

}  // namespace

EventStream::EventStream(Parts parts)
    : parts_(parts),
      timer_(parts.loop->make_timer([this] { tick(); })),
      self_(std::make_shared<EventStream*>(this)) {}
EventStream::~EventStream() { *self_ = nullptr; }

std::string EventStream::counters() const {
  JsonWriter json;
  write_counters(json, parts_.source->state(), parts_.store->numbers());
  return event_of("counters", json);
}

transport::PageReply EventStream::connect() {
  if (clients_.size() >= kClientsMax) {
    transport::PageReply reply =
        error_reply(503, "too_many_clients", "too many clients read the events");
    reply.fields.push_back({"retry-after", "10"});
    return reply;
  }
  if (clients_.empty()) {
    // Earlier requests and refusals are in the lists.
    parts_.senders->take_fresh();
    const auto newest = parts_.refusals->newest(1);
    if (!newest.empty()) last_refusal_ = newest.front().id;
    timer_->arm_at(parts_.loop->now() + kTick);
  }
  auto client = std::make_unique<EventClient>(transport::PageStream::kPieceBytesMax,
                                              [self = self_](EventClient* gone) {
                                                if (*self != nullptr)
                                                  std::erase((*self)->clients_, gone);
                                              });
  clients_.push_back(client.get());
  return {.status = 200,
          .content_type = "text/event-stream",
          .body = "retry: 1000\n\n" + counters(),
          .stream = std::move(client),
          .fields = {{"x-accel-buffering", "no"}}};
}

void EventStream::tick() {
  ++ticks_;
  std::string text;
  for (const recent::Sender& sender : parts_.senders->take_fresh()) {
    JsonWriter json;
    write_sender(json, sender, true);
    text += event_of("packet", json);
    if (text.size() > transport::PageStream::kPieceBytesMax / 2) break;
  }
  for (const recent::RefusalEntry& refusal : parts_.refusals->newer_than(last_refusal_)) {
    if (text.size() > transport::PageStream::kPieceBytesMax / 2) break;
    JsonWriter json;
    write_refusal(json, refusal);
    text += event_of("refusal", json);
    last_refusal_ = refusal.id;
  }
  if (ticks_ % kTicksBetweenCounters == 0) text += counters();
  send(text);
  if (!clients_.empty()) timer_->arm_at(parts_.loop->now() + kTick);
}

void EventStream::send(std::string_view text) {
  if (!text.empty()) {
    for (EventClient* client : clients_) client->add(text);
  }
  // Passing a piece on may end its client, which leaves the list.
  const std::vector<EventClient*> clients = clients_;
  for (EventClient* client : clients) {
    if (std::ranges::find(clients_, client) != clients_.end()) client->pass_on();
  }
}

}  // namespace millrace::extensions::console
