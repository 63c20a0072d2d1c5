"""What processors cost: CPU seconds per million spans of the collector beside those of the same
collector that passes requests through, 100 spans a request. Pass-through is measured again before
each processor, so that a machine that becomes slower shows in both. The goals are ratios."""
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
)


class ProcessorBench(Bench):
    """Collectors with processors."""

    def with_processors(self, processors):
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
            return Process([self.options.millrace, "--config", path], self.subject_processors,
                           os.path.join(self.folder, "processors.log"))
        return make


def run(options, folder):
    bench = ProcessorBench(options, folder)
    rows, good = [], True
    say(f"{'':<48} {'through':>8} {'with':>8} {'ratio':>6} {'goal':>5}   CPU s per million spans")
    for name, processors, goal in CASES:
        pairs = []
        for _ in range(options.runs):
            through = bench.measure(bench.with_processors({}), SHAPE, options.spans, 0)
            beside = bench.measure(bench.with_processors(processors), SHAPE, options.spans, 0)
            pairs.append((through, beside))
        through = statistics.median(pair[0]["cpu_per_million"] for pair in pairs)
        beside = statistics.median(pair[1]["cpu_per_million"] for pair in pairs)
        complete = all(run["complete"] for pair in pairs for run in pair)
        ratio = beside / max(through, 1e-9)
        rows.append({"name": name, "through": through, "with": beside, "ratio": ratio,
                     "goal": goal, "complete": complete})
        good = good and complete
        say(f"{name:<48} {through:>8.3f} {beside:>8.3f} {ratio:>6.2f} {goal:>5}"
            f"{'' if complete else '   NOT ALL SPANS ARRIVED'}"
            f"{'   over the goal' if ratio > goal else ''}")
    return {"processors": rows}, good
