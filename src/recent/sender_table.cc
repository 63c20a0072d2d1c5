#include "recent/sender_table.h"

#include <algorithm>
#include <utility>

#include "otlp/views.h"

namespace millrace::recent {
namespace {

struct SdkTexts {
  std::string_view service, name, language, version;
};

std::string_view cut(std::string_view text) { return text.substr(0, SenderTable::kTextBytesMax); }

// The names in the first resource; views into it.
SdkTexts read_sdk(const otlp::ResourceView& resource) {
  // An SDK's resource has some ten attributes; of a larger one the first are looked at.
  constexpr int kAttributesMax = 64;
  SdkTexts texts;
  otlp::MessageReader attributes(resource.resource.view(), otlp::kResourceAttributes);
  otlp::MessageBytes bytes;
  for (int i = 0; i < kAttributesMax && attributes.next(&bytes); ++i) {
    const otlp::KeyValueView attribute = otlp::KeyValueView::read(bytes);
    std::string_view* into = nullptr;
    if (attribute.key == "service.name") {
      into = &texts.service;
    } else if (attribute.key == "telemetry.sdk.name") {
      into = &texts.name;
    } else if (attribute.key == "telemetry.sdk.language") {
      into = &texts.language;
    } else if (attribute.key == "telemetry.sdk.version") {
      into = &texts.version;
    }
    if (into == nullptr) continue;
    const otlp::AnyValueView value = otlp::AnyValueView::read(attribute.value);
    if (value.type == otlp::AnyValueView::Type::kString) *into = cut(value.text);
  }
  return texts;
}

void add(SignalCounts& into, const SignalCounts& more) {
  into.requests += more.requests;
  into.items += more.items;
  into.bytes += more.bytes;
}

}  // namespace

void SenderCounts::add(const reception::RequestWatcher::Admitted& request, WallTime now) {
  otlp::ResourceReader resources(request.payload.bytes);
  otlp::ResourceView resource;
  const SdkTexts sdk = resources.next(&resource) ? read_sdk(resource) : SdkTexts{};
  const std::string_view encoding = request.origin.coding == compress::Coding::kIdentity
                                        ? std::string_view()
                                        : compress::coding_name(request.origin.coding);
  key_.clear();
  for (const std::string_view part : {sdk.service, sdk.name, sdk.language, sdk.version,
                                      request.receiver, request.origin.protocol, encoding}) {
    key_ += part;
    key_ += '\0';
  }
  auto found = senders_.find(key_);
  if (found == senders_.end()) {
    if (senders_.size() >= kSendersMax) {
      ++overflow_count_;
      return;
    }
    found = senders_
                .emplace(key_, Sender{.service = std::string(sdk.service),
                                      .sdk_name = std::string(sdk.name),
                                      .sdk_language = std::string(sdk.language),
                                      .sdk_version = std::string(sdk.version),
                                      .receiver = std::string(request.receiver),
                                      .protocol = std::string(request.origin.protocol),
                                      .encoding = std::string(encoding),
                                      .peer = {},
                                      .first_seen = now,
                                      .last_seen = now})
                .first;
  }
  Sender& sender = found->second;
  sender.last_seen = now;
  if (sender.peer != request.peer) sender.peer = request.peer;
  recent::add(sender.counts[index_of(request.payload.signal)],
              {1, request.payload.item_count, request.payload.bytes.size()});
}

void SenderTable::merge(SenderCounts& counts) {
  auto senders = counts.take_senders();
  const MutexLock lock(mutex_);
  forgotten_count_ += counts.take_overflow();
  for (auto& [key, seen] : senders) {
    auto found = entries_.find(key);
    if (found == entries_.end()) {
      if (entries_.size() >= kSendersMax) forget_one();
      found = entries_.emplace(key, Entry{.total = seen}).first;
      found->second.total.counts = {};
    }
    Entry& entry = found->second;
    for (size_t i = 0; i < kSignalCount; ++i) {
      recent::add(entry.total.counts[i], seen.counts[i]);
      recent::add(entry.fresh[i], seen.counts[i]);
    }
    entry.total.last_seen = std::max(entry.total.last_seen, seen.last_seen);
    entry.total.peer = std::move(seen.peer);
    entry.is_fresh = true;
  }
}

void SenderTable::forget_one() {
  const auto oldest = std::ranges::min_element(
      entries_, {}, [](const auto& entry) { return entry.second.total.last_seen; });
  entries_.erase(oldest);
  ++forgotten_count_;
}

std::vector<Sender> SenderTable::senders() const {
  std::vector<Sender> senders;
  {
    const MutexLock lock(mutex_);
    for (const auto& [key, entry] : entries_) senders.push_back(entry.total);
  }
  std::ranges::sort(senders, std::ranges::greater(), &Sender::last_seen);
  return senders;
}

std::vector<Sender> SenderTable::take_fresh() {
  std::vector<Sender> fresh;
  const MutexLock lock(mutex_);
  for (auto& [key, entry] : entries_) {
    if (!std::exchange(entry.is_fresh, false)) continue;
    fresh.push_back(entry.total);
    fresh.back().counts = std::exchange(entry.fresh, {});
  }
  return fresh;
}

uint64_t SenderTable::forgotten_count() const {
  const MutexLock lock(mutex_);
  return forgotten_count_;
}

}  // namespace millrace::recent
