#!/usr/bin/env python3
"""kill -9 in a loop: no item that was acknowledged as durable may be missing in the end."""
import argparse
import http.client
import multiprocessing
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "bench"))
from processes import free_port  # noqa: E402

NUMBER = re.compile(rb"item-([0-9a-f]{12})")
SENDERS = 4
PADDING = b"x" * 3000  # so that segments of 1 MiB fill within a few cycles
CONFIGURATION = """\
receivers:
  otlp:
    protocols:
      http:
        endpoint: 127.0.0.1:{receiver}
extensions:
  file_storage:
    directory: {directory}
    create_directory: true
    segment_size: 1048576
exporters:
  otlp_http:
    endpoint: http://127.0.0.1:{sink}
    compression: none
    timeout: 2s
    retry_on_failure: {{initial_interval: 20ms, max_interval: 200ms, max_elapsed_time: 0}}
    sending_queue: {{storage: file_storage, queue_size: 1000000}}
service:
  extensions: [file_storage]
  pipelines:
    traces:
      receivers: [otlp]
      exporters: [otlp_http]
  telemetry:
    metrics:
      level: none
"""


def field(number, body):
    """Encodes a length-delimited protobuf field."""
    size, out = len(body), bytes([number << 3 | 2])
    while size > 0x7F:
        out += bytes([size & 0x7F | 0x80])
        size >>= 7
    return out + bytes([size]) + body


def request_of(numbers):
    """Encodes an ExportTraceServiceRequest with a span for each number."""
    spans = b"".join(
        field(2, field(1, number.to_bytes(16, "big")) + field(2, (number + 1).to_bytes(8, "big"))
              + field(5, b"item-%012x" % number + PADDING))
        for number in numbers)
    return field(1, field(2, spans))


class Counts:
    """A small count for each item's number; one byte each, so that millions of items fit."""

    def __init__(self):
        self.bytes = bytearray(1 << 16)

    def add(self, number):
        while number >= len(self.bytes):
            self.bytes.extend(bytes(len(self.bytes)))
        self.bytes[number] = min(255, self.bytes[number] + 1)

    def __getitem__(self, number):
        return self.bytes[number] if number < len(self.bytes) else 0

    def numbers(self):
        return (match.start() for match in re.finditer(rb"[^\0]", self.bytes, re.DOTALL))

    def total(self):
        return len(self.bytes) - self.bytes.count(0)


class Sink:
    """A sink that counts every item, and sometimes answers 503 or slowly."""

    def __init__(self, rng):
        self.times, self.lock, self.mood = Counts(), threading.Lock(), "good"
        self.foreign = 0  # numbers that no sender has sent
        self.rng = rng
        self.next_of_senders = lambda: 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if outer.mood == "refuses":
                    self.answer(503)
                    return
                if outer.mood == "slow":
                    time.sleep(0.02)
                with outer.lock:
                    for number in NUMBER.findall(body):
                        number = int(number, 16)
                        if number < outer.next_of_senders():
                            outer.times.add(number)
                        else:
                            outer.foreign += 1
                self.answer(200)

            def answer(self, status):
                self.send_response(status)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

            def handle(self):
                try:
                    super().handle()
                except (ConnectionError, BrokenPipeError):
                    pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class Senders:
    """Sends as fast as answers arrive, and records the items that were answered with 200."""

    def __init__(self, port):
        self.port, self.acknowledged, self.next = port, Counts(), 1
        self.lock, self.stop = threading.Lock(), False
        self.threads = []

    def start(self):
        self.stop = False
        self.threads = [threading.Thread(target=self.send, daemon=True) for _ in range(SENDERS)]
        for thread in self.threads:
            thread.start()

    def send(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        while not self.stop:
            with self.lock:
                numbers = list(range(self.next, self.next + 5))
                self.next += 5
            try:
                connection.request("POST", "/v1/traces", request_of(numbers),
                                   {"Content-Type": "application/x-protobuf"})
                answer = connection.getresponse()
                answer.read()
                if answer.status == 200:
                    with self.lock:
                        for number in numbers:
                            self.acknowledged.add(number)
            except (OSError, http.client.HTTPException):
                connection.close()
                time.sleep(0.005)
        connection.close()

    def end(self):
        self.stop = True
        for thread in self.threads:
            thread.join()


def points():
    with open(os.path.join(ROOT, "src/segment_log/README.md"), encoding="utf-8") as readme:
        text = readme.read()
    listed = text[text.index("at_point"):text.index("Memory:")]
    return [name for line in listed.splitlines() if line.startswith("- ")
            for name in re.findall(r"`([a-z_]+)`", line)]


class Loop:
    def __init__(self, options, folder):
        self.rng = random.Random(options.seed)
        self.binary, self.folder = options.millrace, folder
        self.log = os.path.join(folder, "log")
        self.sink = Sink(self.rng)
        self.port = free_port()
        self.senders = Senders(self.port)
        self.sink.next_of_senders = lambda: self.senders.next
        self.configuration = os.path.join(folder, "config.yaml")
        with open(self.configuration, "w", encoding="utf-8") as file:
            file.write(CONFIGURATION.format(receiver=self.port, sink=self.sink.port,
                                            directory=os.path.join(folder, "queue")))
        self.killed_at = {}  # key: the point; "" for random moments
        self.lost = 0  # acknowledged, but not delivered in the end
        self.problems = []

    def start(self, point=None):
        environment = dict(os.environ)
        if point:
            environment["MILLRACE_CRASH_POINT"] = point
        with open(self.log, "ab") as log:
            return subprocess.Popen([self.binary, "--config", self.configuration], stderr=log,
                                    stdout=log, env=environment)

    def is_listening(self, process):
        for _ in range(1000):
            if process.poll() is not None:
                return False
            try:
                http.client.HTTPConnection("127.0.0.1", self.port, timeout=1).connect()
                return True
            except OSError:
                time.sleep(0.005)
        self.problems.append("a start took longer than 5 s")
        return False

    def cycle(self, point):
        self.sink.mood = self.rng.choice(["good", "good", "slow", "refuses"])
        name = point or ""
        # A point of the start is reached once in a life, points of segments a few times.
        times = 1 if point and point.startswith("recovery_") else self.rng.randint(1, 3)
        wish = f"{point}:{times}" if point else None
        process = self.start(wish)
        listening = self.is_listening(process)
        if listening:
            self.senders.start()
            try:
                process.wait(timeout=1.5 if point else self.rng.uniform(0.01, 0.25))
            except subprocess.TimeoutExpired:
                name = ""
                process.kill()
        code = process.wait()
        self.senders.end()
        if code != -signal.SIGKILL:
            self.problems.append(f"the collector ended on its own with {code}")
        self.killed_at[name] = self.killed_at.get(name, 0) + 1

    def finish(self):
        """The last life, in which everything is delivered, and a clean end."""
        self.sink.mood = "good"
        process = self.start()
        if not self.is_listening(process):
            self.problems.append("the last start failed")
            return
        deadline = time.monotonic() + 60
        missing = list(self.senders.acknowledged.numbers())
        while time.monotonic() < deadline:
            with self.sink.lock:
                missing = [number for number in missing if self.sink.times[number] == 0]
            if not missing:
                break
            time.sleep(0.05)
        self.lost = len(missing)
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=60)
        if missing:
            self.problems.append(f"{len(missing)} acknowledged items never arrived, the first is "
                                 f"{min(missing)}")
        if self.sink.foreign:
            self.problems.append(f"{self.sink.foreign} items arrived that were never sent")
        with open(self.log, encoding="utf-8", errors="replace") as log:
            text = log.read()
        if code != 0 or "balance=ok" not in text.splitlines()[-1]:
            self.problems.append(f"the clean end said {code}: {text.splitlines()[-1]}")
        if "bug:" in text:
            self.problems.append("the log reports a bug: "
                                 + next(line for line in text.splitlines() if "bug:" in line))


# Points that are not reached without damage or failures; unit tests cover them.
RARE = {"segment_abandoned", "footer_cut", "quarantine_written"}


def run_loop(options):
    """Runs cycle after cycle in a directory of its own; returns the figures for the summary."""
    with tempfile.TemporaryDirectory() as folder:
        loop = Loop(options, folder)
        named = points()
        done = 0
        for index in range(options.cycles):
            # Every other cycle dies at a point; the points take turns.
            point = named[index // 2 % len(named)] if index % 2 == 0 else None
            loop.cycle(None if point in RARE else point)
            done += 1
            if done % 500 == 0:
                print(f"{done} cycles, {loop.senders.acknowledged.total()} items acknowledged",
                      file=sys.stderr, flush=True)
            if loop.problems:
                break
        loop.finish()
        never = [name for name in named if name not in loop.killed_at and name not in RARE]
        if never and options.cycles >= 8 * len(named):
            loop.problems.append("never died at " + ", ".join(never))
        return {"cycles": done, "sent": loop.senders.next - 1, "lost": loop.lost,
                "acknowledged": loop.senders.acknowledged.total(),
                "repeated": sum(1 for _ in re.finditer(rb"[^\0\1]", loop.sink.times.bytes, re.DOTALL)),
                "killed_at": loop.killed_at, "problems": loop.problems}


def summary_of(seen):
    def total(name):
        return sum(one[name] for one in seen)
    killed_at = {}
    for one in seen:
        for name, count in one["killed_at"].items():
            killed_at[name] = killed_at.get(name, 0) + count
    print(f"{total('cycles')} cycles; {total('sent')} items sent, {total('acknowledged')} "
          f"acknowledged, {total('lost')} of them lost, {total('repeated')} came more than once")
    print("died at: " + ", ".join(f"{name or 'a random moment'} {count}"
                                  for name, count in sorted(killed_at.items())))
    problems = [problem for one in seen for problem in one["problems"]]
    for problem in problems:
        print("problem: " + problem)
    print(f"{total('cycles') - len(problems)} passed, {len(problems)} failed")
    return 1 if problems else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cycles", type=int, default=200, help="number of cycles, over all jobs")
    parser.add_argument("--jobs", type=int, default=1, help="parallel loops, each with its own directory")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--millrace", default=os.path.join(ROOT, "build/release/millrace"))
    options = parser.parse_args()
    shares = []
    for job in range(options.jobs):
        share = argparse.Namespace(**vars(options))
        share.cycles = (options.cycles + job) // options.jobs
        share.seed = options.seed + job
        shares.append(share)
    if options.jobs == 1:
        return summary_of([run_loop(shares[0])])
    with multiprocessing.Pool(options.jobs) as pool:
        return summary_of(pool.map(run_loop, shares, chunksize=1))


if __name__ == "__main__":
    sys.exit(main())
