"""What Kafka costs: spans per CPU-second of the collector, otlp in and Kafka out, then Kafka in and otlp out, in requests
of 1,000 spans, through a real broker (tests/kafka/broker.py). The collector is alone on one processor; generator, sink and
broker share another, so the rate of the run says little and the CPU time of the collector counts.

librdkafka's share is the CPU time of its own threads ("rdk:…"); what it does within our calls counts as ours.
With --otelcol FILE (tests/kafka/otelcol.sh) the reference collector does the same, with a tenth of the spans."""
import json
import os
import statistics
import sys
import time

from processes import TICKS, Process, free_port, wait_for_port
from report import say
from throughput import Bench

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "kafka"))

SHAPE = {"connections": 4, "streams": 2}
ITEMS_PER_REQUEST = 1000
GOAL = 1_000_000  # spans per CPU-second
CHEAPER_GOAL = 8
IDLE_S = 5
REFERENCE_SHARE = 10  # it takes about ten times as long for a span


def thread_seconds(process):
    """CPU seconds of the process: all threads, and librdkafka's."""
    tasks = f"/proc/{process.child.pid}/task"
    library = 0
    for task in os.listdir(tasks):
        with open(f"{tasks}/{task}/stat") as stat:
            name, _, rest = stat.read().partition("(")[2].rpartition(") ")
            fields = rest.split()
        if name.startswith("rdk:"):
            library += int(fields[11]) + int(fields[12])
    return process.cpu_seconds(), library / TICKS


class KafkaBench(Bench):
    def __init__(self, options, folder, broker):
        super().__init__(options, folder)
        self.broker, self.topics, self.idle = broker, 0, {}

    def subject(self, program, receiver, exporter, config):
        config["service"] = {
            "pipelines": {"traces": {"receivers": [receiver], "exporters": [exporter]}},
            "telemetry": {"logs": {"level": "error"}, "metrics": {"level": "none"}}}
        path = os.path.join(self.folder, "kafka.yaml")
        with open(path, "w") as out:
            json.dump(config, out)
        return Process([program, "--config", path], self.subject_processors,
                       os.path.join(self.folder, "kafka.log"))

    def write(self, program, topic, spans, compression):
        """otlp in, Kafka out; an answer is given when the broker has the request."""
        port = free_port()
        ours = program == self.options.millrace
        grpc = {"endpoint": f"127.0.0.1:{port}", **({"acknowledge": "delivered"} if ours else {})}
        config = {"receivers": {"otlp": {"protocols": {"grpc": grpc}}},
                  "exporters": {"kafka": {
                      "brokers": [self.broker.address], "traces": {"topic": topic},
                      "producer": {"compression": compression},
                      "sending_queue": {} if ours else {"wait_for_result": True}}}}
        with self.subject(program, "otlp", "kafka", config) as subject:
            wait_for_port(port, 30)
            self.generator(port, ITEMS_PER_REQUEST, 2, total=ITEMS_PER_REQUEST * 20, **SHAPE).summary(60)
            before = thread_seconds(subject)
            sent = self.generator(port, ITEMS_PER_REQUEST, 1, total=spans, **SHAPE).summary(300)
            time.sleep(0.2)
            after = thread_seconds(subject)
        return cost(before, after, spans, sent["ok"] == spans, spans / sent["seconds"])

    def reader(self, program, topic, sink_port):
        self.topics += 1
        config = {"receivers": {"kafka": {"brokers": [self.broker.address], "group_id": f"g{self.topics}",
                                          "initial_offset": "earliest", "traces": {"topics": [topic]}}},
                  "exporters": {"otlp_grpc": {"endpoint": f"127.0.0.1:{sink_port}", "compression": "none",
                                              "tls": {"insecure": True}}}}
        return self.subject(program, "kafka", "otlp_grpc", config)

    def start_cost(self, program):
        """CPU time to start and to join a group, which a reading run pays as well."""
        if program not in self.idle:
            with self.reader(program, "empty", free_port()) as subject:
                time.sleep(IDLE_S)
                self.idle[program] = thread_seconds(subject)
        return self.idle[program]

    def read(self, program, topic, spans):
        """Kafka in, otlp out: the topic as it was written, from its beginning to its end."""
        before = self.start_cost(program)
        port = free_port()
        with self.sink(port, spans, False) as sink:
            wait_for_port(port)
            begun = time.monotonic()
            with self.reader(program, topic, port) as subject:
                received = sink.summary(300)
                wall = time.monotonic() - begun
                after = thread_seconds(subject)
        return cost(before, after, spans, received["items"] == spans, spans / wall)

    def both(self, program, spans, compression):
        self.topics += 1
        topic = f"bench-{self.topics}"
        warm_up = ITEMS_PER_REQUEST * 20
        return (self.write(program, topic, spans, compression), self.read(program, topic, spans + warm_up))


def cost(before, after, spans, complete, rate):
    cpu, library = (later - earlier for later, earlier in zip(after, before))
    return {"per_cpu_second": spans / max(cpu, 1e-9), "library_share": library / max(cpu, 1e-9),
            "complete": complete, "rate": rate}


def median(runs):
    ordered = sorted(runs, key=lambda run: run["per_cpu_second"])
    middle = dict(ordered[len(ordered) // 2])
    middle["per_cpu_second"] = statistics.median(run["per_cpu_second"] for run in runs)
    middle["complete"] = all(run["complete"] for run in runs)
    return middle


def run(options, folder):
    from broker import Broker, Missing  # Java is looked for only here
    try:
        broker = Broker(folder)
    except Missing as missing:
        say(f"skipped: Kafka: {missing}")
        return {}, True
    bench = KafkaBench(options, folder, broker)
    broker.prefix = ["taskset", "-c", ",".join(map(str, bench.load_processors))]
    broker.start()
    rows, good, spans = [], True, options.spans // 2
    try:
        say(f"spans per CPU-second of the collector, {ITEMS_PER_REQUEST} a request; medians of {options.runs}")
        say(f"{'':<34} {'Millrace':>11} {'librdkafka':>11} {'spans/s':>11}"
            f"{'   otelcol  Millrace cheaper' if options.otelcol else ''}")
        for compression in ("none", "zstd"):
            ours, theirs = [], []
            for _ in range(options.runs):  # in turn, so that a busy machine is busy for both
                ours.append(bench.both(options.millrace, spans, compression))
                if options.otelcol:
                    theirs.append(bench.both(options.otelcol, spans // REFERENCE_SHARE, compression))
            for index, way in enumerate(("otlp in, Kafka out", "Kafka in, otlp out")):
                row = {"way": way, "compression": compression, **median([each[index] for each in ours])}
                complete = row["complete"]
                line = (f"{way + ', ' + compression:<34} {row['per_cpu_second']:>11,.0f} "
                        f"{row['library_share']:>11.0%} {row['rate']:>11,.0f}")
                if theirs:
                    beside = row["otelcol"] = median([each[index] for each in theirs])
                    complete = complete and beside["complete"]
                    row["cheaper"] = row["per_cpu_second"] / beside["per_cpu_second"]
                    line += f" {beside['per_cpu_second']:>10,.0f} {row['cheaper']:>15.1f} x"
                goal_missed = compression == "none" and (
                    row["per_cpu_second"] < GOAL or row.get("cheaper", CHEAPER_GOAL) < CHEAPER_GOAL)
                rows.append(row)
                good = good and complete
                say(f"{line}{'' if complete else '   NOT ALL SPANS ARRIVED'}"
                    f"{'   below the goal' if goal_missed else ''}")
    finally:
        broker.stop()
    return {"kafka": rows}, good
