// The token of one extension: what exporters are shown, when it is to be replaced, and when a
// server that failed is asked again.
//
// Threads: safe from any; takes a short lock.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/mutex.h"
#include "base/result.h"
#include "base/time.h"
#include "extensions/oauth2client/token.h"
#include "transport/client/client.h"

namespace millrace::extensions {

class TokenCache {
 public:
  explicit TokenCache(Duration expiry_buffer) : expiry_buffer_(expiry_buffer) {}

  // The credentials, or kUnavailable while a fetch is under way, or the error of the last one. Asks
  // for a fetch when the token is to be replaced and the server is not being left alone.
  Result<transport::Credentials> look(MonotonicTime now);
  // The peer refused them. True when they are no longer the newest, or were fetched so long ago
  // that a new token may help, for which a fetch is then asked.
  bool renew(const transport::Credentials& refused, MonotonicTime now);

  // Sets the function that is called, from any thread and at most once for each fetch, when one is
  // asked for; null: nothing fetches (any more).
  void set_fetcher(std::function<void()> ask);
  // The results of a fetch.
  void on_token(const Token& token, MonotonicTime now);
  void on_failure(Error error, MonotonicTime now);

 private:
  void ask(MonotonicTime now) MILLRACE_REQUIRES(mutex_);

  const Duration expiry_buffer_;
  Mutex mutex_;
  std::function<void()> ask_ MILLRACE_GUARDED_BY(mutex_);
  transport::Credentials credentials_ MILLRACE_GUARDED_BY(mutex_);
  MonotonicTime fetched_at_ MILLRACE_GUARDED_BY(mutex_){};
  MonotonicTime replace_at_ MILLRACE_GUARDED_BY(mutex_){};
  MonotonicTime ends_at_ MILLRACE_GUARDED_BY(mutex_){};
  bool is_asked_ MILLRACE_GUARDED_BY(mutex_) = false;       // a fetch is asked for or under way
  std::optional<Error> error_ MILLRACE_GUARDED_BY(mutex_);  // of the last fetch
  MonotonicTime retry_at_ MILLRACE_GUARDED_BY(mutex_){};
  Duration retry_interval_ MILLRACE_GUARDED_BY(mutex_) = 0s;
};

}  // namespace millrace::extensions
