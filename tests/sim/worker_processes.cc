#include "tests/sim/worker_processes.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "tests/sim/death_notice.h"

namespace millrace::sim_test {
namespace {

// In memory that all processes share.
struct Shared {
  std::atomic<uint64_t> next;  // the next seed; every process increments it
  std::atomic<bool> stopped;   // written by the parent, read before each seed
};

// --- A report as lines, "word text", the last of them "end" ------------------------------------

std::string to_lines(const SeedReport& report) {
  const auto in_one_line = [](std::string text) {
    std::ranges::replace(text, '\n', ' ');
    return text;
  };
  std::string lines = fmt::format(
      "requests {}\nitems {}\nsimulated {}\noutside {}\ncomparisons {}\nprocessor {}\n",
      report.result.requests, report.result.items, report.result.simulated.count(),
      report.result.outside_bytes, report.result.turn_comparisons, report.processor.count());
  for (const std::string& problem : report.result.problems) {
    lines += "problem " + in_one_line(problem) + "\n";
  }
  lines += "last_line " + in_one_line(report.result.last_line) + "\n";
  for (const auto& [name, times] : report.coverage.counts()) {
    lines += fmt::format("count {} {}\n", times, name);
  }
  return lines + "end\n";
}

uint64_t number_in(std::string_view text) {
  uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

void read_line(std::string_view line, SeedReport& report) {
  const size_t space = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, space);
  const std::string_view rest = line.substr(std::min(space + 1, line.size()));
  if (word == "seed") report.seed = number_in(rest);
  if (word == "requests") report.result.requests = number_in(rest);
  if (word == "items") report.result.items = number_in(rest);
  if (word == "simulated") report.result.simulated = Duration(number_in(rest));
  if (word == "comparisons") report.result.turn_comparisons = number_in(rest);
  if (word == "outside") report.result.outside_bytes = number_in(rest);
  if (word == "processor") report.processor = Duration(number_in(rest));
  if (word == "problem") report.result.problems.emplace_back(rest);
  if (word == "last_line") report.result.last_line = rest;
  if (word == "count") {
    report.coverage.count(std::string(rest.substr(rest.find(' ') + 1)), number_in(rest));
  }
}

// --- The processes -----------------------------------------------------------------------------

void write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = write(descriptor, text.data(), text.size());
    if (count <= 0) std::_Exit(1);  // the parent has ended
    text.remove_prefix(static_cast<size_t>(count));
  }
}

[[noreturn]] void play_seeds(Shared& shared, SeedRange range, SeedKind kind, int into) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The parent receives these signals and decides when to stop.
  for (const int signal : {SIGINT, SIGTERM}) std::signal(signal, SIG_IGN);
  while (!shared.stopped.load(std::memory_order_relaxed)) {
    const uint64_t index = shared.next.fetch_add(1, std::memory_order_relaxed);
    if (index >= range.count) break;
    const uint64_t seed = range.first + index;
    set_current_seed(seed);
    // Written at once, so that the parent knows the seed when this process dies of it.
    write_all(into, fmt::format("seed {}\n", seed));
    write_all(into, to_lines(play_seed(seed, kind)));
  }
  std::_Exit(0);
}

class Process {
 public:
  Process(Shared& shared, SeedRange range, SeedKind kind) {
    int ends[2];
    MILLRACE_CHECK(pipe(ends) == 0);
    pid_ = fork();
    MILLRACE_CHECK(pid_ >= 0);
    if (pid_ == 0) {
      close(ends[0]);
      play_seeds(shared, range, kind, ends[1]);
    }
    close(ends[1]);
    from_ = ends[0];
  }
  int descriptor() const { return from_; }
  bool is_over() const { return is_over_; }

  // Reads the available lines; passes on a report for each seed that ended, also with its process.
  template <class Take>
  void read_some(const Take& take) {
    char bytes[65536];
    const ssize_t count = read(from_, bytes, sizeof bytes);
    if (count < 0 && errno == EINTR) return;
    if (count <= 0) return end(take);
    text_.append(bytes, static_cast<size_t>(count));
    size_t start = 0;
    for (size_t at; (at = text_.find('\n', start)) != std::string::npos; start = at + 1) {
      const std::string_view line = std::string_view(text_).substr(start, at - start);
      if (line != "end") {
        if (!report_) report_.emplace();
        read_line(line, *report_);
        continue;
      }
      take(*std::exchange(report_, std::nullopt));
    }
    text_.erase(0, start);
  }

 private:
  template <class Take>
  void end(const Take& take) {
    int status = 0;
    close(from_);
    waitpid(pid_, &status, 0);
    is_over_ = true;
    if (!report_) return;
    report_->result.problems.push_back(WIFSIGNALED(status)
                                           ? fmt::format("died of signal {}", WTERMSIG(status))
                                           : fmt::format("died with code {}", WEXITSTATUS(status)));
    take(*std::exchange(report_, std::nullopt));
  }

  pid_t pid_ = 0;
  int from_ = -1;
  std::string text_;
  std::optional<SeedReport> report_;  // of the current seed
  bool is_over_ = false;
};

}  // namespace

void play_in_processes(SeedRange range, SeedKind kind, uint32_t process_count,
                       const std::function<bool(SeedReport)>& take) {
  void* memory =
      mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  MILLRACE_CHECK(memory != MAP_FAILED);
  auto& shared = *new (memory) Shared{.next = 0, .stopped = false};
  std::vector<Process> processes;
  for (uint32_t index = 0; index < process_count; ++index) {
    processes.emplace_back(shared, range, kind);
  }
  const auto take_one = [&](SeedReport report) {
    if (!take(std::move(report))) shared.stopped.store(true, std::memory_order_relaxed);
  };
  while (!processes.empty()) {
    std::vector<pollfd> waits;
    for (const Process& process : processes) waits.push_back({process.descriptor(), POLLIN, 0});
    if (poll(waits.data(), waits.size(), -1) < 0) continue;  // interrupted by a signal
    size_t died = 0;
    for (size_t index = 0; index < waits.size(); ++index) {
      bool is_report_of_death = false;
      if (waits[index].revents == 0) continue;
      processes[index].read_some([&](SeedReport report) {
        is_report_of_death = processes[index].is_over();
        take_one(std::move(report));
      });
      if (is_report_of_death) ++died;
    }
    std::erase_if(processes, [](const Process& process) { return process.is_over(); });
    for (; died > 0; --died) processes.emplace_back(shared, range, kind);
  }
  munmap(memory, sizeof(Shared));
}

}  // namespace millrace::sim_test
