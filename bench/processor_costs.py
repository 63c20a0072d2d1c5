"""What processors cost: CPU seconds per million spans of the collector beside those of the same
collector that passes requests through, 100 spans a request. Pass-through is measured again before
each processor, so that a machine that becomes slower shows in both. The goals are ratios.

With --otelcol FILE, a reference collector with these components, the same configuration runs there in
between, with a tenth of the spans, and its CPU seconds stand beside."""
import json
import os
import statistics

from processes import Process
from report import say
from throughput import Bench

SHAPE = (100, 4, 4)

TEN_STATEMENTS = [
    'set(span.attributes["deployment.environment"], "production")',
    'set(span.attributes["service"], resource.attributes["service.name"])',
    'delete_key(span.attributes, "http.user_agent")',
    'replace_pattern(span.name, "/[0-9]+", "/{id}")',
    'set(span.status.code, 2) where span.attributes["http.response.status_code"] >= 500',
    'set(span.attributes["route"], span.attributes["http.route"]) where span.attributes["http.route"] != nil',
    'truncate_all(span.attributes, 4096)',
    'set(span.name, Concat(["GET", span.name], " ")) where span.kind == SPAN_KIND_CLIENT',
    'delete_matching_keys(span.attributes, "^internal\\\\.")',
    'set(span.attributes["slow"], true) where span.end_time - span.start_time > Duration("1s")',
]

# name, section, the most that it may cost beside pass-through
CASES = (
    ("filter on an attribute of the resource",
     {"filter": {"traces": {"resource": ['attributes["service.name"] == "none"']}}}, 1.1),
    ("filter on an attribute of spans",
     {"filter": {"traces": {"span": ['attributes["http.route"] == "/none"']}}}, 1.4),
    ("filter with a regular expression on span names",
     {"filter": {"traces": {"span": ['IsMatch(name, "^(health|ready|live)z?$")']}}}, 1.4),
    ("an attribute on every resource",
     {"transform": {"trace_statements": ['set(resource.attributes["env"], "production")']}}, 1.1),
    ("an attribute on every span",
     {"transform": {"trace_statements": ['set(span.attributes["env"], "production")']}}, 1.8),
    ("ten statements", {"transform": {"trace_statements": TEN_STATEMENTS}}, 3.0),
    ("card numbers searched in every attribute",
     {"redaction": {"allow_all_keys": True, "blocked_values": ["4[0-9]{12}(?:[0-9]{3})?"]}}, 4.0),
)
# The reference takes ten times as long for a span.
REFERENCE_SHARE = 10


class ProcessorBench(Bench):
    """Collectors with processors."""

    def with_processors(self, processors, command=None):
        def make(port, upstreams):
            config = {
                "receivers": {"otlp": {"protocols": {"grpc": {"endpoint": f"127.0.0.1:{port}"}}}},
                "processors": processors,
                "exporters": {"otlp_grpc": {
                    "endpoint": f"127.0.0.1:{upstreams[0]}", "compression": "none",
                    "tls": {"insecure": True},
                    "sending_queue": {"queue_size": 10_000, "block_on_overflow": True}}},
                "service": {
                    "pipelines": {"traces": {"receivers": ["otlp"], "processors": list(processors),
                                             "exporters": ["otlp_grpc"]}},
                    "telemetry": {"logs": {"level": "error"}, "metrics": {"level": "none"}}}}
            path = os.path.join(self.folder, "processors.yaml")
            with open(path, "w") as out:
                json.dump(config, out)
            return Process([*(command or [self.options.millrace]), "--config", path],
                           self.subject_processors, os.path.join(self.folder, "processors.log"))
        return make


def measure(bench, options, processors, command, spans):
    """Pairs of passing through and with the processors; the medians."""
    pairs = []
    for _ in range(options.runs):
        pairs.append([bench.measure(bench.with_processors(used, command), SHAPE, spans, 0)
                      for used in ({}, processors)])
    medians = [statistics.median(pair[i]["cpu_per_million"] for pair in pairs) for i in range(2)]
    return medians, all(run["complete"] for pair in pairs for run in pair)


def run(options, folder):
    bench = ProcessorBench(options, folder)
    # A reference that takes all memory ends, and not the machine.
    reference = ["prlimit", "--data=6000000000", options.otelcol] if options.otelcol else None
    rows, good = [], True
    say(f"{'':<48} {'through':>8} {'with':>8} {'ratio':>6} {'goal':>5}"
        f"{'  otelcol: through     with  by Millrace' if reference else ''}   CPU s per million spans")
    for name, processors, goal in CASES:
        (through, beside), complete = measure(bench, options, processors, None, options.spans)
        ratio = beside / max(through, 1e-9)
        row = {"name": name, "through": through, "with": beside, "ratio": ratio, "goal": goal,
               "complete": complete}
        line = f"{name:<48} {through:>8.3f} {beside:>8.3f} {ratio:>6.2f} {goal:>5}"
        if reference:
            (row["otelcol_through"], row["otelcol_with"]), whole = measure(
                bench, options, processors, reference, options.spans // REFERENCE_SHARE)
            complete = complete and whole
            line += (f"  {row['otelcol_through']:>16.3f} {row['otelcol_with']:>8.3f}"
                     f" {row['otelcol_with'] / max(beside, 1e-9):>9.1f} x")
        rows.append(row)
        good = good and complete
        say(f"{line}{'' if complete else '   NOT ALL SPANS ARRIVED'}"
            f"{'   over the goal' if ratio > goal else ''}")
    return {"processors": rows}, good
