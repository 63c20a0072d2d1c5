#include "export_client/credentialed_sender.h"

#include <algorithm>
#include <span>
#include <utility>

namespace millrace::exporters {
namespace {

// Credentials that are on their way are looked for at this interval, for so long.
constexpr Duration kLookInterval = 20ms;
constexpr Duration kWaitMax = 30s;

}  // namespace

CredentialedSender::CredentialedSender(io::Loop& loop,
                                       std::shared_ptr<transport::CredentialSource> source,
                                       std::vector<MetadataEntry> own_headers)
    : loop_(loop),
      source_(std::move(source)),
      own_headers_(std::move(own_headers)),
      timer_(loop.make_timer([this] {
        for (Waiting& each : std::exchange(waiting_, {})) send_or_wait(std::move(each));
      })) {}

void CredentialedSender::send_with_credentials(transport::Client& client,
                                               transport::ClientRequest request, Done done) {
  const MonotonicTime until = std::min(request.deadline, loop_.now() + kWaitMax);
  send_or_wait({client, std::move(request), until, std::move(done)});
}

void CredentialedSender::cancel() {
  for (Waiting& each : std::exchange(waiting_, {})) {
    each.done(fail(Code::kCancelled, "shutting down"), false);
  }
}

void CredentialedSender::send_or_wait(Waiting waiting) {
  Result<transport::Credentials> credentials = credentials_for(waiting.request.metadata);
  if (!credentials) {
    if (credentials.error().code != Code::kUnavailable || loop_.now() >= waiting.until) {
      return waiting.done(fail(std::move(credentials.error())), false);
    }
    waiting_.push_back(std::move(waiting));
    if (!timer_->armed()) timer_->arm_at(loop_.now() + kLookInterval);
    return;
  }
  transport::ClientRequest request = std::move(waiting.request);
  MetadataRef metadata = std::exchange(request.metadata, passed_on(request.metadata));
  request.credentials = *credentials;
  request.without = source_->removed_headers();
  waiting.client.send(std::move(request),
                      [this, shown = std::move(*credentials), metadata = std::move(metadata),
                       done = std::move(waiting.done)](transport::ClientAnswer answer) mutable {
                        const bool has_newer = are_outdated(shown, metadata, answer);
                        done(std::move(answer), has_newer);
                      });
}

Result<transport::Credentials> CredentialedSender::credentials_for(
    const MetadataRef& metadata) const {
  return source_->current(
      {.metadata = metadata.get(), .now = loop_.now(), .own_headers = &own_headers_});
}

// Refused with credentials that have been replaced since: a renewal must lose nothing.
bool CredentialedSender::are_outdated(const transport::Credentials& shown,
                                      const MetadataRef& metadata,
                                      const transport::ClientAnswer& answer) const {
  if (shown == nullptr || answer.kind != transport::ClientAnswer::Kind::kAnswered ||
      answer.code != Code::kUnauthenticated) {
    return false;
  }
  const Result<transport::Credentials> now = credentials_for(metadata);
  return (now && **now != *shown) || source_->renew(shown, loop_.now());
}

// What credentials are made of does not go under its own name too.
MetadataRef CredentialedSender::passed_on(const MetadataRef& metadata) const {
  const std::span<const std::string> taken = source_->context_keys();
  if (metadata == nullptr || taken.empty()) return metadata;
  auto left = std::make_shared<Metadata>(*metadata);
  std::erase_if(left->entries, [&](const MetadataEntry& entry) {
    return std::ranges::find(taken, entry.name) != taken.end();
  });
  return left;
}

}  // namespace millrace::exporters
