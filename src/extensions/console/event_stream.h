// The stream of server-sent events: counters at once and each second, each sender from which
// something came and each refusal within a quarter of a second. Every client is sent the same text,
// made once. Bounded: kClientsMax; a client that does not read for some seconds is closed.
//
// Without a client nothing is done. On the loop of the console's server.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "extensions/console/event_client.h"
#include "extensions/console/source.h"
#include "io/loop.h"
#include "recent/refusal_list.h"
#include "recent/sender_table.h"
#include "recent/store.h"
#include "transport/server/page.h"

namespace millrace::extensions::console {

class EventStream {
 public:
  struct Parts {
    io::Loop* loop = nullptr;
    const Source* source = nullptr;
    const recent::Store* store = nullptr;
    recent::SenderTable* senders = nullptr;
    const recent::RefusalList* refusals = nullptr;
  };
  static constexpr size_t kClientsMax = 64;

  explicit EventStream(Parts parts);
  ~EventStream();
  EventStream(const EventStream&) = delete;
  EventStream& operator=(const EventStream&) = delete;

  // The answer to a new client; 503 when there are too many.
  transport::PageReply connect();
  size_t client_count() const { return clients_.size(); }

 private:
  void tick();
  void send(std::string_view text);
  std::string counters() const;

  const Parts parts_;
  std::unique_ptr<io::Timer> timer_;
  std::vector<EventClient*> clients_;   // the server owns them
  std::shared_ptr<EventStream*> self_;  // clients hold it; null inside once this is gone
  uint64_t last_refusal_ = 0;
  uint64_t ticks_ = 0;
};

}  // namespace millrace::extensions::console
