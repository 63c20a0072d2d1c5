#!/usr/bin/env python3
"""Measures the cost of the console, and how quick its page and API are.

    ./run --bench --console          everything
    tests/console/bench.py cost      the collector's CPU-seconds with the console off, on, and with a page open
    tests/console/bench.py api       the time of API answers with a full store
    tests/console/bench.py clients   CPU-seconds of a call of a tool at /mcp, and of a minute of `millrace top`
    tests/console/bench.py page      transfer, readiness, drawing and scrolling in Chromium
    … --instructions                 cost by instructions (callgrind). Time passes slowly there, so that nearly every
                                     request is kept, and a copied byte counts as one instruction: an upper bound
"""
import argparse
import fcntl
import http.client
import json
import os
import pty
import re
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.abspath(os.path.join(HERE, "../.."))
sys.path.insert(0, os.path.join(ROOT, "bench"))

from processes import free_port, wait_for_port  # noqa: E402
from report import Verdicts, machine, say  # noqa: E402
from rig import Rig, otlp_exporter  # noqa: E402

VARIANTS = ("off", "on", "page open", "on, with a file")
COST_MOST = {"on": 1.05, "page open": 1.15}
TOOLS = {"list_errors": {}, "search_traces": {"limit": 20}, "get_trace": {"trace_id": None}, "search_logs": {"limit": 20},
         "list_services": {}, "list_metrics": {}, "list_attributes": {"signal": "traces"}, "get_status": {},
         "get_pipelines": {}, "get_ledger": {}}
API_MILLIS_MOST = 50


def configuration(console, grpc, sink, page, directory=None):
    config = {
        "receivers": {"otlp": {"protocols": {"grpc": {"endpoint": f"127.0.0.1:{grpc}"}}}},
        "exporters": {"otlp_grpc": otlp_exporter(sink, {"queue_size": 100_000})} if sink else {"nop": None},
        "service": {"telemetry": {"metrics": {"level": "none"}},
                    "pipelines": {"traces": {"receivers": ["otlp"], "exporters": ["otlp_grpc" if sink else "nop"]}}},
    }
    if console:
        config["extensions"] = {"console": {"endpoint": f"127.0.0.1:{page}",
                                            **({"file": {"directory": directory}} if directory else {})}}
        config["service"]["extensions"] = ["console"]
    return config


class Page(threading.Thread):
    """Asks as the list of traces does: the stream of events, keys and values once, and the list in each 1.5 s."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.is_over = port, threading.Event()

    def run(self):
        events = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        events.request("GET", "/api/v1/events")
        stream = events.getresponse()
        threading.Thread(target=self.drain, args=(stream,), daemon=True).start()
        try:
            get(self.port, "attributes?signal=traces&limit=300")
            while not self.is_over.wait(1.5):
                get(self.port, "traces?sort=errors&limit=200")
        except OSError:
            pass  # the collector has ended
        events.close()

    @staticmethod
    def drain(stream):
        try:
            while stream.read1(65536):
                pass
        except (OSError, ValueError, http.client.HTTPException):
            pass


def get(port, path):
    """(seconds, bytes) of one answer."""
    begun = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", f"/api/v1/{path}")
    reply = connection.getresponse()
    body = reply.read()
    connection.close()
    assert reply.status == 200, (path, reply.status, body[:200])
    return time.perf_counter() - begun, body


def measure(options, folder, variant):
    """CPU-seconds, or instructions, of the collector for the spans."""
    grpc, sink, page = free_port(), free_port(), free_port()
    count_file = os.path.join(folder, "callgrind.out")
    directory = os.path.join(folder, f"recent{page}") if "file" in variant else None
    with Rig(options, folder) as rig:
        rig.sink(sink)
        if options.instructions:
            path = rig.path("yaml")
            with open(path, "w") as out:
                json.dump(configuration(variant != "off", grpc, sink, page, directory), out)
            subject = rig.start(["valgrind", "--tool=callgrind", f"--callgrind-out-file={count_file}",
                                 options.millrace, "--config", path], rig.subject_processors, path + ".log")
        else:
            subject = rig.collector(configuration(variant != "off", grpc, sink, page, directory))
        wait_for_port(grpc, 120)
        watcher = None
        if variant == "page open":
            wait_for_port(page, 60)
            watcher = Page(page)
            watcher.start()
        more = {"rate": options.rate} if options.rate else {}
        if not options.instructions:
            # After a quiet time the console keeps half of its store at once, and touches that memory for the first time.
            rig.generator(grpc, total=options.spans // 8, streams=4, **more).summary(900)
        before = None if options.instructions else subject.exact_cpu_seconds()
        rig.generator(grpc, total=options.spans, streams=4, **more).summary(900)
        if not options.instructions:
            return subject.exact_cpu_seconds() - before
        if watcher:
            watcher.is_over.set()
        subject.child.terminate()
        subject.child.wait(300)
    with open(count_file) as counts:
        return int(re.search(r"^(?:summary|totals): (\d+)", counts.read(), re.M).group(1))


def cost(options, folder, verdicts):
    unit = "instructions a span" if options.instructions else "CPU-seconds a million spans"
    say(f"Cost, {unit}; {options.spans:,} spans, 100 a request, over gRPC to a sink; "
        f"medians of {options.runs} rounds after a warm-up, in each round every variant beside the same one without a console")
    values = {variant: [] for variant in VARIANTS}
    for turn in range(options.runs):
        # To and fro, so that a machine that becomes slower or faster does so for each variant alike.
        for variant in VARIANTS if turn % 2 == 0 else reversed(VARIANTS):
            values[variant].append(measure(options, folder, variant))
    scale = 1 / options.spans if options.instructions else 1e6 / options.spans
    for variant in VARIANTS:
        ratios = sorted(own / off for own, off in zip(values[variant], values["off"]))
        ratio = statistics.median(ratios)
        say(f"  {variant:16} {statistics.median(values[variant]) * scale:12.3f}   {ratio:.3f}   "
            f"(rounds from {ratios[0]:.3f} to {ratios[-1]:.3f})")
        if variant in COST_MOST:
            verdicts.expect(ratio <= COST_MOST[variant], f"console {variant}: {ratio:.3f} times off, "
                                                         f"at most {COST_MOST[variant]}")


def full(rig, grpc, page):
    """A collector whose console holds as much as it may, and the state of that."""
    collector = rig.collector(configuration(True, grpc, None, page))
    wait_for_port(page)
    wait_for_port(grpc)
    for _ in range(40):
        rig.generator(grpc, total=200_000, rate=20_000).summary(120)
        recent = json.loads(get(page, "status")[1])["recent"]
        if recent["bytes"] > 0.97 * recent["bytes_max"]:
            break
    return collector, recent


def api(options, folder, verdicts):
    grpc, page = free_port(), free_port()
    with Rig(options, folder) as rig:
        _, recent = full(rig, grpc, page)
        trace = json.loads(get(page, "traces?limit=1")[1])["traces"][0]["trace_id"]
        paths = ["status", "senders", "refusals", "pipelines", "edges", "ledger", "memory", "history",
                 "traces?sort=errors&limit=200", "traces?sort=recent&limit=100", f"traces/{trace}",
                 "logs?limit=200", "metrics", "attributes?signal=traces&limit=300", "service-map",
                 "traces?attribute=http.method=GET"]
        say(f"API answers, {recent['bytes'] / 1e6:.0f} MB kept in {recent['requests']:,} requests; milliseconds")
        every = []
        for path in paths:
            times = [1e3 * get(page, path)[0] for _ in range(options.answers)]
            every += times
            say(f"  {path.replace(trace, '{id}'):40} p50 {statistics.median(times):8.1f}   "
                f"most {max(times):8.1f}")
        every.sort()
        p95 = every[int(0.95 * len(every))]
        say(f"  95 % of {len(every)} answers under {p95:.1f}")
        verdicts.expect(p95 < API_MILLIS_MOST, f"95 % of the answers took {p95:.1f} ms, under {API_MILLIS_MOST}")


def call(port, name, arguments):
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
                       "params": {"name": name, "arguments": arguments}})
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", "/mcp", body, {"content-type": "application/json"})
    answer = json.loads(connection.getresponse().read())
    connection.close()
    assert not answer["result"].get("isError"), answer


def watch_top(options, port, seconds):
    """CPU-seconds of `millrace top` in a terminal of 120 by 40."""
    child, terminal = pty.fork()
    if child == 0:
        os.execv(options.millrace, [options.millrace, "top", "--address", f"http://127.0.0.1:{port}"])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if select.select([terminal], [], [], 0.2)[0] and not os.read(terminal, 65536):
            break
    os.write(terminal, b"q")
    while True:
        try:
            if not os.read(terminal, 65536):
                break
        except OSError:
            break  # it has ended
    _, status, usage = os.wait4(child, 0)
    os.close(terminal)
    assert status == 0, status
    return usage.ru_utime + usage.ru_stime


def clients(options, folder, verdicts):
    grpc, page = free_port(), free_port()
    with Rig(options, folder) as rig:
        collector, recent = full(rig, grpc, page)
        say(f"Clients of the console, {recent['bytes'] / 1e6:.0f} MB kept")
        trace = json.loads(get(page, "traces?limit=1")[1])["traces"][0]["trace_id"]
        for name, arguments in TOOLS.items():
            if "trace_id" in arguments:
                arguments = {"trace_id": trace}
            before = collector.exact_cpu_seconds()
            for _ in range(options.answers):
                call(page, name, arguments)
            millis = 1e3 * (collector.exact_cpu_seconds() - before) / options.answers
            say(f"  /mcp {name:16} {millis:8.2f} CPU-milliseconds of the collector a call")
        before = collector.exact_cpu_seconds()
        time.sleep(options.watch)
        idle = collector.exact_cpu_seconds() - before
        before = collector.exact_cpu_seconds()
        own = watch_top(options, page, options.watch)
        minutes = options.watch / 60
        say(f"  millrace top  {own / minutes:8.3f} CPU-seconds a minute, and "
            f"{(collector.exact_cpu_seconds() - before - idle) / minutes:.3f} of the collector")


def page(options, folder, verdicts):
    done = subprocess.run(["node", "bench_page.mjs"], cwd=HERE, capture_output=True, text=True, timeout=300,
                          env={**os.environ, "MILLRACE": options.millrace})
    say(done.stdout.rstrip())
    if done.returncode != 0:
        say(done.stderr)
    verdicts.expect(done.returncode == 0, "the page is as quick as it should be")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="cost|api|clients|page")
    parser.add_argument("--instructions", action="store_true")
    parser.add_argument("--quick", action="store_true", help="shows that it runs; its figures say little")
    parser.add_argument("--runs", type=int)
    parser.add_argument("--spans", type=int)
    parser.add_argument("--rate", type=float, help="spans a second; as fast as they are taken when absent")
    parser.add_argument("--answers", type=int, help="of each path, and calls of each tool; 40")
    parser.add_argument("--watch", type=int, help="seconds of `millrace top`; 60")
    parser.add_argument("--millrace", default=os.environ.get("MILLRACE", os.path.join(ROOT, "build/release/millrace")))
    options = parser.parse_args()
    options.runs = options.runs or (1 if options.instructions or options.quick else 5)
    options.spans = options.spans or (300_000 if options.instructions else 500_000 if options.quick else 10_000_000)
    options.answers = options.answers or (5 if options.quick else 40)
    options.watch = options.watch or (5 if options.quick else 60)
    say(machine())
    verdicts = Verdicts()
    with tempfile.TemporaryDirectory(prefix="console-bench.") as folder:
        for name, part in (("cost", cost), ("api", api), ("clients", clients), ("page", page)):
            if not options.parts or name in options.parts:
                part(options, folder, verdicts)
    return 1 if verdicts.red else 0


if __name__ == "__main__":
    sys.exit(main())
