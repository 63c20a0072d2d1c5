// The inside of Log: its state, its lock, and what the lanes do. core.cc has what callers call,
// committing.cc the write lane, taking.cc the read lane, giving_up.cc what one destination gives
// up.
//
// One lock guards everything but what a lane owns; it is never held while the disk, a callback or
// the observer is called. A record is queued (in queue_), then being written (in writing_), then in
// a segment.
#pragma once

#include <array>
#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "segment_log/gathering.h"
#include "segment_log/log.h"
#include "segment_log/recovery.h"
#include "segment_log/segment.h"
#include "segment_log/segment_writer.h"

namespace millrace::segment_log {

class Log::Core {
 public:
  Core(Options options, World world);
  Status open();

  Result<TargetId> target(const TargetName& name);
  void observe(Observer* observer) { observer_ = observer; }
  std::vector<std::pair<TargetName, Amount>> orphans() const;
  Amount untaken(TargetId target) const;
  std::optional<Amount> settled_untaken(TargetId target) const;
  uint64_t untaken_records(TargetId target) const {
    return untaken_records_[target].load(std::memory_order_seq_cst);
  }
  void set_cap(std::span<const TargetId> targets, const Cap& cap);
  GivingUp give_up_oldest(std::span<const TargetId> targets, RecordId before);
  Result<RecordId> append(NewRecord record, OnDurable on_durable);
  void finish(TargetId target, RecordId id);
  void untake(TargetId target, RecordId id, Amount rest);
  void take(TargetId target, size_t bytes_max, Order order, OnRead on_read);
  Numbers numbers() const;
  std::string trouble() const;
  std::string refusal() const;
  void tick();
  void close(std::move_only_function<void()> done);

 private:
  struct Queued {
    RecordId id = 0;
    Signal signal = Signal::kTraces;
    uint32_t items = 0;
    uint32_t admitted_bytes = 0;
    uint64_t cost = 0;  // bytes of the limit
    WallTime admitted_at;
    MetadataRef metadata;
    Rope bytes;
    OnDurable on_durable;
    uint64_t wanted = 0;  // a bit for each target
    uint64_t taken = 0;
    uint64_t done = 0;
    Amount amount() const { return {1, items, admitted_bytes, bytes.size()}; }
  };

  // What the observer is told when the lock is free.
  struct Notices {
    struct Lost {
      TargetId target;
      Loss loss;
      Amount amount;
      RecordRange range;
    };
    std::vector<Lost> lost;
    bool has_room = false;
  };

  struct TakeRequest {
    TargetId target;
    size_t bytes_max;
    Order order;
    OnRead on_read;
  };
  struct Selected {
    RecordId id;
    Amount amount;
  };
  struct SelectedSegment {
    std::shared_ptr<Segment> segment;
    std::vector<Selected> records;
    std::vector<IndexEntry> entries;  // of the same, in the same order
  };

  struct CapState {
    uint64_t targets = 0;  // a bit for each
    Cap cap;
    bool is_scheduled = false;  // the read lane will keep it
  };
  // The oldest untaken record of some targets; in a segment, or queued.
  struct Oldest {
    TargetId target = 0;
    RecordId id = 0;  // not above it, where the segment's records are not known one by one
    std::shared_ptr<Segment> segment = {};
    Queued* queued = nullptr;
  };

  // --- state under the lock (core.cc) ---
  WallTime now() const { return world_.wall_clock(); }
  void tell(const Notices& notices);
  void note_lost(Notices& notices, const Notices::Lost& lost) MILLRACE_REQUIRES(mutex_);
  void adopt(Recovered recovered) MILLRACE_REQUIRES(mutex_);
  uint64_t used_bytes() const MILLRACE_REQUIRES(mutex_) {
    return segment_bytes_sum_ + queued_bytes_;
  }
  Status make_room(uint64_t cost, Notices& notices) MILLRACE_REQUIRES(mutex_);
  std::shared_ptr<Segment> oldest_closed() const MILLRACE_REQUIRES(mutex_);
  void drop_segment(const std::shared_ptr<Segment>& segment, Loss loss, Notices& notices)
      MILLRACE_REQUIRES(mutex_);
  void retire_segment(const std::shared_ptr<Segment>& segment) MILLRACE_REQUIRES(mutex_);
  void retire_if_finished(const std::shared_ptr<Segment>& segment) MILLRACE_REQUIRES(mutex_);
  void note_room(Notices& notices) MILLRACE_REQUIRES(mutex_);
  void schedule_writes() MILLRACE_REQUIRES(mutex_);
  void schedule_probe() MILLRACE_REQUIRES(mutex_);
  void add_untaken(TargetId target, const Amount& amount) MILLRACE_REQUIRES(mutex_);
  void remove_untaken(TargetId target, const Amount& amount) MILLRACE_REQUIRES(mutex_);
  Queued* find_queued(RecordId id) MILLRACE_REQUIRES(mutex_);
  std::shared_ptr<Segment> find_segment(RecordId id) const MILLRACE_REQUIRES(mutex_);
  Amount rest_or(TargetId target, RecordId id, const Amount& whole) const MILLRACE_REQUIRES(mutex_);
  void forget_rests(RecordId first, uint64_t count) MILLRACE_REQUIRES(mutex_);
  void lose_untaken(TargetId target, const Amount& amount, Loss loss, Notices& notices,
                    RecordRange range = {}) MILLRACE_REQUIRES(mutex_);
  std::string refusal_now() const MILLRACE_REQUIRES(mutex_);
  void expire(Notices& notices) MILLRACE_REQUIRES(mutex_);
  std::vector<NamedTarget> target_table() const MILLRACE_REQUIRES(mutex_);
  // A copy of what the footer or the snapshot needs, for use without the lock.
  std::vector<Segment> copy_for_done() const MILLRACE_REQUIRES(mutex_);

  // --- the write lane (committing.cc) ---
  void run_writes();
  bool gather() MILLRACE_REQUIRES(mutex_);
  bool commit_once();
  Status write_batch(const BlockBuffer& blocks);
  void watch_place();
  Status hold_directory();
  bool remove_gone_files();
  Status begin_segment();
  Status begin_segment_once();
  bool drop_oldest_for_space();
  void probe();
  void seal_active();
  bool take_batch();
  void lay_out_batch(BlockBuffer& blocks, std::vector<IndexEntry>& entries);
  void lay_out_done(BlockBuffer& blocks);
  void commit_succeeded(const BlockBuffer& blocks, const std::vector<IndexEntry>& entries);
  void commit_failed(const Error& error);
  void abandon_segment();
  void fail_records(std::vector<Queued> records, const Error& error);
  void refuse_appends(const Error& error);
  void finish_closing();

  // --- the read lane (taking.cc) ---
  void run_take(TakeRequest request);
  std::vector<SelectedSegment> select(const TakeRequest& request, Notices& notices);
  std::shared_ptr<Segment> next_segment_for(const TakeRequest& request,
                                            const std::vector<uint64_t>& passed) const
      MILLRACE_REQUIRES(mutex_);
  bool give_index(const std::shared_ptr<Segment>& segment, Notices& notices)
      MILLRACE_REQUIRES(mutex_);
  bool select_in(Segment& segment, const TakeRequest& request, size_t& bytes, SelectedSegment& into)
      MILLRACE_REQUIRES(mutex_);
  void read_segment(const TakeRequest& request, const SelectedSegment& selected,
                    std::vector<Record>& records, Notices& notices);
  io::DiskFile* reader_of(const Segment& segment, Error& error);
  void close_stale_readers();
  void give_back(TargetId target, const std::shared_ptr<Segment>& segment, const Selected& record,
                 const Error& error);
  void set_aside(TargetId target, const std::shared_ptr<Segment>& segment, const Selected& record,
                 Notices& notices);
  void note_read_failure(Segment& segment, const Error& error) MILLRACE_REQUIRES(mutex_);
  bool is_resting(const Segment& segment) const MILLRACE_REQUIRES(mutex_);
  bool gives_up_reading(const Segment& segment) const;
  void release_parked() MILLRACE_REQUIRES(mutex_);

  // --- what one destination gives up (giving_up.cc) ---
  std::optional<Oldest> find_oldest(uint64_t targets, bool looks_at_queued)
      MILLRACE_REQUIRES(mutex_);
  void give_up_record(const Oldest& oldest, size_t ordinal, const Amount& amount, Notices& notices)
      MILLRACE_REQUIRES(mutex_);
  void give_up_queued(const Oldest& oldest, Notices& notices) MILLRACE_REQUIRES(mutex_);
  void give_up_part(TargetId target, const std::shared_ptr<Segment>& segment, Loss loss,
                    Notices& notices) MILLRACE_REQUIRES(mutex_);
  std::optional<Amount> amount_known(TargetId target, const Segment& segment, size_t ordinal) const
      MILLRACE_REQUIRES(mutex_);
  uint64_t excess_of(const CapState& state) const MILLRACE_REQUIRES(mutex_);
  void check_cap_of(TargetId target) MILLRACE_REQUIRES(mutex_);
  void check_caps(Notices& notices) MILLRACE_REQUIRES(mutex_);
  void expire_part_of(const CapState& state, Notices& notices) MILLRACE_REQUIRES(mutex_);
  void keep_cap(size_t index);
  bool give_up_excess(const CapState& state, Notices& notices) MILLRACE_REQUIRES(mutex_);
  void load_for_giving_up(const std::shared_ptr<Segment>& segment) MILLRACE_REQUIRES(mutex_);

  const Options options_;
  const World world_;
  const SegmentPlace place_;
  const uint64_t
      segment_bytes_;  // of a usual segment: what the options say, or less for a small cap
  std::unique_ptr<io::DirectoryLock> directory_lock_;  // the write lane's, once open
  Observer* observer_ = nullptr;

  mutable Mutex mutex_;
  std::map<TargetId, TargetName> targets_ MILLRACE_GUARDED_BY(mutex_);
  uint64_t asked_targets_ MILLRACE_GUARDED_BY(mutex_) = 0;  // bits of those somebody asked for
  std::map<uint64_t, std::shared_ptr<Segment>> segments_ MILLRACE_GUARDED_BY(mutex_);  // by number
  std::map<RecordId, std::shared_ptr<Segment>> by_id_
      MILLRACE_GUARDED_BY(mutex_);  // those with records, by the first
  std::shared_ptr<Segment> active_
      MILLRACE_GUARDED_BY(mutex_);  // the one writer_ writes; null between two
  std::deque<uint64_t> indexed_
      MILLRACE_GUARDED_BY(mutex_);  // numbers of closed segments with an index, oldest use first
  std::deque<Queued> queue_ MILLRACE_GUARDED_BY(mutex_);
  std::vector<Queued> writing_ MILLRACE_GUARDED_BY(mutex_);
  std::vector<DoneRange> done_to_write_ MILLRACE_GUARDED_BY(mutex_);  // each within one segment
  std::array<Amount, kTargetsMax> untaken_ MILLRACE_GUARDED_BY(mutex_){};
  // Losses that the observer has not heard of. Added to under the lock; taken off (release) when it
  // has heard, read (acquire) under the lock: at 0 whoever reads sees what the observer did.
  std::atomic<uint64_t> untold_{0};
  // untaken_'s records, for who does not want the lock. Written under it, by add_untaken and
  // remove_untaken alone; seq_cst, because who makes something untaken and who stops reading must
  // not miss each other (Backlog::feed).
  std::array<std::atomic<uint64_t>, kTargetsMax> untaken_records_{};
  std::array<uint64_t, kTargetsMax> untaken_queued_
      MILLRACE_GUARDED_BY(mutex_){};  // records of them that are in no segment yet
  std::map<std::pair<TargetId, RecordId>, Amount> rests_ MILLRACE_GUARDED_BY(mutex_);
  // Segments that went while records in them were taken: first id → (id behind the last, why).
  std::map<RecordId, std::pair<RecordId, Loss>> lost_ranges_ MILLRACE_GUARDED_BY(mutex_);
  std::vector<std::string> gone_files_ MILLRACE_GUARDED_BY(mutex_);
  std::set<RecordId> quarantined_
      MILLRACE_GUARDED_BY(mutex_);  // found damaged when read, so that each is counted once
  std::vector<TakeRequest> parked_
      MILLRACE_GUARDED_BY(mutex_);  // wait for queued records to be written
  std::vector<CapState> caps_
      MILLRACE_GUARDED_BY(mutex_);  // fixed before appends begin, but for is_scheduled
  bool loads_for_giving_up_ MILLRACE_GUARDED_BY(mutex_) = false;
  uint64_t number_next_ MILLRACE_GUARDED_BY(mutex_) = 1;
  RecordId id_next_ MILLRACE_GUARDED_BY(mutex_) = 1;
  uint64_t segment_bytes_sum_ MILLRACE_GUARDED_BY(mutex_) = 0;
  uint64_t queued_bytes_ MILLRACE_GUARDED_BY(mutex_) = 0;
  bool writes_scheduled_ MILLRACE_GUARDED_BY(mutex_) = false;
  Gathering gathering_ MILLRACE_GUARDED_BY(mutex_);
  std::optional<WallTime> gathering_since_
      MILLRACE_GUARDED_BY(mutex_);  // the next commit waits for company since then
  size_t gathering_from_ MILLRACE_GUARDED_BY(mutex_) = 0;  // records that were queued at that time
  bool closes_after_gathering_ MILLRACE_GUARDED_BY(mutex_) = false;
  bool wants_new_segment_ MILLRACE_GUARDED_BY(mutex_) = false;
  bool wants_watch_ MILLRACE_GUARDED_BY(mutex_) =
      false;  // a tick asks whether the directory is still in its place
  bool refused_for_room_ MILLRACE_GUARDED_BY(mutex_) = false;
  std::optional<Error> disk_trouble_
      MILLRACE_GUARDED_BY(mutex_);  // appends are refused until a probe succeeds
  std::optional<std::string> read_trouble_ MILLRACE_GUARDED_BY(mutex_);
  WallTime probed_at_ MILLRACE_GUARDED_BY(mutex_){};
  bool is_closing_ MILLRACE_GUARDED_BY(mutex_) = false;
  std::move_only_function<void()> on_closed_ MILLRACE_GUARDED_BY(mutex_);
  Numbers numbers_ MILLRACE_GUARDED_BY(mutex_);

  // The write lane's.
  std::unique_ptr<SegmentWriter> writer_;
  // The records of writing_ while they are written without the lock. Only this lane adds and
  // removes records there; callers change flags, which are not read in that time.
  std::vector<const Queued*> batch_;
  // The read lane's: open segments, the last used at the back.
  std::vector<std::pair<uint64_t, std::unique_ptr<io::DiskFile>>> readers_;
};

}  // namespace millrace::segment_log
