#!/usr/bin/env python3
"""Measures the costs of the library: bench/library.py [--build build/release] [--strict]. Needs the
targets library_bench and millrace. Says when the machine was busy with something else: figures of CPU
time hold then as well, percentiles and rates do not. A goal that was missed is said so, and with
--strict it makes the exit code 1."""
import argparse
import json
import os
import subprocess
import sys

parser = argparse.ArgumentParser()
parser.add_argument("--build", default="build/release")
parser.add_argument("--strict", action="store_true", help="fail when a goal is missed")
options = parser.parse_args()
bench = os.path.join(options.build, "library_bench")
twin = os.path.join(options.build, "opentelemetry_twin")
millrace = os.path.join(options.build, "millrace")
strict = ["--strict"] if options.strict else []
LATENCY_P99_MS_MAX = 10
failed = False


def run(*arguments):
    global failed
    done = subprocess.run([bench, *arguments, *strict], stdout=subprocess.PIPE, text=True)
    failed = failed or done.returncode != 0
    print(done.stdout, end="", flush=True)


def send(count, rate):
    """Into a sink of its own, which looks for loss, repetition and time under way."""
    global failed
    sink = subprocess.Popen(
        [millrace, "sink", "--endpoint", "127.0.0.1:0", "--check-ids", "--expect", str(count),
         "--duration", "120s", "--interval", "0s", "--summary", "json"],
        stdout=subprocess.PIPE, text=True)
    line = sink.stdout.readline()
    if not line.startswith("listening on "):
        sys.exit("the sink did not start: " + line)
    run("send", "http://" + line.split()[2], str(count), str(rate))
    out, _ = sink.communicate()
    summary = json.loads(out.strip().splitlines()[-1])
    failed = failed or sink.returncode != 0
    latency = summary["latency_ms"]
    print("  at the sink: each came once:", "yes" if sink.returncode == 0 else "NO",
          " latency ms:", {key: latency[key] for key in latency})
    # As fast as it goes, what is measured is how long the line was.
    if rate != 0 and latency["p99"] >= LATENCY_P99_MS_MAX:
        print(f"  GOAL MISSED: p99 from collect to the sink below {LATENCY_P99_MS_MAX} ms")
        failed = failed or options.strict


load = os.getloadavg()[0]
print(f"machine: {os.cpu_count()} processors, load {load:.1f}"
      + (" (busy: percentiles and rates suffer)" if load > 0.5 else ""))
print("== collect, ten attributes: CPU time of the calling thread (mean), time stamps (percentiles)")
run("cost")
if os.path.exists(twin):
    print("== the same span through opentelemetry-cpp's batch processor", flush=True)
    failed = subprocess.run([twin]).returncode != 0 or failed
else:
    print("opentelemetry-cpp: not installed")
print("== collect, a metric point with four attributes: CPU time of the calling thread")
run("points")
print("== memory with 100,000 spans queued")
run("memory")
print("== as fast as it goes into millrace sink")
send(3_000_000, 0)
print("== 100,000 a second into millrace sink")
send(500_000, 100_000)
sys.exit(1 if failed else 0)
