// The items that a processor holds until its interval ends.
//
// A request enters in three steps: join() makes one piece of it, enter() reserves the memory that
// it may need, and while the Entry lives the processor adds items to held(). At the end of the
// interval, or when memory is short, all of them leave: one request in each turn of the loop,
// written by the processor's ItemWriter. One thread.
#pragma once

#include <concepts>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "io/long_work.h"
#include "io/loop.h"
#include "memory/chunk_pool.h"
#include "otlp/rope_writer.h"
#include "pipeline/processor.h"

namespace millrace::interval_hold {

// The limits of a request that leaves.
inline constexpr size_t kItemsAtOnce = 1000;
inline constexpr size_t kBytesAtOnce = size_t{4} << 20;
inline constexpr size_t kRequestBytesMax = size_t{256} << 20;
// How long items wait that had no memory to leave.
inline constexpr Duration kAgain = 100ms;

// The items of one interval. item_count() walks; a Cursor tells how far the items have left.
template <class Store>
concept HeldItems = std::movable<Store> &&
                    requires(Store& store, const Store& as_const, typename Store::Cursor cursor) {
                      store.add_room(Reservation());
                      store.return_room();
                      { as_const.item_count() } -> std::convertible_to<size_t>;
                      { as_const.empty() } -> std::same_as<bool>;
                      { as_const.is_end(cursor) } -> std::same_as<bool>;
                    };

template <HeldItems Store>
class ItemWriter {
 public:
  // Writes one request with the next items, about kItemsAtOnce and kBytesAtOnce, and moves `cursor`
  // behind them. Returns their number. It is called again with the same cursor where `out` failed.
  virtual uint32_t write_some(Store& store, typename Store::Cursor& cursor,
                              otlp::RopeWriter& out) = 0;
  // The items of the last write_some() leave.
  virtual void on_leave() {}

 protected:
  ~ItemWriter() = default;
};

struct Options {
  Signal signal = Signal::kTraces;
  Duration interval{};
  // For messages: "holding metrics", "points than can be held", "metrics that are held".
  std::string_view activity;
  std::string_view more_than;
  std::string_view no_room_for;
};

struct Parts {
  io::Loop& loop;
  ChunkPool& pool;
  io::LongWork& long_work;
  pipeline::Outlet& outlet;
};

template <HeldItems Store>
class IntervalHold {
 public:
  // Everything that `parts` refers to, the texts of `options` and `writer` must outlive it.
  IntervalHold(const Options& options, const Parts& parts, ItemWriter<Store>& writer)
      : options_(options),
        loop_(parts.loop),
        pool_(parts.pool),
        long_work_(parts.long_work),
        outlet_(parts.outlet),
        writer_(writer),
        timer_(loop_.make_timer([this] { on_timer(); })),
        next_interval_(loop_.now() + options.interval) {
    timer_->arm_at(next_interval_);
  }

  // A request whose items are being added; it may be suspended. Nothing leaves while one lives.
  class Entry {
   public:
    explicit Entry(IntervalHold& hold) : hold_(&hold) { ++hold.entry_count_; }
    Entry(Entry&& other) noexcept : hold_(std::exchange(other.hold_, nullptr)) {}
    Entry& operator=(Entry&&) = delete;
    ~Entry() {
      // Requests that are suspended still need their room.
      if (hold_ != nullptr && --hold_->entry_count_ == 0) hold_->held_.return_room();
    }

   private:
    IntervalHold* hold_;
  };

  // Makes one piece of the payload, reserved, so that its messages are slices.
  Status join(pipeline::Payload& payload, Work& work) {
    otlp::RopeWriter memory(work, kRequestBytesMax, options_.activity);
    std::optional<Bytes> whole = memory.join(payload.bytes);
    if (!whole) {
      leave_early();
      return fail(memory.finish().error());
    }
    payload.bytes = Rope(std::move(*whole));
    return {};
  }

  // Reserves `room` bytes, enough as if all items of the request were new; what held() does not use
  // is given back when the Entry ends. kResourceExhausted: more than the budget has.
  Result<Entry> enter(size_t room) {
    if (room > pool_.budget().limit()) {
      return fail(Code::kResourceExhausted,
                  "the request has more " + std::string(options_.more_than));
    }
    Reservation reserved = Reservation::try_make(pool_.budget(), MemoryTerm::kKeyedState, room);
    if (!reserved) {
      leave_early();
      return fail(Code::kUnavailable, "memory: no room for " + std::string(options_.no_room_for));
    }
    held_.add_room(std::move(reserved));
    return Entry(*this);
  }

  // The items of this interval.
  Store& held() { return held_; }
  // With those that are leaving. Walks.
  uint64_t held_count() const { return held_.item_count() + leaving_.item_count() - left_count_; }

  // Lets all of them leave at once; items for which there is no memory count as filtered.
  void flush() {
    timer_->disarm();
    while (held_count() != 0) {
      end_interval();
      if (emit_some()) continue;
      // Not even the reserve of drains has room; all that is left is to count them.
      outlet_.filter(static_cast<uint32_t>(leaving_.item_count() - left_count_));
      end_leaving();
    }
  }

 private:
  void on_timer() {
    // The items of a request that is suspended are not in the books yet.
    if (entry_count_ != 0) return timer_->arm_at(loop_.now() + 1ms);
    if (leaving_.empty() && loop_.now() >= next_interval_) {
      next_interval_ = loop_.now() + options_.interval;
      end_interval();
    }
    if (!emit_some()) return timer_->arm_at(loop_.now() + kAgain);
    timer_->arm_at(leaving_.empty() ? next_interval_ : loop_.now());
  }
  // When memory is short: what is held makes room as it leaves.
  void leave_early() {
    next_interval_ = loop_.now();
    timer_->arm_at(loop_.now());
  }

  void end_interval() {
    if (leaving_.empty()) leaving_ = std::exchange(held_, {});
  }
  void end_leaving() {
    leaving_ = {};
    cursor_ = {};
    left_count_ = 0;
  }

  // Emits a request of some of the items that are leaving. False: there is no memory for it, not
  // even from the reserve of drains: in a process that is full of held items they must leave.
  bool emit_some() {
    if (leaving_.empty()) return true;
    Work work = long_work_.work();
    otlp::RopeWriter out(work, kRequestBytesMax, options_.activity);
    out.let_pass_the_limit();
    const typename Store::Cursor begin = cursor_;
    const uint32_t count = writer_.write_some(leaving_, cursor_, out);
    Result<Rope> bytes = out.finish();
    if (!bytes) {
      cursor_ = begin;
      return false;
    }
    writer_.on_leave();
    left_count_ += count;
    if (leaving_.is_end(cursor_)) end_leaving();
    // What finds no room behind is dropped and counted there.
    static_cast<void>(outlet_.emit({.signal = options_.signal,
                                    .item_count = count,
                                    .bytes = std::move(*bytes),
                                    .metadata = nullptr,
                                    .completion = nullptr,
                                    .admitted_at = loop_.now()}));
    return true;
  }

  const Options options_;
  io::Loop& loop_;
  ChunkPool& pool_;
  io::LongWork& long_work_;
  pipeline::Outlet& outlet_;
  ItemWriter<Store>& writer_;
  std::unique_ptr<io::Timer> timer_;
  MonotonicTime next_interval_;
  Store held_;                       // of this interval
  Store leaving_;                    // of the one before
  typename Store::Cursor cursor_{};  // in leaving_
  size_t left_count_ = 0;            // items of leaving_ that have left
  int entry_count_ = 0;              // requests whose items are being added
};

}  // namespace millrace::interval_hold
