// A stream to a server through an HTTP proxy: asks the proxy to connect (CONNECT, RFC 9110, section
// 9.3.6), and is then the connection to the server. TLS with the server runs over it.
//
// It behaves as a stream that is connecting until the proxy has agreed. One loop.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "io/stream.h"

namespace millrace::transport {

class ProxyTunnel final : public io::Stream, io::StreamHandler {
 public:
  // `proxy` is connecting; `target` is "host:port"; `authorization` the value of
  // Proxy-Authorization, a secret, or empty.
  ProxyTunnel(std::unique_ptr<io::Stream> proxy, std::string target,
              std::string_view authorization);

  void set_handler(io::StreamHandler* handler) override;
  void set_interest(io::Interest interest) override;
  io::IoResult read(std::span<uint8_t> into) override;
  io::IoResult write(std::span<const iovec> from) override;
  void shutdown_write() override { proxy_->shutdown_write(); }
  Error error() const override { return phase_ == Phase::kFailed ? error_ : proxy_->error(); }
  io::TlsInfo tls() const override { return {}; }
  std::string peer_address() const override { return proxy_->peer_address(); }
  std::string local_address() const override { return proxy_->local_address(); }

 private:
  enum class Phase : uint8_t { kAsking, kWaiting, kOpen, kFailed };

  void on_ready(io::Interest ready) override;
  void on_failed(const Error& error) override;
  void write_question();
  void read_answer();
  // The answer's head is complete.
  void take_answer(std::string_view head);
  void open();
  void give_up(std::string why);  // may destroy this

  std::unique_ptr<io::Stream> proxy_;
  const std::string target_;
  std::string question_;
  size_t written_ = 0;  // of question_
  std::string answer_;
  Phase phase_ = Phase::kAsking;
  Error error_;
  io::StreamHandler* handler_ = nullptr;
  io::Interest interest_ = io::Interest::kNone;
};

}  // namespace millrace::transport
