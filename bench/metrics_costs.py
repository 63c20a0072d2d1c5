"""What metrics cost: the exporter and receiver `prometheus` and `span_metrics`, beside the reference collector
where it is built (bench/otelcol). Goals are those of the project; only lost data makes a run red.

The collector runs on one processor, everything else on another."""
import json
import os
import re
import statistics
import subprocess
import threading
import time
import urllib.request

from metric_load import Sender, Targets, latencies_while, requests_of
from processes import Process, free_port, wait_for_port
from report import say
from rig import Metrics
from throughput import Bench

KNOWN_SERIES = 100_000
SHOWN_SERIES = 1_000_000
# A million took 8.2 GB of memory in the reference, and a scrape of 200,000 half a minute.
SHOWN_SERIES_OF_REFERENCE = 100_000
TARGETS, SERIES_OF_TARGET, INTERVAL_S = 1000, 1000, 10
SHAPE = (100, 4, 4)


class Subject:
    """Millrace, or the reference collector: how it is started."""

    def __init__(self, name, command, options, millrace):
        self.name, self.command, self.options, self.is_millrace = name, command, options, millrace

    def start(self, config, folder, processors):
        path = os.path.join(folder, "metrics.yaml")
        with open(path, "w") as out:
            json.dump(config, out)
        return Process([*self.command, "--config", path], processors, path + ".log")


def subjects(options):
    yield Subject("millrace", [options.millrace], options, True)
    if options.otelcol:
        # A reference that takes all memory ends, and not the machine.
        yield Subject("otelcol", ["prlimit", "--data=8000000000", options.otelcol], options, False)


def service(receivers, exporters, signal="metrics"):
    return {"pipelines": {signal: {"receivers": receivers, "exporters": exporters}},
            "telemetry": {"logs": {"level": "error"}, "metrics": {"level": "none"}}}


def own_metrics(port):
    return {"level": "normal", "readers": [{"pull": {"exporter": {"prometheus": {"host": "127.0.0.1", "port": port}}}}]}


def exporter_config(subject, http, page, own):
    exporter = {"endpoint": f"127.0.0.1:{page}", "metric_expiration": "1h"}
    config = {"receivers": {"otlp": {"protocols": {"http": {"endpoint": f"127.0.0.1:{http}"}}}},
              "exporters": {"prometheus": exporter}, "service": service(["otlp"], ["prometheus"])}
    if subject.is_millrace:
        exporter |= {"max_series_bytes": 900 << 20, "sending_queue": {"queue_size": 100, "block_on_overflow": True}}
        config["service"]["telemetry"]["metrics"] = own_metrics(own)
    else:
        exporter["write_timeout"] = "5m"  # of 30 s, in which it does not answer a scrape on a busy machine
    return config


def long_turns(own):
    """How many turns of the event loop took longer than 1, 2 and 4 ms."""
    metrics = Metrics(own)
    count = metrics.sum("millrace_loop_turn_seconds_count")
    return [int(count - metrics.sum("millrace_loop_turn_seconds_bucket", f'le="{bound}"'))
            for bound in ("0.001", "0.002", "0.004")]


def settle(process):
    """Until the process has nothing to do."""
    last = -1.0
    while process.cpu_seconds() - last > 0.02:
        last = process.cpu_seconds()
        time.sleep(0.5)


def read_page(page, *headers):
    """Bytes and seconds of a scrape that is thrown away."""
    done = subprocess.run(["curl", "-s", "-S", "-o", "/dev/null", "--max-time", "120", *headers, "-w",
                           "%{size_download} %{time_total} %{http_code}", f"http://127.0.0.1:{page}/metrics"],
                          capture_output=True, text=True, check=True)
    size, seconds, code = done.stdout.split()
    assert code == "200", code
    return int(size), float(seconds)


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")


def exporter_costs(bench, subject):
    """Known series, then many: CPU a point, bytes a series, a scrape and what it does to senders."""
    http, page, own = free_port(), free_port(), free_port()
    os.sched_setaffinity(0, bench.load_processors)
    with subject.start(exporter_config(subject, http, page, own), bench.folder, bench.subject_processors) as process:
        wait_for_port(http, 60)
        requests = requests_of(KNOWN_SERIES)
        sender = Sender(http, requests[:1])
        sender.round()
        settle(process)
        empty = process.memory_bytes("VmRSS")
        sender = Sender(http, requests)
        sender.round()
        settle(process)
        known_bytes = (process.memory_bytes("VmRSS") - empty) / KNOWN_SERIES
        rounds = 2 if bench.options.quick else 10
        before = process.cpu_seconds()
        begun = time.monotonic()
        for _ in range(rounds):
            sender.round()
        settle(process)
        cpu, seconds = process.cpu_seconds() - before, time.monotonic() - begun
        points = rounds * KNOWN_SERIES
        result = {"subject": subject.name, "cpu_per_million": cpu / points * 1e6, "points_per_second": points / seconds,
                  "bytes_a_series_known": known_bytes}
        shown = SHOWN_SERIES if subject.is_millrace else SHOWN_SERIES_OF_REFERENCE
        if bench.options.quick:
            shown //= 10
        many = requests_of(shown)
        Sender(http, many).round()
        settle(process)
        result["series"] = shown
        result["bytes_a_series"] = (process.memory_bytes("VmRSS") - empty) / shown
        turns_before = long_turns(own) if subject.is_millrace else []
        result |= scrape_costs(process, http, page, many[0])
        if subject.is_millrace:
            result["long_turns"] = [after - before for before, after in zip(turns_before, long_turns(own), strict=True)]
    return result


def scrape_costs(process, http, page, body):
    def watched(action):
        """Its value, CPU seconds and the latencies of requests that are sent one after the other meanwhile."""
        done = threading.Event()
        latencies = []
        thread = threading.Thread(target=lambda: latencies.extend(latencies_while(http, body, lambda: not done.is_set())))
        before = process.cpu_seconds()
        thread.start()
        value = action()
        done.set()
        thread.join()
        return value, process.cpu_seconds() - before, latencies

    _, idle_cpu, idle = watched(lambda: time.sleep(3))
    result = {"idle_p99_ms": percentile(idle, 0.99)}
    # Prometheus asks for gzip.
    for name, headers in (("plain", []), ("gzip", ["-H", "Accept-Encoding: gzip"])):
        (size, seconds), cpu, latencies = watched(lambda headers=headers: read_page(page, *headers))
        result[name] = {"bytes": size, "seconds": seconds, "cpu": cpu - idle_cpu / len(idle) * len(latencies),
                        "p99_ms": percentile(latencies, 0.99), "requests": len(latencies)}
    return result


def span_metrics_costs(bench, subject):
    """CPU seconds per million spans with the connector and without."""
    def make(connected):
        def start(port, upstreams):
            exporters = {"otlp_grpc" if subject.is_millrace else "otlp": {
                "endpoint": f"127.0.0.1:{upstreams[0]}", "compression": "none", "tls": {"insecure": True},
                "sending_queue": {"queue_size": 10_000, "block_on_overflow": True}}}
            names = list(exporters)
            config = {"receivers": {"otlp": {"protocols": {"grpc": {"endpoint": f"127.0.0.1:{port}"}}}},
                      "exporters": exporters, "service": service(["otlp"], names, "traces")}
            if connected:
                config["connectors"] = {"spanmetrics": {"histogram": {"explicit": {}}, "metrics_flush_interval": "15s"}}
                config["exporters"]["nop"] = {}
                config["service"]["pipelines"]["traces"]["exporters"] = [*names, "spanmetrics"]
                config["service"]["pipelines"]["metrics"] = {"receivers": ["spanmetrics"], "exporters": ["nop"]}
            return subject.start(config, bench.folder, bench.subject_processors)
        return start
    pairs = [(bench.measure(make(False), SHAPE, bench.options.spans, 0), bench.measure(make(True), SHAPE, bench.options.spans, 0))
             for _ in range(bench.options.runs)]
    through, beside = (statistics.median(pair[index]["cpu_per_million"] for pair in pairs) for index in (0, 1))
    return {"subject": subject.name, "through": through, "with": beside, "ratio": beside / through,
            "complete": all(run["complete"] for pair in pairs for run in pair)}


def receiver_costs(bench, subject):
    """The part of a processor that scraping takes."""
    count = TARGETS // 10 if bench.options.quick else TARGETS
    targets = Targets(count, SERIES_OF_TARGET, bench.load_processors)
    interval = INTERVAL_S // 5 if bench.options.quick else INTERVAL_S
    try:
        config = {"receivers": {"prometheus": {"config": {"scrape_configs": [
            {"job_name": "targets", "scrape_interval": f"{interval}s", "scrape_timeout": f"{interval}s",
             "static_configs": [{"targets": targets.addresses}]}]}}},
            "exporters": {"nop": {}}, "service": service(["prometheus"], ["nop"])}
        own = free_port()
        if subject.is_millrace:
            config["service"]["telemetry"]["metrics"] = own_metrics(own)
        with subject.start(config, bench.folder, bench.subject_processors) as process:
            time.sleep(2.5 * interval + 2)  # each series is known, and the forms of the scrapes are made
            before, begun = process.cpu_seconds(), time.monotonic()
            time.sleep(3 * interval)
            cpu, seconds = process.cpu_seconds() - before, time.monotonic() - begun
            result = {"subject": subject.name, "targets": count, "interval_s": interval, "share": cpu / seconds,
                      "cpu_per_million": cpu / (seconds / interval * count * SERIES_OF_TARGET) * 1e6,
                      "resident": process.memory_bytes("VmRSS")}
            if subject.is_millrace:
                result["scrapes"] = scrapes_by_failure(own)
                result["complete"] = set(result["scrapes"]) == {""} and result["scrapes"][""] >= 3 * count
            return result
    finally:
        targets.stop()


def scrapes_by_failure(own):
    """How many scrapes ended how; '' is a success."""
    with urllib.request.urlopen(f"http://127.0.0.1:{own}/metrics", timeout=10) as page:
        found = re.findall(r'^millrace_prometheus_scrapes\{.*failure="(\w*)".*\} (\S+)$', page.read().decode(), re.M)
    return {failure: int(float(value)) for failure, value in found if float(value) > 0}


def tell_exporter(row):
    say(f"  exporter prometheus: {row['cpu_per_million']:.2f} CPU s per million points into {KNOWN_SERIES:,} series "
        f"(goal 0.6), {row['points_per_second']:,.0f} points/s")
    say(f"    resident bytes a series: {row['bytes_a_series']:.0f} of {row['series']:,} (goal 300), "
        f"{row['bytes_a_series_known']:.0f} of the first {KNOWN_SERIES:,}")
    for name in ("plain", "gzip"):
        scrape = row[name]
        say(f"    a scrape ({name}) of {scrape['bytes'] / 1e6:.0f} MB: {scrape['cpu']:.2f} CPU s (goal 2 for 1,000,000 series), "
            f"{scrape['seconds']:.1f} s; p99 of {scrape['requests']} requests meanwhile {scrape['p99_ms']:.1f} ms "
            f"(goal 5), without it {row['idle_p99_ms']:.1f} ms")
    if "long_turns" in row:
        over_1, over_2, over_4 = row["long_turns"]
        say(f"    turns of the event loop meanwhile of more than 1 ms: {over_1}, 2 ms: {over_2}, 4 ms: {over_4}")


def tell_span_metrics(row):
    say(f"  span_metrics: {row['with']:.2f} CPU s per million spans, passing through {row['through']:.2f}: "
        f"{row['ratio']:.2f} (goal 2.0){'' if row['complete'] else '   NOT ALL SPANS ARRIVED'}")


def tell_receiver(row):
    trouble = "" if row.get("complete", True) else f"   NOT ALL SCRAPES SUCCEEDED: {row['scrapes']}"
    say(f"  receiver prometheus: {row['targets']:,} targets of {SERIES_OF_TARGET:,} series every {row['interval_s']} s: "
        f"{row['share']:.0%} of a processor (goal 25 % for 1,000 every 10 s), {row['cpu_per_million']:.2f} CPU s per "
        f"million samples, {row['resident'] / 1e6:.0f} MB resident{trouble}")


PARTS = {"exporter": (exporter_costs, tell_exporter), "span_metrics": (span_metrics_costs, tell_span_metrics),
         "receiver": (receiver_costs, tell_receiver)}


def run(options, folder):
    bench = Bench(options, folder)
    results, good = {name: [] for name in PARTS}, True
    for subject in subjects(options):
        say(f"\n{subject.name}")
        for name in options.parts or PARTS:
            measure, tell = PARTS[name]
            try:
                row = measure(bench, subject)
            except (OSError, RuntimeError, subprocess.SubprocessError) as error:
                say(f"  {name}: {error}")
                good = good and not subject.is_millrace
                continue
            results[name].append(row)
            tell(row)
            good = good and (row.get("complete", True) or not subject.is_millrace)
    return results, good
