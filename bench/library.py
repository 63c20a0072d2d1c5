#!/usr/bin/env python3
"""What the library costs, measured: bench/library.py [--build build/release]. Needs the targets
library_bench and millrace. Says when the machine was busy with something else: figures of CPU time
hold then as well, percentiles and rates do not."""
import argparse
import json
import os
import subprocess
import sys

parser = argparse.ArgumentParser()
parser.add_argument("--build", default="build/release")
options = parser.parse_args()
bench = os.path.join(options.build, "library_bench")
millrace = os.path.join(options.build, "millrace")
failed = False


def run(*arguments):
    global failed
    done = subprocess.run([bench, *arguments], stdout=subprocess.PIPE, text=True)
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


load = os.getloadavg()[0]
print(f"machine: {os.cpu_count()} processors, load {load:.1f}"
      + (" (busy: percentiles and rates suffer)" if load > 0.5 else ""))
print("== collect, ten attributes: CPU time of the calling thread (mean), time stamps (percentiles)")
run("cost")
installed = os.path.isdir("/usr/include/opentelemetry") or os.path.isdir("/usr/local/include/opentelemetry")
print("opentelemetry-cpp:", "installed; this version has no twin for it" if installed else "not installed")
print("== collect, a metric point with four attributes: CPU time of the calling thread")
run("points")
print("== memory with 100,000 spans queued")
run("memory")
print("== as fast as it goes into millrace sink")
send(3_000_000, 0)
print("== 100,000 a second into millrace sink")
send(500_000, 100_000)
sys.exit(1 if failed else 0)
