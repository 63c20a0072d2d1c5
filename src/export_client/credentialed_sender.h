// Sends requests with the credentials of the moment. A request whose credentials are on their way
// (a token is being fetched) waits for them, until its deadline at most.
//
// Belongs to one loop; the clients must outlive it, or cancel() must come first.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "io/loop.h"
#include "transport/client/client.h"

namespace millrace::exporters {

class CredentialedSender {
 public:
  // `source` may be null: requests go without. `own_headers` are the exporter's.
  CredentialedSender(io::Loop& loop, std::shared_ptr<transport::CredentialSource> source,
                     std::vector<MetadataEntry> own_headers);

  // `has_newer`: the peer refused credentials that have been replaced since. An error is the
  // source's: kInvalidArgument is final, others may pass. Errors may come from inside send().
  using Done =
      std::move_only_function<void(Result<transport::ClientAnswer> answer, bool has_newer)>;
  // request.metadata: the headers that came with the data. A template, so that a request without
  // credentials keeps its callback in one piece of memory.
  template <class Callback>
  void send(transport::Client& client, transport::ClientRequest request, Callback done) {
    if (source_ != nullptr)
      return send_with_credentials(client, std::move(request), std::move(done));
    client.send(std::move(request),
                [done = std::move(done)](transport::ClientAnswer answer) mutable {
                  done(std::move(answer), false);
                });
  }
  // Ends requests that wait for credentials with kCancelled.
  void cancel();

 private:
  struct Waiting {
    transport::Client& client;
    transport::ClientRequest request;
    MonotonicTime until{};
    Done done;
  };

  void send_with_credentials(transport::Client& client, transport::ClientRequest request,
                             Done done);
  Result<transport::Credentials> credentials_for(const MetadataRef& metadata) const;
  void send_or_wait(Waiting request);
  bool are_outdated(const transport::Credentials& shown, const MetadataRef& metadata,
                    const transport::ClientAnswer& answer) const;
  MetadataRef passed_on(const MetadataRef& metadata) const;

  io::Loop& loop_;
  const std::shared_ptr<transport::CredentialSource> source_;
  const std::vector<MetadataEntry> own_headers_;
  std::unique_ptr<io::Timer> timer_;
  std::vector<Waiting> waiting_;
};

}  // namespace millrace::exporters
