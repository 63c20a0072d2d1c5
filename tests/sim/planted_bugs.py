#!/usr/bin/env python3
"""Plants one bug after the other into a copy of the sources, and expects a simulation to fail: that of the
collector, or for keyed state that of the component.

    python3 tests/sim/planted_bugs.py              all of them
    python3 tests/sim/planted_bugs.py sync cursor  those whose name has one of the words

A bug is a text that occurs once in the sources of a component, and its replacement. It is a failure as
well when the text no longer occurs. Builds in build/planted, which is kept, with the flags of a
preset of the project, so that ccache has the files that no bug changes."""
import os
import re
import resource
import shutil
import subprocess
import sys
import time
from typing import NamedTuple

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
COPY = os.path.join(ROOT, "build/planted")
SEEDS = 1000
# For all seeds of one bug, because a bug may keep a seed from ending.
SECONDS_MAX = 900


class Simulation(NamedTuple):
    """A program that fails with a bug: the preset of its build, its target, and how it is called."""
    preset: str
    target: str
    program: str
    arguments: list
    variables: dict = {}


# Most bugs are found by the collector over a disk.
STORAGE = Simulation("release-tests", "sim_test", "millrace-sim",
                     ["--storage", "--seeds", str(SEEDS), "--jobs", "0", "--until-failed"])
# The build that counts the work of a turn (work_watch.h). Seeds without a disk have the largest messages.
COUNTING = Simulation("asan", "sim_test", "millrace-sim", ["--seeds", "200", "--jobs", "0", "--until-failed"])
# A component that the collector does not use yet.
KEYED_STATE = Simulation("release-tests", "keyed_state_test", "keyed_state_test",
                         ["--gtest_filter=KeyedStateSimulation.*"], {"MILLRACE_KEYED_SEEDS": str(SEEDS)})

# name, component, original text, text with the bug, and the simulation unless it is STORAGE
BUGS = [
    ("answer before sync", "src/segment_log",
     "  if (Status synced = writer.sync(); !synced) return synced;\n", ""),
    ("no directory sync", "src/segment_log",
     "  if (Status done = place_.disk.sync_directory(place_.directory); !done) return done;\n", ""),
    ("a failed commit is answered with success", "src/storage",
     "        mailbox->answers.push_back({std::move(waiter), status});",
     "        mailbox->answers.push_back({std::move(waiter), Status()}), (void)status;"),
    ("cursor advanced before the answer", "src/destination",
     "      record_(std::move(terms.record)),\n", "      record_(),\n"),
    ("a record that is left on disk is finished", "src/storage",
     "  const bool is_left = is_left_.load(std::memory_order_relaxed);\n", "  const bool is_left = false;\n"),
    ("budget not returned", "src/memory",
     "    budget_.release(term, chunk->capacity);\n", "    (void)term;\n"),
    ("durable is answered without waiting for the disk", "src/graph",
     "  const bool waits = policy_ == Policy::kDurable;", "  const bool waits = false;"),
    ("the disk is not read again after a backlog", "src/storage",
     "  reads.clear();  // what was refused is untaken before anything else is read\n  end_reading();\n",
     "  reads.clear();\n"),
    ("a passing failure is taken for delivery", "src/destination",
     "    case Kind::kCancelled:\n      if (retry(slot, outcome, answer.begins_outage)) {\n",
     "    case Kind::kCancelled:\n      settlement_.deliver(flight, outcome);\n      if (false) {\n"),
    ("delivered is not entered in the ledger", "src/destination",
     "    book_.deliver(owed.account(), amount - refused);\n",
     "    if (amount.items % 7 != 0) book_.deliver(owed.account(), amount - refused);\n"),
    ("what is read back and finds no room in the budget is dropped", "src/storage",
     "      read.give_back();\n      continue;\n", "      continue;\n"),
    ("a response takes less memory in the budget than it has", "src/transport",
     "  return Reservation::try_make(budget, MemoryTerm::kResponses, bytes);\n",
     "  return Reservation::try_make(budget, MemoryTerm::kResponses, bytes / 64 + 1);\n"),
    ("a walk never gives the loop back", "src/otlp",
     "    if (__builtin_expect(at >= checkpoint, 0)) tell(at);\n", "    (void)at;\n", COUNTING),
    ("an edit is applied twice", "src/graph",
     "    Result<ProcessorResult> result = processors_[i]->process(payload, work);\n",
     "    if (payload.item_count % 5 == 4) (void)processors_[i]->process(payload, work);\n"
     "    Result<ProcessorResult> result = processors_[i]->process(payload, work);\n"),
    ("a filtered item is counted as delivered", "src/graph",
     "    if (filtered.items != 0) book.filter(*output.account, filtered);\n",
     "    if (filtered.items != 0) book.deliver(*output.account, filtered);\n"),
    ("a key has two owners", "src/keyed_state",
     "    if (owner != worker_) {\n      put(owner, std::move(parcel));\n",
     "    if (owner != worker_ && parcel.item_count % 5 != 0) {\n      put(owner, std::move(parcel));\n", KEYED_STATE),
    ("the owner of a key is woken only once", "src/keyed_state",
     "  mailbox.begin_taking();\n", "", KEYED_STATE),
    ("a refused hand-over keeps its room with the other owners", "src/keyed_state",
     "      owners_.mailbox(parcels[back].owner).release(parcels[back].parcel.bytes.size());\n", "", KEYED_STATE),
]


def write_when_changed(path, content):
    """Makes a copy in which only files with a bug are compiled again."""
    if os.path.exists(path):
        with open(path, "rb") as file:
            if file.read() == content:
                return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)


def copy_sources():
    for path in subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard"], check=True, text=True,
                               stdout=subprocess.PIPE).stdout.splitlines():
        source = os.path.join(ROOT, path)
        if os.path.isfile(source):
            with open(source, "rb") as file:
                write_when_changed(os.path.join(COPY, path), file.read())
            shutil.copymode(source, os.path.join(COPY, path))


def build(simulation):
    folder = os.path.join(COPY, "build", simulation.preset)
    # Paths in the cache are relative to the copy, as those of the preset are to the original.
    environment = dict(os.environ, CCACHE_BASEDIR=COPY, CCACHE_NOHASHDIR="1")
    if not os.path.exists(os.path.join(folder, "build.ninja")):
        subprocess.run(["cmake", "--preset", simulation.preset], cwd=COPY, env=environment, check=True,
                       stdout=subprocess.DEVNULL)
    return subprocess.run(["ninja", "-C", folder, "-j", str(os.cpu_count()), simulation.target], env=environment,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def red_after(simulation):
    """The first failing seed's message, or None."""
    command = [os.path.join(COPY, "build", simulation.preset, simulation.program), *simulation.arguments]
    try:
        run = subprocess.run(command, env={**os.environ, **simulation.variables}, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, errors="replace", timeout=SECONDS_MAX)
    except subprocess.TimeoutExpired:
        return None
    if run.returncode == 0:
        return None
    said = re.search(r"^seed (\d+)[ :].*", run.stdout, re.MULTILINE) or re.search(r"seed \d+", run.stdout)
    return said.group(0)[:140] if said else None


def find(folder, text):
    """The sources of a component, without tests, that contain the text; one entry per occurrence."""
    found = []
    for directory, _, names in os.walk(os.path.join(ROOT, folder)):
        for name in sorted(names):
            if not name.endswith((".cc", ".h")) or re.search(r"_(test|bench|fuzz)\.cc$", name):
                continue
            path = os.path.relpath(os.path.join(directory, name), ROOT)
            with open(os.path.join(ROOT, path), encoding="utf-8") as file:
                found += [path] * file.read().count(text)
    return found


def plant(bug):
    """Returns a line for the log, and whether the simulation found the bug."""
    name, folder, old, new, *simulation = bug
    simulation = simulation[0] if simulation else STORAGE
    started = time.monotonic()
    found = find(folder, old)
    if len(found) != 1:
        return f"failed: {name}: the text stands {len(found)} times in {folder}", False
    path = found[0]
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        original = file.read()
    try:
        write_when_changed(os.path.join(COPY, path), original.replace(old, new).encode())
        built = build(simulation)
        if built.returncode != 0:
            return f"failed: {name}: does not compile\n{built.stdout[-2000:]}", False
        built_after = time.monotonic() - started
        red = red_after(simulation)
    finally:
        write_when_changed(os.path.join(COPY, path), original.encode())
    if red is None:
        return f"failed: {name}: its seeds are green", False
    return f"red: {name}: {red} ({built_after:.0f} s to build, {time.monotonic() - started:.0f} s in all)", True


def main():
    wanted = sys.argv[1:]
    copy_sources()
    passed = failed = 0
    for bug in BUGS:
        if wanted and not any(word in bug[0] for word in wanted):
            continue
        line, is_red = plant(bug)
        print(line, flush=True)
        passed += is_red
        failed += not is_red
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"{used.ru_utime + used.ru_stime:.0f} s of processor time")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
