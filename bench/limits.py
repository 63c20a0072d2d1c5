"""The table of what Millrace aims at: processor time beside the bare relay's, for each shape of load, with
page faults and copies. Everything in one run: each round measures every subject of a shape once, one
after the other, so that a machine that becomes slower meets all of them; the ratio is the median of the
rounds' ratios.

Page faults (/proc/PID/stat) and copied bytes (copied_bytes.cc) are counts: they mean the same on a busy
machine. --peers adds other programs (bench/peers)."""
import os
import statistics
import subprocess
import time

from peers.peer_rows import peer_rows
from processes import free_port, wait_for_port
from report import mb, say
from rig import Rig
from subjects import ONE_EDIT, millrace, relay

# Spans a request, connections, requests in flight on each: many SDKs with little in flight send small
# requests. Over few connections the relay moves many small requests in each read: its best case.
SHAPES = {10: (64, 2), 100: (4, 4), 1000: (4, 2)}
FEW_CONNECTIONS = (4, 32)
FAULTS_GOAL = 20  # per million spans
SPANS = {10: 4, 100: 1, 1000: 1}  # a run has options.spans divided by this


class Row:
    """One subject of a shape. `base`: the name of the subject of the same shape that it is divided by."""

    def __init__(self, name, start, base="relay", goal=None, share=1, compression="none"):
        self.name, self.start, self.base, self.goal = name, start, base, goal
        self.share = share  # of the spans of the others, for subjects that take much longer
        self.compression = compression  # of the generator


class Shape:
    def __init__(self, protocol, spans, rows, load=None):
        self.protocol, self.spans, self.rows = protocol, spans, rows
        self.connections, self.streams = load or SHAPES[spans]

    def title(self):
        return f"{self.protocol} {self.spans} over {self.connections}"


def shapes(options):
    """The goals are those of the project; None: shown for comparison."""
    result = []
    goals = {"grpc": {10: 0.6, 100: 1.6, 1000: 1.8}, "http": {10: 0.8, 100: 1.0, 1000: 2.0}}
    for protocol in ("grpc", "http"):
        for spans in SHAPES:
            rows = [Row("relay", relay, base=None),
                    Row("millrace", millrace(protocol), goal=goals[protocol][spans])]
            if protocol == "grpc" and spans != 10:
                rows += [
                    Row("an attribute", millrace(protocol, processors=ONE_EDIT), "millrace", 1.15),
                    Row("durable", millrace(protocol, durable=True), "millrace",
                        {100: 1.6, 1000: 1.4}[spans]),
                    Row("gzip, gzip", millrace(protocol, compression="gzip"), goal=3.0,
                        compression="gzip", share=0.5)]
            rows += [Row(*peer) for peer in peer_rows(options, protocol, spans)]
            result.append(Shape(protocol, spans, rows))
            if (protocol, spans) == ("grpc", 10):
                result.append(Shape(protocol, spans, [rows[0], rows[1]], FEW_CONNECTIONS))
    words = options.shapes
    return [shape for shape in result if not words or any(word in shape.title() for word in words)]


class Load:
    """The generator of a shape: Millrace's own, or with --generator one that speaks as grpc-go and Go's
    net/http do (bench/peers/load), which sends the same message again and again."""

    def __init__(self, options, shape, compression="none"):
        self.options, self.shape, self.compression = options, shape, compression

    def run(self, rig, port, total, generator_id):
        """Sends so many spans; the summary."""
        shape = self.shape
        load = dict(items_per_request=shape.spans, connections=shape.connections, streams=shape.streams,
                    total=total, protocol=shape.protocol)
        if self.options.generator and self.compression == "none":
            command = [self.options.generator, "--endpoint", f"127.0.0.1:{port}", "--record", self.record(rig)]
            for name, value in load.items():
                command += ["--" + name.replace("_", "-"), str(value)]
            return rig.start(command, rig.load_processors).summary(300)
        return rig.generator(port, generator_id=generator_id, retries=100, compression=self.compression,
                             **load).summary(300)

    def record(self, rig):
        """A file with one message, as the own generator makes it; once for each shape."""
        path = os.path.join(rig.folder, f"message.{self.shape.spans}")
        if not os.path.exists(path):
            port = free_port()
            sink = rig.sink(port, "--record", path, "--expect", str(self.shape.spans))
            rig.generator(port, items_per_request=self.shape.spans, total=self.shape.spans).summary(30)
            sink.summary(30)
        return path


def measure(options, folder, shape, row):
    """One run of one subject."""
    total = int(options.spans / SPANS[shape.spans] * row.share)
    total = max(total // shape.spans, 100) * shape.spans
    # As long as what is measured: chunks, connections and caches are what they will be.
    warm_up = max(total // 2 // shape.spans, 50) * shape.spans
    port, upstream = free_port(), free_port()
    load = Load(options, shape, row.compression)
    with Rig(options, folder) as rig:
        sink = rig.sink(upstream, "--expect", str(warm_up + total))
        subject = row.start(rig, port, upstream)
        try:
            wait_for_port(port)
        except RuntimeError as error:
            raise RuntimeError(f"{row.name}: {error}\n{log_of(subject)}") from None
        load.run(rig, port, warm_up, 2)
        time.sleep(0.3)
        cpu, faults, begun = subject.exact_cpu_seconds(), subject.page_faults(), time.monotonic()
        sent = load.run(rig, port, total, 1)
        received = sink.summary(60)
        wall = time.monotonic() - begun
        cpu, faults = subject.exact_cpu_seconds() - cpu, subject.page_faults() - faults
        return {"cpu": cpu / total * 1e6, "faults": faults / total * 1e6, "share": cpu / wall,
                "spans_per_second": sent["per_second"],
                "peak": subject.memory_bytes("VmHWM"),
                "complete": received["items"] == warm_up + total and sent["ok"] == total}


def log_of(process):
    """The end of its log, for a message."""
    if process.log_path is None:
        return ""
    with open(process.log_path, errors="replace") as log:
        return log.read()[-2000:]


def copied_per_byte(options, folder, shape):
    """Bytes that the collector copies in its memory for each byte of a request that it passes on."""
    total = max(options.spans // 8 // shape.spans, 200) * shape.spans
    port, upstream = free_port(), free_port()
    load = Load(options, shape)
    with Rig(options, folder) as rig:
        counter = rig.path("copied")
        sink = rig.sink(upstream, "--expect", str(2 * total))
        millrace(shape.protocol, {"LD_PRELOAD": options.copied_bytes,
                                  "MILLRACE_COPIED_BYTES": counter})(rig, port, upstream)
        wait_for_port(port)
        load.run(rig, port, total, 2)
        before = read_counter(counter)
        sent = load.run(rig, port, total, 1)
        sink.summary(60)
        return (read_counter(counter) - before) / (sent["request_bytes"] * sent["requests"])


def read_counter(path):
    with open(path, "rb") as file:
        return int.from_bytes(file.read(8), "little")


def median(runs, key):
    return statistics.median(run[key] for run in runs)


def say_shape(shape, runs, copied):
    for row in shape.rows:
        own = runs[row.name]
        # A busy machine adds to single runs; the median holds.
        line = f"{shape.title():<18} {row.name:<22} {median(own, 'cpu'):>7.3f}"
        if row.base is None:
            say(line)
            continue
        ratio = ratio_of(row, runs)
        goal = "" if row.goal is None else f"{row.goal:.2f}"
        line += f" {ratio:>6.2f} {goal:>5} {row.base if row.base != 'relay' else '':<9}"
        line += f"{median(own, 'faults'):>9,.0f}"
        line += f" {copied:>7.3f}" if row.name == "millrace" else " " * 8
        line += f" {median(own, 'spans_per_second'):>10,.0f} {median(own, 'share'):>6.0%}"
        line += f" {mb(max(run['peak'] for run in own)):>9}"
        if not all(run["complete"] for run in own):
            line += "   NOT ALL SPANS ARRIVED"
        if row.goal is not None and ratio > row.goal:
            line += "   over the goal"
        say(line)


def ratio_of(row, runs):
    return statistics.median(run["cpu"] / max(base["cpu"], 1e-9)
                             for run, base in zip(runs[row.name], runs[row.base]))


def small_things(options, folder):
    """Start, idle memory and processor time, memory after a load, and the size of the program."""
    result, starts = {}, []
    port, upstream = free_port(), free_port()
    for _ in range(max(options.runs, 3)):
        with Rig(options, folder) as rig:
            begun = time.monotonic()
            subject = millrace("grpc")(rig, port, upstream)
            wait_for_port(port, pause=0)
            starts.append(time.monotonic() - begun)
    result["listening_ms"] = min(starts) * 1e3
    with Rig(options, folder) as rig:
        sink = rig.sink(upstream)
        subject = millrace("grpc")(rig, port, upstream)
        wait_for_port(port)
        time.sleep(2)
        result["idle"] = subject.memory_bytes("VmRSS")
        cpu = subject.exact_cpu_seconds()
        time.sleep(10)
        result["idle_share"] = (subject.exact_cpu_seconds() - cpu) / 10
        rig.generator(port, items_per_request=1000, connections=4, streams=2, retries=100,
                      total=options.spans).summary(120)
        time.sleep(10)
        result["after_load"] = subject.memory_bytes("VmRSS")
        sink.stop()
    stripped = os.path.join(folder, "stripped")
    subprocess.run(["strip", "-o", stripped, options.millrace], check=True)
    result["stripped"] = os.path.getsize(stripped)
    return result


def run(options, folder):
    """Prints the table; the figures, and whether every span arrived."""
    say(f"loopback, cleartext, about 450 bytes a span; medians of {options.runs} rounds, each subject once in "
        f"each round")
    say()
    say(f"{'load':<18} {'':<22} {'CPU-s/M':>7} {'ratio':>6} {'goal':>5} {'beside':<9}{'faults/M':>9} "
        f"{'copied':>7} {'spans/s':>10} {'share':>6} {'peak':>9}")
    rows, good = [], True
    for shape in shapes(options):
        runs = {row.name: [] for row in shape.rows}
        for _ in range(options.runs):
            for row in shape.rows:
                runs[row.name].append(measure(options, folder, shape, row))
        copied = copied_per_byte(options, folder, shape)
        say_shape(shape, runs, copied)
        good = good and all(run["complete"] for each in runs.values() for run in each)
        rows.append({"shape": shape.title(), "copied_per_byte": copied, "runs": runs,
                     "ratios": {row.name: ratio_of(row, runs) for row in shape.rows if row.base}})
    say()
    say(f"Goals beside the ratios: at most {FAULTS_GOAL} faults per million spans; copied: bytes copied in "
        "memory for each byte passed on, 0 for uncompressed bodies up to 1 MB")
    result = {"limits": rows}
    if not options.shapes:
        small = small_things(options, folder)
        result["small"] = small
        say(f"Listening {small['listening_ms']:.1f} ms after the start (10); idle {mb(small['idle'])} (10) and "
            f"{small['idle_share']:.2%} of a processor (0.1 %); {mb(small['after_load'])} ten seconds after a "
            f"load (12); stripped {mb(small['stripped'])} (8)")
    return result, good
