#!/usr/bin/env python3
"""Instructions that the collector executes for fixed requests, beside those in instructions.json.

Red: a case takes more than 3 % more. The rig (instructions_rig.cc) runs in a simulated world under
callgrind, so that neither the machine's load nor its clock changes a count. The numbers hold for
Debian 12 (its g++, its libraries and its valgrind) on x86-64 with AVX2.

  bench/instructions.py               all cases
  bench/instructions.py --update      writes the counts of this tree to instructions.json
  bench/instructions.py --runs 5      each case five times, with the spread
  bench/instructions.py --only http --files   which source files the instructions lie in
  bench/instructions.py --ratios       what processors cost beside passing through, with the goals
"""
import argparse
import concurrent.futures
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
NUMBERS = os.path.join(ROOT, "bench/instructions.json")
RED_BEYOND = 0.03
CASES = ([f"{protocol} {spans} {policy}" for protocol in ("grpc", "http") for spans in (10, 100, 1000)
          for policy in ("accepted", "durable")]
         + ["grpc 100 accepted edit", "grpc 100 accepted gzip-in", "grpc 100 accepted gzip-out",
            "http 100 accepted gzip-in gzip-out", "idle"]
         + [f"grpc 100 accepted {processor}" for processor in
            ("filter-resource", "filter-attribute", "filter-pattern", "ottl-resource", "ottl-set",
             "ten-statements", "redaction", "cards", "redaction cards")])


def self_costs(path):
    """The instructions in a callgrind file by source file, calls not included."""
    names, costs, file, after_calls = {}, {}, "?", False
    with open(path, errors="replace") as lines:
        for line in lines:
            found = re.match(r"(fl|fi|fe)=\((\d+)\)(?: (.*))?$", line)
            if found:
                _, number, name = found.groups()
                file = names.setdefault(number, name or "?")
            elif line.startswith("calls="):
                after_calls = True
            elif line[0] in "0123456789+-*":
                if not after_calls:
                    costs[file] = costs.get(file, 0) + int(line.split()[1])
                after_calls = False
    return costs


# The most that a processor may cost, beside the same request without it.
GOALS = {"filter-resource": 1.1, "filter-attribute": 1.4, "filter-pattern": 1.4, "ottl-resource": 1.1,
         "ottl-set": 1.8, "ten-statements": 3.0, "redaction": 4.0, "redaction cards": 4.0}


def print_ratios(counts):
    """`counts`: instructions by case."""
    print(f"{'':20} {'instructions':>12} {'ratio':>6} {'goal':>5}   a request of 100 spans over gRPC")
    for name, goal in GOALS.items():
        case = f"grpc 100 accepted {name}"
        through = "grpc 100 accepted cards" if name.endswith(" cards") else "grpc 100 accepted"
        if case not in counts or through not in counts:
            continue
        ratio = counts[case] / counts[through]
        print(f"{name:20} {counts[case]:12} {ratio:6.2f} {goal:5}{'   over the goal' if ratio > goal else ''}")


class Measured:
    def __init__(self, per_unit, files):
        self.per_unit, self.files = per_unit, files


numbers = itertools.count()


def measure(rig, case, folder):
    """Instructions for each request (of `idle`: for each second)."""
    out = os.path.join(folder, f"{case}.{next(numbers)}".replace(" ", "-"))
    # Symbols looked up at the first call would be counted; the rest of the environment is not needed.
    environment = {"PATH": os.environ["PATH"], "LD_BIND_NOW": "1", "LC_ALL": "C"}
    run = subprocess.run(["valgrind", "--tool=callgrind", "--collect-atstart=no",
                          f"--callgrind-out-file={out}", rig, *case.split()],
                         capture_output=True, text=True, env=environment, cwd=folder)
    if run.returncode != 0:
        raise RuntimeError(f"{case}: {run.stderr[-2000:]}")
    units = int(run.stdout)
    with open(out, errors="replace") as lines:
        total = next(int(line.split()[1]) for line in lines if line.startswith(("summary:", "totals:")))
    files = {file: cost / units for file, cost in self_costs(out).items()}
    os.remove(out)
    return Measured(total / units, files)


def print_files(measured):
    for file, cost in sorted(measured.files.items(), key=lambda item: -item[1])[:40]:
        # An object from the compiler's cache names the tree that compiled it.
        name = re.sub(r".*/(src/(?!nptl))", r"\1", file)
        print(f"    {cost:12.0f}  {100 * cost / measured.per_unit:5.1f} %  {name}")


def missing():
    """Why the counts cannot be taken here, or nothing."""
    if shutil.which("valgrind") is None:
        return "valgrind is not installed"
    with open("/proc/cpuinfo") as cpus:
        if " avx2 " not in cpus.read():
            return "the numbers are those of a processor with AVX2"
    return None


def measure_all(options):
    with tempfile.TemporaryDirectory(prefix="millrace-instructions.") as folder, \
            concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        runs = {case: [pool.submit(measure, options.rig, case, folder) for _ in range(options.runs)]
                for case in CASES if not options.only or all(word in case.split() for word in options.only)}
        return {case: [run.result() for run in started] for case, started in runs.items()}


def compare(case, measured, expected):
    """Prints one line; whether the case is good."""
    count = min(run.per_unit for run in measured)
    spread = max(run.per_unit for run in measured) / count - 1
    line = f"{case:36} {count:12.0f}"
    if len(measured) > 1:
        line += f"  spread {100 * spread:.3f} %"
    if case not in expected:
        print(line + "  no number to compare with (--update)")
        return False
    change = count / expected[case] - 1
    good = change <= RED_BEYOND
    line += f"  {100 * change:+6.2f} %"
    if not good:
        line += f"  RED: {expected[case]} in instructions.json"
    elif change < -RED_BEYOND:
        line += "  cheaper: write the new number with --update"
    print(line)
    return good


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--only", nargs="*", default=[], metavar="WORD", help="cases that have all words")
    parser.add_argument("--files", action="store_true")
    parser.add_argument("--ratios", action="store_true",
                        help="prints what processors cost by instructions.json and measures nothing")
    parser.add_argument("--rig", default=os.path.join(ROOT, "build/release-tests/instructions_rig"))
    options = parser.parse_args(arguments)
    if (why := missing()) is not None:
        print(f"skipped: instruction counts: {why}")
        return 0
    expected = {}
    if os.path.exists(NUMBERS):
        with open(NUMBERS) as file:
            expected = json.load(file)
    if options.ratios:
        print_ratios(expected)
        return 0
    measured = measure_all(options)
    if options.update:
        expected.update({case: round(min(run.per_unit for run in runs)) for case, runs in measured.items()})
        with open(NUMBERS, "w") as out:
            json.dump(expected, out, indent=1)
            out.write("\n")
    good = 0
    for case, runs in measured.items():
        good += compare(case, runs, expected)
        if options.files:
            print_files(runs[0])
    print(f"{good} passed, {len(measured) - good} failed")
    return 0 if good == len(measured) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
