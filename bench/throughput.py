"""CPU time, latency and memory of the collector beside the bare TCP relay's: the table of run.py.

The collector (or the relay in its place) runs alone on one processor; the generator and the sink
share another. Everything is loopback, cleartext gRPC, uncompressed, about 400 bytes a span. CPU is
user and system time of that one process from /proc; each figure is the median of --runs runs.
"""
import os
import statistics
import tempfile
import time

from processes import Process, free_port, processors, wait_for_port
from report import mb, say

# Spans a request, connections, requests in flight on each, when saturated. Requests of 10 spans come
# from many SDKs with little in flight each; the same over few connections is the relay's best case,
# because it then moves many requests in each read, and is shown beside it.
SHAPES = ((10, 64, 2), (10, 4, 32), (100, 4, 4), (1000, 4, 2))
SIZES = (10, 100, 1000)

CONFIG = """\
receivers:
  otlp:
    protocols:
      grpc:
        endpoint: 127.0.0.1:{port}
exporters:
{exporters}
service:
  pipelines:
    traces:
      receivers: [otlp]
      exporters: [{names}]
  telemetry:
    logs:
      level: error
    metrics:
      level: none
"""

STORAGE = """\
extensions:
  file_storage:
    directory: {folder}
    create_directory: true
"""

EXPORTER = """\
  otlp_grpc/{name}:
    endpoint: 127.0.0.1:{port}
    compression: none
    tls:
      insecure: true
    sending_queue:
      queue_size: {queue_size}
      block_on_overflow: {block}
"""


class Bench:
    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.subject_processors = {processors()[-1]}
        self.load_processors = {processors()[0]}

    # --- the parts ---

    def sink(self, port, expect, check_ids):
        arguments = [self.options.millrace, "sink", "--endpoint", f"127.0.0.1:{port}", "--interval",
                     "0", "--summary", "json", "--expect", str(expect)]
        if check_ids:
            arguments.append("--check-ids")
        return Process(arguments, self.load_processors)

    def generator(self, port, items_per_request, generator_id, **more):
        arguments = [self.options.millrace, "generate", "--endpoint", f"127.0.0.1:{port}",
                     "--items-per-request", str(items_per_request), "--generator-id",
                     str(generator_id), "--retries", "100", "--summary", "json"]
        for name, value in more.items():
            arguments += ["--" + name, str(value)]
        return Process(arguments, self.load_processors)

    def collector(self, port, upstreams, queue_size=10_000, block="true"):
        exporters = "".join(EXPORTER.format(name=i, port=upstream, queue_size=queue_size,
                                            block=block) for i, upstream in enumerate(upstreams))
        names = ", ".join(f"otlp_grpc/{i}" for i in range(len(upstreams)))
        path = os.path.join(self.folder, "config.yaml")
        with open(path, "w") as config:
            config.write(CONFIG.format(port=port, exporters=exporters, names=names))
        return Process([self.options.millrace, "--config", path], self.subject_processors,
                       os.path.join(self.folder, "collector.log"))

    def durable_collector(self, port, upstreams):
        """With its queue on disk: OK is said when the request is synced."""
        queue = tempfile.mkdtemp(prefix="queue.", dir=self.folder)
        exporter = EXPORTER.format(name=0, port=upstreams[0], queue_size=100_000, block="true")
        text = CONFIG.format(port=port, names="otlp_grpc/0",
                             exporters=exporter + "      storage: file_storage\n")
        path = os.path.join(self.folder, "durable.yaml")
        with open(path, "w") as config:
            config.write(STORAGE.format(folder=queue)
                         + text.replace("service:\n", "service:\n  extensions: [file_storage]\n"))
        return Process([self.options.millrace, "--config", path], self.subject_processors,
                       os.path.join(self.folder, "durable.log"))

    def relay(self, port, upstreams):
        return Process([self.options.relay, str(port), str(upstreams[0])], self.subject_processors)

    # --- one measurement ---

    def measure(self, make_subject, shape, total, rate, sink_count=1):
        """CPU seconds per million spans of the subject, and the figures beside it."""
        items_per_request, connections, streams = shape
        port, sink_ports = free_port(), [free_port() for _ in range(sink_count)]
        warm_up = max(total // 10 // items_per_request, 10) * items_per_request
        total = total // items_per_request * items_per_request
        sinks = [self.sink(p, warm_up + total, rate > 0) for p in sink_ports]
        try:
            for sink_port in sink_ports:
                wait_for_port(sink_port)
            with make_subject(port, sink_ports) as subject:
                wait_for_port(port)
                load = dict(connections=connections, streams=streams)
                if rate:
                    load["rate"] = rate
                self.generator(port, items_per_request, 2, total=warm_up, **load).summary(120)
                time.sleep(0.5)
                before, begun = subject.cpu_seconds(), time.monotonic()
                sent = self.generator(port, items_per_request, 1, total=total, **load).summary(300)
                received = [sink.summary(60) for sink in sinks]
                cpu = subject.cpu_seconds() - before
                wall = sent["seconds"]
                return {
                    "cpu_per_million": cpu / total * 1e6,
                    "spans_per_second": sent["per_second"],
                    "subject_share": cpu / wall,
                    "load_share": (sent["cpu_seconds"]
                                   + sum(r["cpu_seconds"] for r in received) * total
                                   / (total + warm_up)) / wall,
                    "complete": all(r["items"] == warm_up + total and r["duplicates"] == 0
                                    for r in received) and sent["ok"] == total,
                    "behind": sent["behind_schedule"],
                    "latency_ms": received[0]["latency_ms"],
                    "answer_ms": sent["latency_ms"],
                    "peak_rss": subject.memory_bytes("VmHWM"),
                    "seconds": time.monotonic() - begun,
                    "first_error": sent["first_error"],
                }
        finally:
            for sink in sinks:
                sink.stop()

    def median(self, *arguments, **more):
        runs = [self.measure(*arguments, **more) for _ in range(self.options.runs)]
        result = dict(sorted(runs, key=lambda run: run["cpu_per_million"])[len(runs) // 2])
        result["cpu_per_million"] = statistics.median(run["cpu_per_million"] for run in runs)
        result["latency_ms"] = {key: statistics.median(run["latency_ms"][key] for run in runs)
                                for key in runs[0]["latency_ms"]}
        result["complete"] = all(run["complete"] for run in runs)
        result["peak_rss"] = max(run["peak_rss"] for run in runs)
        return result

    # --- the table ---

    def cpu_and_latency(self):
        rows = []
        for rate in (0, self.options.rate):
            shapes = [(size, 4, 64) for size in SIZES] if rate else SHAPES
            for shape in shapes:
                total = (self.options.spans // 4 if shape[0] == 10 else self.options.spans)
                if rate:
                    total = int(rate * self.options.seconds)
                row = {"spans_per_request": shape[0], "connections": shape[1], "rate": rate}
                row["relay"] = self.median(self.relay, shape, total, rate)
                row["collector"] = self.median(self.collector, shape, total, rate)
                row["ratio"] = (row["collector"]["cpu_per_million"]
                                / max(row["relay"]["cpu_per_million"], 1e-9))
                rows.append(row)
                self.say_row(row)
        return rows

    def say_row(self, row):
        relay, collector = row["relay"], row["collector"]
        say(f"{row['spans_per_request']:>6} {row['connections']:>6} "
            f"{'saturated' if not row['rate'] else format(row['rate'], ',d') + '/s':>12} "
            f"{relay['cpu_per_million']:>8.3f} {collector['cpu_per_million']:>10.3f} "
            f"{row['ratio']:>6.2f}   {collector['spans_per_second']:>11,.0f} "
            f"{collector['subject_share']:>9.0%} {collector['load_share']:>9.0%}"
            f"{'' if collector['complete'] and relay['complete'] else '   NOT ALL SPANS ARRIVED'}"
            f"{'   load fell behind' if collector['behind'] else ''}")

    def memory(self):
        port, dead = free_port(), free_port()
        result = {}
        with self.collector(port, [dead], queue_size=2_000, block="false") as subject:
            wait_for_port(port)
            time.sleep(1)
            result["idle"] = subject.memory_bytes("VmRSS")
            sent = self.generator(port, 100, 1, total=100_000, connections=2).summary(60)
            time.sleep(1)
            result["queued"] = subject.memory_bytes("VmRSS")
            result["queued_spans"] = sent["ok"]
            result["queued_wire_bytes"] = sent["request_bytes"] * sent["requests"]
        return result

    def durable(self):
        rows = []
        for shape in ((100, 4, 32), (1000, 4, 8)):
            run = self.median(self.durable_collector, shape, self.options.spans // 2, 0)
            rows.append({"spans_per_request": shape[0], **run})
        fixed = self.median(self.durable_collector, (100, 4, 64),
                            int(self.options.rate * self.options.seconds), self.options.rate)
        return {"rows": rows, "fixed": fixed}

    def destinations(self):
        total = self.options.spans // 2
        one = self.median(self.collector, (100, 4, 4), total, 0)
        two = self.median(self.collector, (100, 4, 4), total, 0, sink_count=2)
        return {"one": one["cpu_per_million"], "two": two["cpu_per_million"],
                "ratio": two["cpu_per_million"] / one["cpu_per_million"],
                "complete": one["complete"] and two["complete"]}


# --- the report ---

def say_durable(durable, options):
    for row in durable["rows"]:
        say(f"Durable (synced before OK), {row['spans_per_request']} spans a request: "
            f"{row['spans_per_second']:,.0f} spans/s, {row['cpu_per_million']:.3f} CPU-seconds per "
            f"million spans{'' if row['complete'] else ', NOT ALL SPANS ARRIVED'}")
    fixed = durable["fixed"]
    say(f"Durable at {options.rate:,} spans/s, 100 a request: from due time to the answer p50 "
        f"{fixed['answer_ms']['p50']:.2f} ms, p99 {fixed['answer_ms']['p99']:.2f} ms, "
        f"{fixed['cpu_per_million']:.3f} CPU-seconds per million spans")


def run(options, folder):
    """Prints everything; the figures, and whether every span arrived."""
    bench = Bench(options, folder)
    say(f"loopback, cleartext gRPC, no compression, ~400 bytes a span; medians of {options.runs}; "
        f"the subject alone on processor {bench.subject_processors}, generator and sink on "
        f"{bench.load_processors}")
    if options.durable:
        durable = bench.durable()
        say_durable(durable, options)
        return {"durable": durable}, True
    say()
    say("CPU-seconds per million spans")
    say(f"{'spans/':>6} {'connec':>6} {'':>12} {'':>8} {'':>10} {'':>6}   {'':>11} {'processor share':>19}")
    say(f"{'req.':>6} {'tions':>6} {'load':>12} {'relay':>8} {'collector':>10} {'ratio':>6}   "
        f"{'spans/s':>11} {'collector':>9} {'gen+sink':>9}")
    rows = bench.cpu_and_latency()
    say()
    say(f"Latency at {options.rate:,} spans/s, from due time to sink, milliseconds "
        "(collector / relay / added)")
    for row in rows:
        if not row["rate"]:
            continue
        ours, bare = row["collector"]["latency_ms"], row["relay"]["latency_ms"]
        parts = [f"{name} {ours[key]:.2f} / {bare[key]:.2f} / {ours[key] - bare[key]:.2f}"
                 for name, key in (("p50", "p50"), ("p99", "p99"), ("p99.9", "p999"))]
        say(f"{row['spans_per_request']:>6}   " + "   ".join(parts))
    say()
    memory = bench.memory()
    peak = max(row["collector"]["peak_rss"] for row in rows)
    say(f"Resident: idle {mb(memory['idle'])}, peak of all runs above {mb(peak)}, with "
        f"{memory['queued_spans']:,} spans queued for a dead destination "
        f"{mb(memory['queued'])} ({mb(memory['queued_wire_bytes'])} on the wire)")
    destinations = bench.destinations()
    say(f"Two destinations: {destinations['two']:.3f} CPU-seconds per million spans, one: "
        f"{destinations['one']:.3f}, ratio {destinations['ratio']:.2f}")
    durable = bench.durable()
    say_durable(durable, options)
    complete = all(row[who]["complete"] for row in rows for who in ("relay", "collector"))
    return ({"rows": rows, "memory": memory, "destinations": destinations, "durable": durable},
            complete and destinations["complete"])
