// Asks one target over HTTP: headers, credentials, redirections, and the connection that is kept
// between two scrapes. One at a time; belongs to one loop.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "io/loop.h"
#include "memory/budget.h"
#include "receivers/prometheus/authorization.h"
#include "receivers/prometheus/http_options.h"
#include "transport/client/web_client.h"

namespace millrace::receivers::prometheus {

struct FetchRequest {
  std::vector<MetadataEntry> fields = {};  // beside Authorization
  bool accepts_gzip = false;
  size_t body_bytes_max = 0;  // as it comes over the wire
  Duration timeout = 10s;
  Duration idle_max = 90s;  // of the connection, between two requests
};

class TargetFetch {
 public:
  // An answer that is not 200 is an error with its status; a redirection is followed, at most ten
  // of them, without the credentials where it leads to another host.
  using Done = std::move_only_function<void(Result<transport::WebResponse>)>;
  // All must outlive it.
  TargetFetch(io::Loop& loop, Budget& budget, transport::WebUrl url, const HttpOptions& options,
              FetchRequest request);
  ~TargetFetch();
  // Calls `done` once, in a later turn; it may destroy the fetch. Precondition: none is under way.
  void start(Done done);
  bool is_under_way() const { return done_ != nullptr; }

 private:
  struct Connection {
    transport::WebUrl url;
    std::unique_ptr<transport::WebClient> client;
  };
  void ask(const transport::WebUrl& url);
  Result<transport::WebRequest> request_for(const transport::WebUrl& url);
  transport::WebClient& client_for(const transport::WebUrl& url,
                                   const transport::WebRequest& request);
  void on_response(Result<transport::WebResponse> response, const transport::WebUrl& url);
  void follow(const std::string& location, const transport::WebUrl& from);
  void end(Result<transport::WebResponse> result);
  void end_later(Error error);

  io::Loop& loop_;
  Budget& budget_;
  const transport::WebUrl url_;
  const HttpOptions& options_;
  const FetchRequest request_;
  Authorization authorization_;
  std::shared_ptr<io::TlsClientContext> tls_;
  Done done_;
  MonotonicTime deadline_{};
  int redirect_count_ = 0;
  Connection own_;
  Connection redirected_;  // to another host
  std::unique_ptr<io::Timer> error_timer_;
  Error error_;
};

}  // namespace millrace::receivers::prometheus
