// The segmented log of one storage directory. It keeps requests that must outlive the process until
// each destination that wants them is finished with them. A request is written once, whatever the
// number of its destinations. The format is docs/formats/segment-log.md.
//
// A target is one account of the ledger: (signal, pipeline, destination). For each target a record
// is untaken (it lies on disk only), taken (the caller holds its bytes in memory), or finished.
// finish() is written later: after a crash a finished record may be read again (delivery at least
// once), an unfinished one is always read again.
//
// Threads: open(), target(), observe() and set_cap() are called before, and the destructor after,
// all other calls. Those are safe from any thread and never wait for the disk. Callbacks run on a
// lane (io/executor.h) and must be short.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/log.h"
#include "base/metadata.h"
#include "base/result.h"
#include "base/signal.h"
#include "base/time.h"
#include "io/disk.h"
#include "io/executor.h"

namespace millrace::segment_log {

// Grows with each append. An id that was on the disk is never used again in that directory.
using RecordId = uint64_t;
using TargetId = uint16_t;  // below kTargetsMax
inline constexpr TargetId kTargetsMax = 64;

struct TargetName {
  Signal signal = Signal::kTraces;
  std::string pipeline;     // "traces/2"
  std::string destination;  // "otlp_grpc/backup"
};

// A sum over records.
struct Amount {
  uint64_t records = 0;
  uint64_t items = 0;
  uint64_t admitted_bytes = 0;  // the ledger's measure
  uint64_t payload_bytes = 0;
  Amount& operator+=(const Amount& other);
  Amount& operator-=(const Amount& other);
  friend bool operator==(const Amount&, const Amount&) = default;
};

enum class OnFull : uint8_t {
  kRefuse,      // append fails with kResourceExhausted
  kDropOldest,  // the oldest segment is dropped; the observer gets the loss of its untaken records
};

struct Options {
  std::string directory;
  uint64_t segment_bytes = 64 << 20;  // preallocated; a record never crosses segments
  uint64_t bytes_max = 0;             // all segments together; 0: no limit but the disk
  Duration age_max = 0s;              // whole segments older than this are dropped; 0: never
  OnFull on_full = OnFull::kRefuse;
  bool fsync = true;
  uint32_t directory_mode = 0750;  // of the directory, if the log creates it
};

// The limit of one destination's untaken records, so that a destination that does not answer cannot
// fill the disk for the others. Beyond it the oldest records of that destination alone are dropped.
struct Cap {
  uint64_t payload_bytes_max = 0;  // of all its targets together; 0: none
  Duration age_max = 0s;           // applied to whole segments, so a little later; 0: none
};

// Why a record was dropped before its target finished it.
enum class Loss : uint8_t { kDropOldest, kAgeExpired, kStorageFailed };

// Ids from `first` to before `end`.
struct RecordRange {
  RecordId first = 0;
  RecordId end = 0;
};

// Gets the losses of records that the log drops itself. Called on a lane, or inside the call that
// caused the loss, with no lock held.
class Observer {
 public:
  // Records of that sum were untaken and are dropped. Their ids, as far as they are known, are in
  // `range`, in which the target has no untaken record now.
  virtual void on_lost(TargetId target, Loss loss, Amount untaken, RecordRange range) = 0;
  // A call that failed or found nothing may succeed now: appends work again or have room, or a
  // segment can be read again.
  virtual void on_room() = 0;

 protected:
  ~Observer() = default;
};

struct NewRecord {
  Signal signal = Signal::kTraces;
  uint32_t item_count = 0;
  uint32_t admitted_bytes = 0;
  WallTime admitted_at;
  MetadataRef metadata;  // may be null
  Rope bytes;            // shared, not copied; released when they are written
  struct Want {
    TargetId target;
    bool is_taken;  // the caller keeps the bytes in memory and sends them itself
  };
  std::span<const Want> wants;
};

struct Record {
  RecordId id = 0;
  uint32_t item_count = 0;
  uint32_t admitted_bytes = 0;
  WallTime admitted_at;
  MetadataRef metadata;
  Bytes bytes;  // in a chunk of its own
  // The part that the target is still owed: the whole record, or the last untake()'s `rest`.
  Amount owed;
};

enum class Order : uint8_t { kOldestFirst, kNewestFirst };

enum class GivingUp : uint8_t {
  kGivenUp,  // one record was dropped, and the observer has heard of it
  kNothing,  // the targets have no such record
  kLater,    // the record's size must be read from the disk first; on_room() is called then
};

// The first three are of this moment, all others since open(). Bytes are of files, but for
// bytes_written (blocks with their headers).
struct Numbers {
  uint64_t segments = 0, bytes_on_disk = 0, bytes_max = 0;
  uint64_t records_written = 0, bytes_written = 0, commits = 0, commit_failures = 0;
  uint64_t records_recovered = 0, torn_bytes_cut = 0, records_quarantined = 0, segments_refused = 0;
};

// The memory of a record beside its payload until on_durable has run: the record, the callback and
// a list of pieces. The caller of append() reserves it.
inline constexpr size_t kPendingRecordBytes = 384;

class Log {
 public:
  // Recovers the records of the directory and starts. Blocks on the disk. Succeeds with every
  // directory that can be read, however damaged its contents; while it can't be written, appends
  // are refused (trouble() says so). Errors: the directory can't be created, locked or read, or
  // another process has it. `writes` and `reads` are two lanes for this log alone. Both outlive the
  // log and must be idle, or never run again, before it is destroyed: call close() and wait for it.
  struct World {
    io::Disk& disk;
    io::Executor& writes;
    io::Executor& reads;
    std::function<WallTime()> wall_clock;
    Logger* log = nullptr;
    // If not empty, called at each named point (README.md lists them) on the lane that reaches it,
    // so that a test can end the process there.
    std::function<void(std::string_view)> at_point = {};
  };
  static Result<std::unique_ptr<Log>> open(Options options, World world);

  // Returns the target of that name, known from an earlier run or new. Before appends begin.
  // Error: kTargetsMax are in use.
  Result<TargetId> target(const TargetName& name);
  void observe(Observer* observer);  // before appends begin
  // Sets the cap of one destination, which has these targets, and removes all earlier caps of any
  // of them. Before appends begin. Applied from the first tick on, and then whenever it is
  // exceeded: the excess is dropped as kDropOldest, records that are too old as kAgeExpired, soon
  // but not at once. Taken records do not count and stay. While the disk can't be read, the records
  // of one segment may exceed the cap.
  void set_cap(std::span<const TargetId> targets, const Cap& cap);
  // Returns the targets with untaken records for which target() was not called since open(), so
  // that the caller can warn. Their records stay until the limits of age or size drop them.
  std::vector<std::pair<TargetName, Amount>> orphans() const;

  // Returns the sum of the target's untaken records; after open() that is what was recovered.
  Amount untaken(TargetId target) const;
  // The same; nullopt while the observer has not yet heard of every loss.
  std::optional<Amount> settled_untaken(TargetId target) const;
  // The number of the same records, read without the lock: cheap enough for every request.
  // Sequentially consistent: a record that append or untake leaves untaken is counted before they
  // return, and a record is counted until it is taken or dropped.
  uint64_t untaken_records(TargetId target) const;

  // Puts the record into the next commit. `on_durable` runs once on the write lane: with success
  // when the record is written and synced (only written if fsync is false) and its segment is still
  // where the next start looks for it. After a failure a taken record exists in memory only; an
  // untaken one is lost, which the observer gets as kStorageFailed.
  // Errors: kResourceExhausted: the log is full by its own limit; kUnavailable: the disk refuses
  // (with the system's text) and is probed again later.
  using OnDurable = std::move_only_function<void(const Status&)>;
  Result<RecordId> append(NewRecord record, OnDurable on_durable);

  // The target does not need the record again. Precondition: it is taken. Once for each record.
  void finish(TargetId target, RecordId id);
  // Makes a taken record untaken again. It counts as `rest`: the part that is still owed after the
  // other part was delivered. After a restart the record counts as a whole again.
  void untake(TargetId target, RecordId id, Amount rest);
  // Takes untaken records and reads them: as many as fit in bytes_max, at least one if there is
  // any. `on_read` runs once on the read lane. A damaged record is quarantined, lost as
  // kStorageFailed, and left out.
  using OnRead = std::move_only_function<void(std::vector<Record>)>;
  void take(TargetId target, size_t bytes_max, Order order, OnRead on_read);

  Numbers numbers() const;
  // Returns in words why the disk can't be written or read, or that the log is full; empty: none.
  std::string trouble() const;
  // The same, but only reasons that refuse appends; empty while appends are accepted.
  std::string refusal() const;

  // Does what is due without a call: writes finishes, drops old segments, probes a disk that
  // refused, and notices a directory that was removed or replaced. Call it about once a second; it
  // costs one task of the write lane with four system calls, about 3 us.
  void tick();

  // Drops the oldest untaken record of the targets, as kDropOldest, if its id is below `before`. No
  // disk access, except as kLater says.
  GivingUp give_up_oldest(std::span<const TargetId> targets, RecordId before);

  // Commits all pending records and all finishes, then runs `done` on the write lane. After close()
  // only untaken(), untake() (counted, not written), numbers() and the destructor may be called.
  void close(std::move_only_function<void()> done);

  ~Log();

 private:
  struct Parts;
  explicit Log(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace millrace::segment_log
