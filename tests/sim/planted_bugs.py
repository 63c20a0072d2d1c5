#!/usr/bin/env python3
"""Plants one bug after the other into a copy of the sources, and expects the simulation to go red.

    python3 tests/sim/planted_bugs.py              all of them
    python3 tests/sim/planted_bugs.py sync cursor  those whose name has one of the words

A bug is a text that stands once in a file and what it is replaced by; when the code has moved on and the
text is gone, that is a failure as well. Builds in build/planted, which is kept."""
import os
import re
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
COPY = os.path.join(ROOT, "build/planted")
SEEDS = 1000

# name, file, what stands there, what the bug makes of it
BUGS = [
    ("answer before sync", "src/segment_log/committing.cc",
     "    status = writer_->sync();\n", "    status = Status();\n"),
    ("no directory sync", "src/segment_log/segment_writer.cc",
     "  if (Status done = place_.disk.sync_directory(place_.directory); !done) return done;\n", ""),
    ("a failed commit is answered with success", "src/pipeline/storage.cc",
     "        mailbox->answers.push_back({std::move(waiter), status});",
     "        mailbox->answers.push_back({std::move(waiter), Status()}), (void)status;"),
    ("cursor advanced before the answer", "src/pipeline/sending.cc",
     "  slot.is_attempting = true;\n",
     "  slot.is_attempting = true;\n  for (Entry& entry : flight.entries) entry.place.reset();\n"),
    ("a record that is left on disk is finished", "src/pipeline/backlog.h",
     "    kept_.store(true, std::memory_order_relaxed);\n", ""),
    ("budget not returned", "src/memory/budget.h",
     "    if (budget_ != nullptr) budget_->release(bytes_);", "    if (bytes_ == 1) budget_->release(bytes_);"),
    ("durable is answered without waiting for the disk", "src/pipeline/intake.cc",
     "    const bool waits = policy_ == Policy::kDurable;", "    const bool waits = false;"),
    ("the disk is not read again after a backlog", "src/pipeline/backlog.cc",
     "  reads.clear();  // what was refused is untaken before anything else is read\n"
     "  reading_.store(false, std::memory_order_seq_cst);\n", "  reads.clear();\n"),
    ("a passing failure is taken for delivery", "src/pipeline/sending.cc",
     "    case Kind::kRetry:\n    case Kind::kCancelled:\n      on_retry(slot, std::move(outcome));\n      return;\n",
     "    case Kind::kRetry:\n    case Kind::kCancelled:\n      on_delivered(flight, outcome);\n      break;\n"),
    ("delivered is not entered in the ledger", "src/pipeline/settling.cc",
     "    entry.account->deliver(amount);\n", "    if (amount.items % 7 != 0) entry.account->deliver(amount);\n"),
]


def copy_when_changed(source, target):
    """So that only what a bug touches is compiled again."""
    if os.path.exists(target):
        with open(source, "rb") as one, open(target, "rb") as other:
            if one.read() == other.read():
                return
    os.makedirs(os.path.dirname(target), exist_ok=True)
    shutil.copyfile(source, target)


def build():
    subprocess.run(["cmake", "-S", COPY, "-B", os.path.join(COPY, "build"), "-G", "Ninja",
                    "-DCMAKE_BUILD_TYPE=Release", "-DMILLRACE_TESTS=ON",
                    "-DCMAKE_CXX_COMPILER_LAUNCHER=ccache", "-DCMAKE_C_COMPILER_LAUNCHER=ccache"],
                   check=True, stdout=subprocess.DEVNULL)
    return subprocess.run(["ninja", "-C", os.path.join(COPY, "build"), "sim_test"],
                          stdout=subprocess.PIPE, text=True)


def red_after():
    """The seed that fails first, or none."""
    for first in range(1, SEEDS + 1, 20):
        run = subprocess.run([os.path.join(COPY, "build/millrace-sim"), "--storage", "--first",
                              str(first), "--seeds", "20"], stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, errors="replace", timeout=600)
        if run.returncode != 0:
            said = re.search(r"seed (\d+)[ :].*", run.stdout)
            return said.group(0)[:140] if said else f"seeds {first} to {first + 19} died"
    return None


def main():
    wanted = sys.argv[1:]
    os.makedirs(COPY, exist_ok=True)
    for path in subprocess.run(["git", "-C", ROOT, "ls-files"], check=True, text=True,
                               stdout=subprocess.PIPE).stdout.splitlines():
        copy_when_changed(os.path.join(ROOT, path), os.path.join(COPY, path))
    passed = failed = 0
    for name, path, old, new in BUGS:
        if wanted and not any(word in name for word in wanted):
            continue
        target = os.path.join(COPY, path)
        with open(target, encoding="utf-8") as file:
            original = file.read()
        if original.count(old) != 1:
            print(f"failed: {name}: the text stands {original.count(old)} times in {path}")
            failed += 1
            continue
        with open(target, "w", encoding="utf-8") as file:
            file.write(original.replace(old, new))
        try:
            built = build()
            red = red_after() if built.returncode == 0 else None
        finally:
            with open(target, "w", encoding="utf-8") as file:
                file.write(original)
        if built.returncode != 0:
            print(f"failed: {name}: does not compile\n{built.stdout[-2000:]}")
        elif red is None:
            print(f"failed: {name}: {SEEDS} seeds are green")
        else:
            print(f"red: {name}: {red}")
            passed += 1
            continue
        failed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
