#!/usr/bin/env python3
"""Builds the fuzz targets and runs them in rounds, each for its share of the time.

    tests/fuzz/run.py --minutes-each 60 --jobs 2
    tests/fuzz/run.py --hours-total 4 --only http --only yaml
    tests/fuzz/run.py --summary
    tests/fuzz/run.py --minimize

Rounds let a run that ends early cover all targets equally. New inputs stay in
build/PRESET/corpus/TARGET, where the next run begins; sums over all runs of a build are in
build/PRESET/fuzz/totals.json, inputs that cause a failure in build/PRESET/fuzz/findings/TARGET.
Exits 1 when there was a finding. Needs a build with clang (preset asan)."""
import argparse
import json
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SEEDS = os.path.join(ROOT, "fuzz")
INPUT_BYTES_MAX = 65536
SECONDS_PER_INPUT_MAX = 25
RSS_MIB_MAX = 2048
# A round that had to be killed: its time, and this margin.
SECONDS_LATE_MAX = 120


def target_names():
    """The names of the targets as millrace_component() forms them from the sources."""
    names = []
    for top in ("src", "daemon", "tests"):
        for _, _, files in os.walk(os.path.join(ROOT, top)):
            names += [f[:-3] for f in files if f.endswith("_fuzz.cc")]
    return sorted(names)


def environment():
    """Reports have functions and lines if a symbolizer is installed."""
    tool = shutil.which("llvm-symbolizer-19") or shutil.which("llvm-symbolizer")
    return {**os.environ, **({"ASAN_SYMBOLIZER_PATH": tool} if tool else {})}


class Totals:
    """The sums of all runs of this build. Any thread."""

    def __init__(self, path):
        self.path = path
        self.lock = threading.Lock()
        self.targets = {}
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                self.targets = json.load(file)

    def add(self, name, run):
        with self.lock:
            sums = self.targets.setdefault(
                name, {"executions": 0, "seconds": 0.0, "rounds": 0, "findings": 0,
                       "edges_first": run["edges_first"], "features_first": run["features_first"]})
            for key in ("executions", "seconds", "findings"):
                sums[key] += run[key]
            sums["rounds"] += 1
            for key in ("edges", "features", "corpus_files"):
                sums[key] = run[key]
            with open(self.path + ".new", "w", encoding="utf-8") as file:
                json.dump(self.targets, file, indent=1, sort_keys=True)
            os.replace(self.path + ".new", self.path)

    def table(self):
        lines = [f"{'target':28} {'executions':>13} {'minutes':>8} {'a second':>9} "
                 f"{'edges':>15} {'features':>17} {'corpus':>7} {'findings':>8}"]
        executions = seconds = findings = 0
        with self.lock:
            for name, sums in sorted(self.targets.items()):
                executions += sums["executions"]
                seconds += sums["seconds"]
                findings += sums["findings"]
                edges = f"{sums['edges_first']} → {sums['edges']}"
                features = f"{sums['features_first']} → {sums['features']}"
                rate = sums["executions"] / max(sums["seconds"], 0.001)
                lines.append(
                    f"{name:28} {sums['executions']:13,} {sums['seconds'] / 60:8.1f} {rate:9,.0f} "
                    f"{edges:>15} {features:>17} {sums['corpus_files']:7} {sums['findings']:8}")
        lines.append(f"{'all ' + str(len(self.targets)):28} {executions:13,} {seconds / 60:8.1f} "
                     f"{'':51} {findings:8}")
        return "\n".join(lines)


def read_output(text):
    """Reads the figures of one libFuzzer run from its report."""
    run = {"executions": 0, "edges": 0, "features": 0, "edges_first": 0, "features_first": 0}
    found = re.findall(r"^stat::number_of_executed_units:\s*(\d+)", text, re.M)
    found = found or re.findall(r"^#(\d+)\s", text, re.M)
    if found:
        run["executions"] = int(found[-1])
    progress = re.findall(r"^#\d+\s.*?cov: (\d+) ft: (\d+)", text, re.M)
    if progress:
        run["edges_first"], run["features_first"] = map(int, progress[0])
        run["edges"], run["features"] = map(int, progress[-1])
    return run


class Runner:
    def __init__(self, build):
        self.build = build
        self.work = os.path.join(build, "fuzz")
        os.makedirs(self.work, exist_ok=True)
        self.totals = Totals(os.path.join(self.work, "totals.json"))
        self.stopping = threading.Event()
        self.processes = set()
        self.lock = threading.Lock()

    def folder(self, *parts):
        path = os.path.join(self.build, *parts)
        os.makedirs(path, exist_ok=True)
        return path

    def command(self, name, *arguments):
        command = [os.path.join(self.build, name), f"-rss_limit_mb={RSS_MIB_MAX}",
                   f"-max_len={INPUT_BYTES_MAX}", f"-timeout={SECONDS_PER_INPUT_MAX}", *arguments]
        dictionary = os.path.join(SEEDS, name + ".dict")
        if os.path.exists(dictionary):
            command.append("-dict=" + dictionary)
        return command

    def corpora(self, name):
        seeds = os.path.join(SEEDS, name)
        return [self.folder("corpus", name)] + ([seeds] if os.path.isdir(seeds) else [])

    def start(self, command, log):
        with self.lock:
            if self.stopping.is_set():
                return None
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.work,
                                       env=environment())
            self.processes.add(process)
            return process

    def stop(self, *_):
        self.stopping.set()
        for process in list(self.processes):
            process.terminate()

    def fuzz(self, name, seconds):
        """Runs one round of one target. Returns its figures, or None when no time was left."""
        findings = self.folder("fuzz", "findings", name)
        before = set(os.listdir(findings))
        log_path = os.path.join(self.folder("fuzz", "logs"), name + ".log")
        began = time.monotonic()
        with open(log_path, "wb") as log:
            process = self.start(
                self.command(name, f"-max_total_time={max(1, round(seconds))}",
                             "-print_final_stats=1", f"-artifact_prefix={findings}/",
                             *self.corpora(name)), log)
            if process is None:
                return None
            try:
                code = process.wait(seconds + SECONDS_LATE_MAX)
            except subprocess.TimeoutExpired:
                process.kill()
                code = process.wait()
            self.processes.discard(process)
        with open(log_path, encoding="utf-8", errors="replace") as log:
            text = log.read()
        run = read_output(text)
        run["seconds"] = time.monotonic() - began
        run["corpus_files"] = len(os.listdir(self.corpora(name)[0]))
        run["artifacts"] = sorted(f for f in set(os.listdir(findings)) - before
                                  if not f.startswith("slow-unit"))
        run["findings"] = 0
        if code != 0 and not self.stopping.is_set():
            run["findings"] = max(1, len(run["artifacts"]))
            kept = os.path.join(findings, f"report-{int(time.time())}.log")
            shutil.copyfile(log_path, kept)
            print(f"FINDING in {name} (exit code {code}): {kept}", *run["artifacts"], flush=True)
        self.totals.add(name, run)
        return run

    def run_all(self, names, seconds_each, round_seconds, jobs):
        """Gives every target seconds_each, in rounds. Returns the findings."""
        left = {name: seconds_each for name in names}
        found = rounds = 0
        while left and not self.stopping.is_set():
            rounds += 1
            waiting = queue.Queue()
            for name in left:
                waiting.put(name)
            runs = {}

            def work():
                while not self.stopping.is_set():
                    try:
                        name = waiting.get_nowait()
                    except queue.Empty:
                        return
                    runs[name] = self.fuzz(name, min(round_seconds, left[name]))

            workers = [threading.Thread(target=work) for _ in range(jobs)]
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()
            done = [run for run in runs.values() if run]
            found += sum(run["findings"] for run in done)
            print(f"round {rounds}: {sum(run['executions'] for run in done):,} executions of "
                  f"{len(done)} targets, {found} findings until now", flush=True)
            print(self.totals.table(), flush=True)
            left = {name: rest - round_seconds for name, rest in left.items()
                    if rest - round_seconds >= 1}
        return found

    def minimize(self, name, bytes_max, files_max):
        """Replaces the seeds named by a hash with the smallest set that reaches the same code as
        the build's corpus and the seeds together. Seeds with other names stay."""
        seeds = os.path.join(SEEDS, name)
        os.makedirs(seeds, exist_ok=True)
        merged = os.path.join(self.work, "merged", name)
        shutil.rmtree(merged, ignore_errors=True)
        os.makedirs(merged)
        named = [f for f in os.listdir(seeds) if not re.fullmatch("[0-9a-f]{40}", f)]
        for file in named:
            shutil.copy(os.path.join(seeds, file), merged)
        with open(os.path.join(self.folder("fuzz", "logs"), name + ".merge.log"), "wb") as log:
            subprocess.run(self.command(name, "-set_cover_merge=1", merged, seeds,
                                        self.corpora(name)[0]),
                           stdout=log, stderr=log, cwd=self.work, check=True)
        chosen = sorted((f for f in os.listdir(merged) if f not in named),
                        key=lambda f: (os.path.getsize(os.path.join(merged, f)), f))
        for file in os.listdir(seeds):
            if file not in named:
                os.remove(os.path.join(seeds, file))
        size = sum(os.path.getsize(os.path.join(seeds, f)) for f in named)
        kept = 0
        for file in chosen:
            size += os.path.getsize(os.path.join(merged, file))
            if size > bytes_max or kept == files_max:
                break
            shutil.copy(os.path.join(merged, file), seeds)
            kept += 1
        if not os.listdir(seeds):
            os.rmdir(seeds)
        print(f"{name:28} {len(named)} seeds with names, {kept} of {len(chosen)} chosen", flush=True)


def build(preset, names):
    folder = os.path.join(ROOT, "build", preset)
    if not os.path.exists(os.path.join(folder, "build.ninja")):
        subprocess.run(["cmake", "--preset", preset], cwd=ROOT, check=True,
                       stdout=subprocess.DEVNULL)
    everything = names == target_names()
    subprocess.run(["cmake", "--build", folder, "--target",
                    *(["fuzz_targets"] if everything else names)], check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--preset", default="asan", help="the build below build/ (asan)")
    time_group = parser.add_mutually_exclusive_group()
    time_group.add_argument("--minutes-each", type=float, help="for each target (1)")
    time_group.add_argument("--hours-total", type=float, help="wall time for all targets")
    parser.add_argument("--jobs", type=int, default=2, help="targets at once (2)")
    parser.add_argument("--round-seconds", type=float, default=120, help="time of a target in a round")
    parser.add_argument("--only", action="append", default=[], help="only targets with that in the name")
    parser.add_argument("--no-build", action="store_true", help="run the existing build")
    parser.add_argument("--list", action="store_true", help="print the targets' names")
    parser.add_argument("--summary", action="store_true", help="print the sums of all runs only")
    parser.add_argument("--minimize", action="store_true",
                        help="add new inputs of the build's corpora to fuzz/")
    parser.add_argument("--bytes-max", type=int, default=50_000,
                        help="maximum size of one target's seeds after --minimize (50000)")
    parser.add_argument("--files-max", type=int, default=200,
                        help="maximum of chosen seeds, beside those with names (200)")
    arguments = parser.parse_args()
    names = [name for name in target_names()
             if not arguments.only or any(part in name for part in arguments.only)]
    if not names:
        parser.error("no target has that in its name")
    if arguments.list:
        print("\n".join(names))
        return 0
    runner = Runner(os.path.join(ROOT, "build", arguments.preset))
    if arguments.summary:
        print(runner.totals.table())
        return 0
    if not arguments.no_build:
        build(arguments.preset, names)
    if arguments.minimize:
        for name in names:
            runner.minimize(name, arguments.bytes_max, arguments.files_max)
        return 0
    signal.signal(signal.SIGINT, runner.stop)
    signal.signal(signal.SIGTERM, runner.stop)
    seconds_each = (arguments.minutes_each or 1) * 60
    if arguments.hours_total:
        seconds_each = arguments.hours_total * 3600 * arguments.jobs / len(names)
    found = runner.run_all(names, seconds_each, min(arguments.round_seconds, seconds_each),
                           arguments.jobs)
    print(f"{len(names)} targets, {found} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
