#include "io/sim/disk_faults.h"

#include <array>
#include <utility>

namespace millrace::io::sim {
namespace {

std::string_view turn_name(DiskTurn turn) {
  switch (turn) {
    case DiskTurn::kNoSpace:
      return "no_space";
    case DiskTurn::kReadOnly:
      return "read_only";
    case DiskTurn::kLastCall:
      return "last_call";
    default:
      return "input_output";
  }
}

bool changes(DiskCall call) {
  switch (call) {
    case DiskCall::kOpenToRead:
    case DiskCall::kRead:
    case DiskCall::kSize:
    case DiskCall::kList:
    case DiskCall::kLock:
      return false;
    default:
      return true;
  }
}

DiskTurn turn_of(DiskFailure failure) {
  switch (failure) {
    case DiskFailure::kNoSpace:
      return DiskTurn::kNoSpace;
    case DiskFailure::kReadOnly:
      return DiskTurn::kReadOnly;
    default:
      return DiskTurn::kInputOutput;
  }
}

}  // namespace

std::unexpected<Error> refused(std::string_view doing, const std::string& path, DiskTurn turn) {
  const std::string what = std::string(doing) + " " + path + ": ";
  if (turn == DiskTurn::kNoSpace) {
    return fail(Code::kResourceExhausted, what + "No space left on device");
  }
  if (turn == DiskTurn::kReadOnly)
    return fail(Code::kPermissionDenied, what + "Read-only file system");
  return fail(Code::kUnavailable, what + "Input/output error");
}

std::string_view disk_call_name(DiskCall call) {
  constexpr std::array<std::string_view, 15> kNames = {
      "open_to_read",   "open_to_write",  "create",   "read",
      "write",          "sync",           "allocate", "cut",
      "size",           "rename",         "remove",   "list",
      "make_directory", "sync_directory", "lock"};
  return kNames[static_cast<size_t>(call)];
}

void DiskFaults::fail_call(uint64_t n, DiskFailure failure) {
  fail_at_ = call_count_ + n;
  failure_ = turn_of(failure);
}

void DiskFaults::fail_changes(DiskFailure failure) {
  fail_call(0, failure);
  lasting_ = failure_;
}

void DiskFaults::fail_randomly(double input_output, double no_space) {
  input_output_ = input_output;
  no_space_ = no_space;
}

void DiskFaults::halt_at_call(uint64_t n) { halt_at_ = call_count_ + n; }

void DiskFaults::heal() {
  fail_at_ = halt_at_ = 0;
  halted_ = false;
  lasting_ = DiskTurn::kFine;
  input_output_ = no_space_ = 0;
}

void DiskFaults::count_mishap(std::string name, uint64_t count) {
  mishaps_[std::move(name)] += count;
}

DiskTurn DiskFaults::next_turn(DiskCall call) {
  ++call_count_;
  if (halted_) return DiskTurn::kHalted;
  const DiskTurn turn = draw_turn(call);
  if (turn == DiskTurn::kFine) return turn;
  if (turn == DiskTurn::kLastCall) {
    halted_ = true;
  } else {
    ++failure_count_;
  }
  count_mishap(std::string(turn_name(turn)) + "." + std::string(disk_call_name(call)));
  return turn;
}

DiskTurn DiskFaults::draw_turn(DiskCall call) {
  DiskTurn turn = DiskTurn::kFine;
  if (halt_at_ != 0 && call_count_ >= halt_at_) return DiskTurn::kLastCall;
  if (fail_at_ != 0 && call_count_ == fail_at_) turn = failure_;
  if (changes(call) && lasting_ != DiskTurn::kFine) turn = lasting_;
  if (turn == DiskTurn::kFine && input_output_ > 0 && random_.chance(input_output_)) {
    turn = DiskTurn::kInputOutput;
  }
  if (turn == DiskTurn::kFine && no_space_ > 0 && changes(call) && random_.chance(no_space_)) {
    turn = DiskTurn::kNoSpace;
  }
  // Reading needs neither space nor write permission.
  return turn != DiskTurn::kFine && !changes(call) ? DiskTurn::kInputOutput : turn;
}

}  // namespace millrace::io::sim
