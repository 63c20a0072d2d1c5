"""Twice the load that can be carried, for as long as you like, in several ways.

Each variant first finds the sustainable rate: what a closed loop of senders that wait their turn
gets through. Then twice that is offered, whatever the answers say (but for the polite senders, which
come back when the answer says). Red is: resident memory above the budget and a fixed overhead, or
growing; an acknowledged item that did not arrive; goodput below a share of the sustainable rate; a
refusal that does not say when to come back; a collector that does not come to rest; turns of a loop
that are long (what they wait for a processor that others have counts as well).
"""
import http.client
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, replace

from report import Verdicts, mb, say
from rig import Metrics, Rig, Watch, otlp_exporter, ports, wait_for_log

# Memory of a process beside the budget: the program, its threads, allocator slack, ring slots,
# HTTP/2 streams that were opened while the budget was full. Idle it is 9 to 12 MB resident, and
# what was ever measured in these variants beyond what is reserved is printed as "beside".
OVERHEAD_BYTES = 32 << 20
GOODPUT_SHARE = 0.8
# A run shorter than this is over before the allocator has come to rest: its growth is not judged.
TREND_SECONDS = 20
GROWTH_BYTES = 4 << 20
SINK_RATE = 40_000  # items a second: little enough that the machine is not what is measured
QUIET_SECONDS = 60  # to come to rest in
LONG_TURN = "0.064"  # seconds, a bucket's bound; slices are 0.001
LONG_TURNS_SHARE = 0.001


@dataclass
class Variant:
    name: str
    protocol: str = "grpc"
    payload: str = "protobuf"
    connections: int = 4
    streams: int = 64
    items: int = 100          # a request
    budget_mib: int = 256
    queue: int = 1_000        # requests
    on_full: str = "reject"
    storage: bool = False
    polite: bool = False      # senders come back when the answer says
    compression: str = "none"  # of the exporter
    sink_rate: int = SINK_RATE  # 0: the processor is the limit
    timeout: str = "10s"      # of the senders
    crowded: bool = False     # more connections than the budget has room for: some are closed
    short: bool = False       # part of --quick


VARIANTS = [
    Variant("grpc reject", short=True),
    Variant("grpc block", on_full="block"),
    Variant("http reject", protocol="http"),
    Variant("grpc polite senders", polite=True),
    Variant("grpc polite senders, short queue", polite=True, queue=20),
    Variant("http 1000 connections, small budget", protocol="http", connections=1000, streams=1,
            items=10, budget_mib=64, queue=100_000, crowded=True),
    Variant("grpc 1000 connections, small budget", connections=1000, streams=1, items=10,
            budget_mib=64, queue=100_000, crowded=True, short=True),
    Variant("grpc small budget, large requests", items=2000, budget_mib=64, queue=100_000,
            streams=16),
    Variant("grpc block, 20,000 senders wait with little", on_full="block", connections=100, streams=200,
            items=1, budget_mib=64, sink_rate=2_000, timeout="60s"),
    Variant("grpc disk", storage=True, queue=3_000, budget_mib=64),
    Variant("http disk, small budget", protocol="http", storage=True, queue=3_000, budget_mib=32,
            short=True),
    Variant("processor: http json in, gzip out", protocol="http", payload="json",
            compression="gzip", sink_rate=0),
    Variant("processor: grpc, small requests", items=10, connections=64, streams=2, sink_rate=0),
]


def configuration(variant, port, folder):
    """The probe's receiver answers when the item is delivered: its time is what senders' data needs."""
    queue = {"queue_size": variant.queue, "on_full": variant.on_full}
    config = {
        "receivers": {
            "otlp": {"protocols": {variant.protocol: {"endpoint": f"127.0.0.1:{port['otlp']}"}}},
            "otlp/probe": {"protocols": {"http": {"endpoint": f"127.0.0.1:{port['probe']}",
                                                  "acknowledge": "delivered"}}}},
        "processors": {"memory_limiter": {"check_interval": "1s", "spike_limit_mib": 1,
                                          "limit_mib": variant.budget_mib + 1}},
        "exporters": {"otlp_grpc": otlp_exporter(port["sink"], queue,
                                                 compression=variant.compression)},
        "service": {
            "pipelines": {"traces": {"receivers": ["otlp", "otlp/probe"],
                                     "processors": ["memory_limiter"],
                                     "exporters": ["otlp_grpc"]}},
            "telemetry": {"logs": {"level": "info"}, "metrics": {"readers": [{"pull": {"exporter": {
                "prometheus": {"host": "127.0.0.1", "port": port["metrics"]}}}}]}}}}
    if variant.storage:
        queue["storage"] = "file_storage"
        config["extensions"] = {"file_storage": {
            "directory": tempfile.mkdtemp(prefix="queue.", dir=folder)}}
        config["service"]["extensions"] = ["file_storage"]
    return config


class Probe:
    """One small request after the other, each timed until it is delivered."""

    # resource_spans { scope_spans { spans { trace_id span_id } } }
    SPAN = b"\x0a\x10" + b"\x11" * 16 + b"\x12\x08" + b"\x22" * 8
    BODY = (b"\x0a" + bytes([len(SPAN) + 4]) + b"\x12" + bytes([len(SPAN) + 2]) + b"\x12"
            + bytes([len(SPAN)]) + SPAN)

    def __init__(self, port):
        self.port = port

    def once(self):
        """Seconds until it was delivered, or None where it was refused."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=QUIET_SECONDS)
        begun = time.monotonic()
        try:
            connection.request("POST", "/v1/traces", self.BODY,
                               {"Content-Type": "application/x-protobuf"})
            status = connection.getresponse().status
        except OSError:
            return None
        finally:
            connection.close()
        return time.monotonic() - begun if status == 200 else None

    def usual(self):
        times = []
        for _ in range(40):
            times.append(self.once() or 1.0)
            time.sleep(0.01)
        return sorted(times)[37]

    def recovery(self, usual):
        """Seconds from now until ten requests in a row are as quick as usual; None: never."""
        begun, quick = time.monotonic(), 0
        while time.monotonic() < begun + QUIET_SECONDS:
            if quick == 0:
                since = time.monotonic()
            took = self.once()
            quick = quick + 1 if took is not None and took <= 2 * usual + 0.02 else 0
            if quick == 10:
                return since - begun
            time.sleep(0.01)
        return None


def sustainable(rig, variant, seconds):
    """Items a second that senders that wait their turn get through; the sink's speed where that is
    more, for then it was the generator that was slow to start."""
    waiting = replace(variant, on_full="block")
    port = ports("otlp", "probe", "metrics", "sink")
    sink = rig.sink(port["sink"], "--rate", str(variant.sink_rate))
    try:
        with rig.collector(configuration(waiting, port, rig.folder)) as collector:
            wait_for_log(collector, "everything is ready")
            generator = rig.generator(port["otlp"], **load_of(variant), retries=100,
                                      duration=f"{seconds + 1:.1f}s")
            time.sleep(1)
            begun, before = time.monotonic(), sent_items(port)
            time.sleep(seconds)
            rate = (sent_items(port) - before) / (time.monotonic() - begun)
            generator.stop()
            return max(rate, variant.sink_rate)
    finally:
        sink.stop()


def load_of(variant):
    return {"protocol": variant.protocol, "format": variant.payload, "connections": variant.connections,
            "streams": variant.streams, "items_per_request": variant.items,
            "timeout": variant.timeout}


def sent_items(port):
    return Metrics(port["metrics"]).sum("otelcol_exporter_sent_spans")


def overload(rig, variant, rate, seconds):
    """What became of twice the rate."""
    port = ports("otlp", "probe", "metrics", "sink")
    acknowledged = rig.path("acknowledged")
    sink = rig.sink(port["sink"], "--acknowledged", acknowledged, "--rate", str(variant.sink_rate))
    try:
        with rig.collector(configuration(variant, port, rig.folder)) as collector:
            wait_for_log(collector, "everything is ready")
            probe = Probe(port["probe"])
            usual = probe.usual()
            idle = collector.memory_bytes("VmRSS")
            generator = rig.generator(port["otlp"], **load_of(variant), rate=2 * rate,
                                      duration=f"{seconds:.1f}s", acknowledged=acknowledged,
                                      retries=1_000_000 if variant.polite else 0)
            with Watch(collector, port["metrics"]) as watch:
                settle = min(2, seconds / 4)
                time.sleep(settle)
                begun, before, cpu = time.monotonic(), sent_items(port), collector.cpu_seconds()
                time.sleep(seconds - settle - 0.2)
                taken = time.monotonic() - begun
                goodput = (sent_items(port) - before) / taken
                cpu = (collector.cpu_seconds() - cpu) / taken
                sent = generator.summary(seconds + QUIET_SECONDS)
            recovery = probe.recovery(usual)
            at_rest = await_rest(port)
            long_turns = {bound: turns_longer_than(port, bound) for bound in ("0.004", LONG_TURN)}
            balanced = end_balanced(collector)
        sink.child.send_signal(signal.SIGTERM)
        received = sink.summary(QUIET_SECONDS)
    finally:
        sink.stop()
    return {"name": variant.name, "sustainable": rate, "seconds": seconds,
            "offered": (sent["sent"] + sent["retries"] * variant.items) / sent["seconds"],
            "goodput": goodput, "processor_share": cpu, "idle_rss": idle,
            "budget": variant.budget_mib << 20, "peak_rss": watch.peak(), "growth": watch.growth(),
            "growth_beside": watch.growth_beside(idle) if seconds >= TREND_SECONDS else 0,
            "beyond_reserved": watch.beyond_reserved(seconds), "terms_at_peak": watch.terms_at_peak,
            "reserved_peak": max((bytes_ for _, bytes_ in watch.reserved), default=0),
            "sent": sent, "received": received, "usual_ms": usual * 1e3, "recovery_s": recovery,
            "at_rest": at_rest, "balanced": balanced, "long_turns": long_turns}


def turns_longer_than(port, bound):
    """The share of the loops' turns that took longer."""
    metrics = Metrics(port["metrics"])
    turns = metrics.sum("millrace_loop_turn_seconds_count")
    within = metrics.sum("millrace_loop_turn_seconds_bucket", f'le="{bound}"')
    return 1 - within / turns if turns else 1.0


def await_rest(port):
    """Whether everything that was taken has been delivered, in time."""
    deadline = time.monotonic() + QUIET_SECONDS
    while time.monotonic() < deadline:
        metrics = Metrics(port["metrics"])
        if metrics.sum("millrace_ledger_held_items") == 0:
            return metrics.sum("millrace_ledger_imbalance_items") == 0
        time.sleep(0.1)
    return False


def end_balanced(collector):
    collector.child.send_signal(signal.SIGTERM)
    try:
        collector.child.wait(QUIET_SECONDS)
    except subprocess.TimeoutExpired:
        return False
    with open(collector.log_path, errors="replace") as log:
        return "balance=ok" in log.read().strip().splitlines()[-1]


def judge(result, variant):
    verdicts = Verdicts()
    sent, refusals = result["sent"], result["sent"]["refusals"]
    limit = result["budget"] + OVERHEAD_BYTES
    verdicts.expect(result["peak_rss"] <= limit,
                    f"resident memory was {mb(result['peak_rss'])}, budget and overhead are {mb(limit)}")
    if result["seconds"] >= TREND_SECONDS:
        verdicts.expect(result["growth_beside"] <= GROWTH_BYTES,
                        f"what is resident and not reserved grew by {mb(result['growth_beside'])}")
    verdicts.expect(result["received"]["lost"] == 0,
                    f"{result['received']['lost']:,} acknowledged items did not arrive")
    verdicts.expect(result["received"]["acknowledged"] == sent["ok"] > 0, "nothing was acknowledged")
    verdicts.expect(result["goodput"] >= GOODPUT_SHARE * min(result["sustainable"], result["offered"]),
                    f"goodput was {result['goodput'] / result['sustainable']:.0%} of the sustainable rate")
    verdicts.expect(refusals["hinted"] == refusals["count"],
                    f"{refusals['count'] - refusals['hinted']:,} of {refusals['count']:,} refusals "
                    "did not say when to come back")
    verdicts.expect(sent["unanswered"] == 0 or variant.crowded or variant.on_full == "block",
                    f"{sent['unanswered']:,} items had no answer")
    verdicts.expect(sent["failed"] == sent["unanswered"],
                    f"{sent['failed'] - sent['unanswered']:,} items were refused for good")
    verdicts.expect(result["recovery_s"] is not None and result["at_rest"],
                    "it did not come to rest after the load")
    verdicts.expect(result["balanced"], "the ledger does not balance")
    verdicts.expect(result["long_turns"][LONG_TURN] <= LONG_TURNS_SHARE,
                    f"{result['long_turns'][LONG_TURN]:.2%} of the turns took longer than {LONG_TURN} s")
    return not verdicts.red


def tell(result):
    sent, refusals = result["sent"], result["sent"]["refusals"]
    recovery = "never" if result["recovery_s"] is None else f"{result['recovery_s']:.1f} s"
    say(f"  sustainable {result['sustainable']:,.0f} items/s, offered {result['offered']:,.0f} for "
        f"{result['seconds']:.0f} s, goodput {result['goodput']:,.0f} "
        f"({result['goodput'] / result['sustainable']:.0%}), processor {result['processor_share']:.0%}")
    say(f"  resident: {mb(result['idle_rss'])} before, at most {mb(result['peak_rss'])}, second to "
        f"last quarter {result['growth'] / 1e6:+.1f} MB; budget {mb(result['budget'])}, reserved at "
        f"most {mb(result['reserved_peak'])}, beside it {mb(result['beyond_reserved'])}")
    say("  reserved: " + ", ".join(f"{name} {mb(bytes_)}"
                                   for name, bytes_ in result["terms_at_peak"].items() if bytes_))
    codes = ", ".join(f"{count:,} {code}" for code, count in refusals["by_code"].items())
    share = refusals["hinted"] / refusals["count"] if refusals["count"] else 1
    say(f"  refusals: {codes or 'none'}; {share:.0%} say when to come back"
        + (f", {refusals['hint_ms']['min']:,.0f} to {refusals['hint_ms']['max']:,.0f} ms"
           if refusals["hinted"] else "")
        + (f"; attempts again {sent['retries']:,}" if sent["retries"] else "")
        + (f"; without an answer {sent['unanswered']:,} items" if sent["unanswered"] else ""))
    say(f"  acknowledged {sent['ok']:,}, lost {result['received']['lost']:,}, twice "
        f"{result['received']['duplicates']:,}; latency as before the load ({result['usual_ms']:.0f} "
        f"ms) after {recovery}")
    say("  turns longer than " + ", ".join(f"{float(bound) * 1e3:.0f} ms: {share:.3%}"
                                           for bound, share in result["long_turns"].items()))


def run(options, folder):
    wanted = [word.lower() for word in options.variants]
    todo = [variant for variant in VARIANTS
            if (variant.short or not options.quick) and not wanted
            or any(word in variant.name for word in wanted)]
    results, good = [], 0
    for variant in todo:
        say(f"{variant.name}: {variant.connections} x {variant.streams} requests of {variant.items}")
        with Rig(options, folder) as rig:
            rate = variant.sink_rate
            if not options.quick or rate == 0:
                rate = sustainable(rig, variant, min(5, options.seconds / 4))
            result = overload(rig, variant, rate, options.seconds)
        tell(result)
        good += judge(result, variant)
        results.append(result)
    say(f"{good} passed, {len(todo) - good} failed")
    return {"overload": results}, good == len(todo) > 0
