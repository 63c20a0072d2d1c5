// The segmented log of one storage directory: requests that must outlive the process, written once
// whatever the number of destinations that want them, until each of those is finished with them.
// The format is docs/formats/segment-log.md.
//
// A target is one account of the ledger: (signal, pipeline, destination). For each target a record
// is untaken (only on disk, nobody works on it), taken (somebody holds its bytes in memory), or
// finished. finish() is remembered lazily: after a crash a finished record may come again (at least
// once), an unfinished one always comes again.
//
// Threads: open(), target() and the destructor belong to the caller before and after everything
// else; all other calls are safe from any thread and never wait for the disk. Callbacks run on a
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

// Grows with each append; one that was on the disk is never used again in that directory.
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
  kDropOldest,  // the oldest segment goes, and what was untaken in it is told to the observer
};

struct Options {
  std::string directory;
  uint64_t segment_bytes = 64 << 20;  // preallocated; a record never crosses segments
  uint64_t bytes_max = 0;             // all segments together; 0: no limit but the disk
  Duration age_max = 0s;              // whole segments older than this are dropped; 0: never
  OnFull on_full = OnFull::kRefuse;
  bool fsync = true;
  uint32_t directory_mode = 0750;  // made when absent
};

// A limit of its own for what lies untaken for one destination, so that a dead one does not pin the
// disk of the others: past it the oldest of that destination's records alone are given up.
struct Cap {
  uint64_t payload_bytes_max = 0;  // of all its targets together; 0: none
  Duration age_max = 0s;           // kept by whole segments, so a little later; 0: none
};

// Why a record left although no target finished it.
enum class Loss : uint8_t { kDropOldest, kAgeExpired, kStorageFailed };

// Ids from `first` to before `end`.
struct RecordRange {
  RecordId first = 0;
  RecordId end = 0;
};

// Told of what the log itself gives up; called on a lane or from inside the call that caused it,
// with no lock held.
class Observer {
 public:
  // `untaken` was untaken and is gone; all of it that can be named lies in `range`, in which
  // nothing is untaken now.
  virtual void on_lost(TargetId target, Loss loss, Amount untaken, RecordRange range) = 0;
  // Appending works again, or room came; for those who wait in line.
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
  Rope bytes;            // shared, not copied; dropped once written
  struct Want {
    TargetId target;
    bool is_taken;  // the caller keeps the bytes in memory and works on them now
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
  // What of it is still owed to the target: all, or what untake() was told last.
  Amount owed;
};

enum class Order : uint8_t { kOldestFirst, kNewestFirst };

enum class GivingUp : uint8_t {
  kGivenUp,  // one record, and the observer was told
  kNothing,  // there is none
  kLater,    // how large it is has to be read from the disk first; on_room() is told then
};

// The first three are now, all others since open(). Bytes are of files, but for bytes_written
// (what was written, headers included).
struct Numbers {
  uint64_t segments = 0, bytes_on_disk = 0, bytes_max = 0;
  uint64_t records_written = 0, bytes_written = 0, commits = 0, commit_failures = 0;
  uint64_t records_recovered = 0, torn_bytes_cut = 0, records_quarantined = 0, segments_refused = 0;
};

class Log {
 public:
  // Recovers what is there and starts. Blocks on the disk. Always succeeds with a directory that
  // can be read, however damaged its contents; where it can't be written, appends are refused until
  // it can (trouble() says so). Errors: the directory can't be made, locked or read, or another
  // process has it.
  // `writes` and `reads` are lanes of their own; both outlive the log and must be idle (or never
  // run again) before it is destroyed: call close() and wait for it.
  struct World {
    io::Disk& disk;
    io::Executor& writes;
    io::Executor& reads;
    std::function<WallTime()> wall_clock;
    Logger* log = nullptr;
    // Not empty: called at each named point (README.md lists them) on the lane that is there, so
    // that a test can end the process just then.
    std::function<void(std::string_view)> at_point = {};
  };
  static Result<std::unique_ptr<Log>> open(Options options, World world);

  // The target of that name, known from an earlier run or new. Before appends begin.
  // Error: kTargetsMax are in use.
  Result<TargetId> target(const TargetName& name);
  void observe(Observer* observer);  // before appends begin
  // The cap of one destination, which has these targets; it replaces what was said about any of
  // them. Before appends begin. Kept from the first tick on, and then whenever it is passed: what
  // is too much is given up as kDropOldest, what is too old as kAgeExpired, soon but not at once.
  // Taken records don't count and stay. While the disk can't be read, the cap may be passed by what
  // lies in one segment.
  void set_cap(std::span<const TargetId> targets, const Cap& cap);
  // Targets with unfinished records that nobody has asked for since open(): named, so that the
  // caller can warn; their records stay until age or size limits take them.
  std::vector<std::pair<TargetName, Amount>> orphans() const;

  Amount untaken(TargetId target) const;  // at start: what was recovered
  // The same; nullopt while the observer has not yet heard of everything that was lost.
  std::optional<Amount> settled_untaken(TargetId target) const;
  // The same's records, without the lock: for every request. Sequentially consistent: a record that
  // is untaken when append or untake return is counted from before they return, and one that is
  // taken or given up is counted until after that was decided.
  uint64_t untaken_records(TargetId target) const;

  // Puts the record in the next commit. `on_durable` runs once on the write lane: success when it
  // is written and synced (only written where fsync is false), and the segment is still where the
  // next start looks for it. After a failure a taken record lives
  // on in memory alone; an untaken one is given to the observer as kStorageFailed.
  // Errors: kResourceExhausted full by its own limit; kUnavailable the disk refuses (with its
  // words) and is probed again later.
  using OnDurable = std::move_only_function<void(const Status&)>;
  Result<RecordId> append(NewRecord record, OnDurable on_durable);

  // The target will not need it again. Only for taken records; once.
  void finish(TargetId target, RecordId id);
  // Gives a taken record back: it is untaken again and counts as `rest` (what of it is still owed,
  // when a part of it was delivered; after a restart it comes again whole).
  void untake(TargetId target, RecordId id, Amount rest);
  // Takes untaken records and reads them: as many as fit in bytes_max, at least one if there is
  // any. `on_read` runs once on the read lane. A record found damaged is quarantined, told to the
  // observer as kStorageFailed, and left out.
  using OnRead = std::move_only_function<void(std::vector<Record>)>;
  void take(TargetId target, size_t bytes_max, Order order, OnRead on_read);

  Numbers numbers() const;
  // Empty while all is well, otherwise what a person should know.
  std::string trouble() const;
  // The part of it that refuses appends; empty while they are taken.
  std::string refusal() const;

  // What has to happen without a call: finishes are written, old segments expire, a disk that
  // refused is probed, and a directory that was removed or replaced is noticed. Call it about once
  // a second; it costs one task of the write lane with four system calls, about 3 us.
  void tick();

  // Gives up the oldest untaken record of the targets, as kDropOldest, when it is older than
  // `before`. Costs no disk access but what kLater says.
  GivingUp give_up_oldest(std::span<const TargetId> targets, RecordId before);

  // Commits what was appended and all finishes, then runs `done` on the write lane. Nothing may be
  // called afterwards but untaken(), untake() (counted, not written), numbers() and the destructor.
  void close(std::move_only_function<void()> done);

  ~Log();

 private:
  class Core;
  explicit Log(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

}  // namespace millrace::segment_log
