// What stands around TLS streams: handshakes of accepted streams, and the last bytes of closed
// ones.
#include <set>
#include <utility>

#include "io/tls_stream.h"

namespace millrace::io {

namespace {
constexpr Duration kLingerMax = 10s;

// Streams in their handshake; shared by the accept handler and a call under way.
class Handshakes : public std::enable_shared_from_this<Handshakes> {
 public:
  Handshakes(Loop& loop, TlsLinger& linger, std::shared_ptr<TlsServerContext> context,
             std::function<void(std::unique_ptr<Stream>)> on_accept,
             std::function<void(std::string_view, const Error&)> on_trouble)
      : loop_(loop),
        linger_(linger),
        context_(std::move(context)),
        on_accept_(std::move(on_accept)),
        on_trouble_(std::move(on_trouble)) {}

  void begin(std::unique_ptr<Stream> inner) {
    auto one = std::make_unique<One>(
        *this, std::make_unique<TlsStream>(loop_, linger_, std::move(inner), context_));
    One* key = one.get();
    under_way_[key] = std::move(one);
    key->stream->set_handler(key);
  }

 private:
  struct One final : StreamHandler {
    One(Handshakes& h, std::unique_ptr<TlsStream> s) : owner(h), stream(std::move(s)) {}
    void on_ready(Interest) override { owner.finish(this); }
    void on_failed(const Error& error) override { owner.give_up(this, error); }
    Handshakes& owner;
    std::unique_ptr<TlsStream> stream;
  };

  void finish(One* one) {
    const auto keep = shared_from_this();
    std::unique_ptr<TlsStream> stream = std::move(one->stream);
    stream->set_handler(nullptr);
    under_way_.erase(one);
    on_accept_(std::move(stream));
  }

  void give_up(One* one, const Error& error) {
    const auto keep = shared_from_this();
    const Error copy = error;
    under_way_.erase(one);
    if (on_trouble_) on_trouble_("tls handshake failed", copy);
  }

  Loop& loop_;
  TlsLinger& linger_;
  std::shared_ptr<TlsServerContext> context_;
  std::function<void(std::unique_ptr<Stream>)> on_accept_;
  std::function<void(std::string_view, const Error&)> on_trouble_;
  std::map<One*, std::unique_ptr<One>> under_way_;
};
}  // namespace

std::function<void(std::unique_ptr<Stream>)> accept_with_tls(
    Loop& loop, TlsLinger& linger, std::shared_ptr<TlsServerContext> context,
    std::function<void(std::unique_ptr<Stream>)> on_accept,
    std::function<void(std::string_view what, const Error& error)> on_trouble) {
  return [handshakes = std::make_shared<Handshakes>(loop, linger, std::move(context),
                                                    std::move(on_accept), std::move(on_trouble))](
             std::unique_ptr<Stream> inner) { handshakes->begin(std::move(inner)); };
}

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

 private:
  void leave() { owner_.entries_.erase(this); }  // destroys this

  TlsLinger& owner_;
  std::unique_ptr<Stream> stream_;
  std::vector<uint8_t> unsent_;
  size_t sent_;
  std::unique_ptr<Timer> deadline_;
};

TlsLinger::TlsLinger(Loop& loop) : loop_(loop) {}
TlsLinger::~TlsLinger() = default;

void TlsLinger::add(std::unique_ptr<Stream> stream, std::vector<uint8_t> unsent, size_t sent) {
  auto entry = std::make_unique<Entry>(*this, std::move(stream), std::move(unsent), sent);
  Entry* key = entry.get();
  entries_[key] = std::move(entry);
}

}  // namespace millrace::io
