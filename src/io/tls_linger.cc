// Sends the last bytes of closed TLS streams.
#include "io/tls_linger.h"

#include <utility>

namespace millrace::io {

namespace {
constexpr Duration kLingerMax = 10s;
}  // namespace

class TlsLinger::Entry final : public StreamHandler {
 public:
  Entry(TlsLinger& owner, std::unique_ptr<Stream> stream, std::vector<uint8_t> unsent, size_t sent)
      : owner_(owner),
        stream_(std::move(stream)),
        unsent_(std::move(unsent)),
        sent_(sent),
        deadline_(owner.loop_.make_timer([this] { leave(); })) {
    deadline_->arm_at(owner.loop_.now() + kLingerMax);
    stream_->set_handler(this);
    stream_->set_interest(Interest::kWrite);
  }

  void on_ready(Interest) override {
    const iovec piece{unsent_.data() + sent_, unsent_.size() - sent_};
    const IoResult result = stream_->write(std::span(&piece, 1));
    if (result.outcome == IoOutcome::kOk) sent_ += result.count;
    if (result.outcome == IoOutcome::kError || sent_ == unsent_.size()) leave();
  }
  void on_failed(const Error&) override { leave(); }

  size_t bytes() const { return unsent_.size(); }
  std::string peer_address() const { return stream_->peer_address(); }
  Entries::iterator place;

 private:
  void leave() { owner_.leave(place); }  // destroys this

  TlsLinger& owner_;
  std::unique_ptr<Stream> stream_;
  std::vector<uint8_t> unsent_;
  size_t sent_;
  std::unique_ptr<Timer> deadline_;
};

TlsLinger::TlsLinger(Loop& loop,
                     std::function<void(std::string_view what, const Error& error)> on_trouble)
    : loop_(loop), on_trouble_(std::move(on_trouble)), handshakes_(loop) {}
TlsLinger::~TlsLinger() = default;

void TlsLinger::add(std::unique_ptr<Stream> stream, std::vector<uint8_t> unsent, size_t sent) {
  auto entry = std::make_unique<Entry>(*this, std::move(stream), std::move(unsent), sent);
  bytes_ += entry->bytes();
  entries_.push_back(std::move(entry));
  entries_.back()->place = std::prev(entries_.end());
  while (entries_.size() > kEntriesMax || bytes_ > kBytesMax) {
    if (on_trouble_) {
      on_trouble_(
          "tls output dropped",
          {Code::kResourceExhausted,
           "TLS connection with " + entries_.front()->peer_address() +
               ": the peer did not read its last bytes, and the limit of such peers is reached"});
    }
    leave(entries_.begin());
  }
}

void TlsLinger::leave(Entries::iterator entry) {
  bytes_ -= (*entry)->bytes();
  entries_.erase(entry);
}

}  // namespace millrace::io
