#include "keyed_state/mailbox.h"

#include <thread>
#include <utility>

#include "base/check.h"

namespace millrace::keyed_state {
namespace {

queue::Label label_of(const Parcel& parcel, GenerationBits generations) {
  return {uint64_t{parcel.pipeline} << 32 | generations,
          uint64_t{parcel.item_count} << 32 | parcel.admitted_bytes};
}

}  // namespace

Mailbox::Mailbox(MailboxLimits limits) : limits_(limits), ring_(limits.parcels_max) {
  MILLRACE_CHECK(limits_.bytes_max <= kBytesMask / 2);
  MILLRACE_CHECK(limits_.parcels_max < uint64_t{1} << (63 - kBytesBits));
}

bool Mailbox::try_reserve(uint64_t bytes) {
  uint64_t reserved = reserved_.load(std::memory_order_seq_cst);
  for (;;) {
    const uint64_t parcels = reserved >> kBytesBits;
    if (bytes > kBytesMask / 2 || parcels >= limits_.parcels_max) return false;
    if (reserved != 0 && (reserved & kBytesMask) + bytes > limits_.bytes_max) return false;
    const uint64_t more = (uint64_t{1} << kBytesBits) + bytes;
    if (reserved_.compare_exchange_weak(reserved, reserved + more, std::memory_order_seq_cst)) {
      return true;
    }
  }
}

void Mailbox::release(uint64_t bytes) {
  const uint64_t less = (uint64_t{1} << kBytesBits) + bytes;
  const uint64_t before = reserved_.fetch_sub(less, std::memory_order_seq_cst);
  MILLRACE_CHECK(before >> kBytesBits >= 1 && (before & kBytesMask) >= bytes);
}

void Mailbox::put(Parcel parcel, GenerationBits generations) {
  const queue::Label label = label_of(parcel, generations);
  Entry entry{.parcel = std::move(parcel), .generations = generations};
  // A place is reserved for `entry`, but the next slot may be one that the owner has claimed
  // and is emptying now. A push that fails leaves `entry` untouched.
  // NOLINTNEXTLINE(bugprone-use-after-move)
  while (!ring_.try_push(std::move(entry), label)) std::this_thread::yield();
}

bool Mailbox::try_take(Parcel* parcel, GenerationBits* generations) {
  Entry entry;
  if (!ring_.try_pop(entry)) return false;
  *parcel = std::move(entry.parcel);
  *generations = entry.generations;
  release(parcel->bytes.size());
  return true;
}

}  // namespace millrace::keyed_state
