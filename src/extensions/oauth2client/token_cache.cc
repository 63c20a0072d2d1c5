#include "extensions/oauth2client/token_cache.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "base/metadata.h"

namespace millrace::extensions {
namespace {

constexpr Duration kRetryFirst = 1s;
constexpr Duration kRetryMax = 30s;
// A token is not used in its last moments, so that it is still valid when it arrives.
constexpr Duration kEndMargin = 10s;
// A token that was fetched more recently and is refused is no token that was withdrawn.
constexpr Duration kRenewAge = 30s;

}  // namespace

Result<transport::Credentials> TokenCache::look(MonotonicTime now) {
  const MutexLock lock(mutex_);
  const bool is_valid = credentials_ != nullptr && now < ends_at_;
  if (!is_valid || now >= replace_at_) ask(now);
  if (is_valid) return credentials_;
  if (is_asked_) return fail(Code::kUnavailable, "the token is being fetched");
  if (error_) return fail(*error_);
  return fail(Code::kUnauthenticated, "there is no token");
}

bool TokenCache::renew(const transport::Credentials& refused, MonotonicTime now) {
  const MutexLock lock(mutex_);
  if (credentials_ == nullptr || *credentials_ != *refused) return true;
  if (now - fetched_at_ < kRenewAge) return false;
  ends_at_ = now;
  ask(now);
  return true;
}

void TokenCache::ask(MonotonicTime now) {
  if (is_asked_ || now < retry_at_ || ask_ == nullptr) return;
  is_asked_ = true;
  ask_();
}

void TokenCache::set_fetcher(std::function<void()> ask) {
  const MutexLock lock(mutex_);
  ask_ = std::move(ask);
  is_asked_ = ask_ != nullptr;  // the first token is fetched at the start
  if (ask_ != nullptr) ask_();
}

void TokenCache::on_token(const Token& token, MonotonicTime now) {
  const MutexLock lock(mutex_);
  credentials_ = std::make_shared<const std::vector<MetadataEntry>>(
      std::vector<MetadataEntry>{{"authorization", token.authorization}});
  fetched_at_ = now;
  ends_at_ = kNever;
  replace_at_ = kNever;
  if (token.lifetime) {
    const Duration lifetime = *token.lifetime;
    ends_at_ = now + lifetime - std::min(kEndMargin, lifetime / 10);
    // With a shorter life than the buffer it would be replaced for each request.
    replace_at_ = now + std::max(lifetime - expiry_buffer_, lifetime / 2);
  }
  is_asked_ = false;
  error_.reset();
  retry_at_ = {};
  retry_interval_ = 0s;
}

void TokenCache::on_failure(Error error, MonotonicTime now) {
  const MutexLock lock(mutex_);
  is_asked_ = false;
  error_ = std::move(error);
  retry_interval_ = std::clamp<Duration>(2 * retry_interval_, kRetryFirst, kRetryMax);
  retry_at_ = now + retry_interval_;
}

}  // namespace millrace::extensions
