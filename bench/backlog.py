"""A backlog on disk: how soon a collector is ready that finds one, and how fast it goes out once the
back end is there, beside the same backlog in a memory queue in the same run.

Both are filled beside a dead back end, by the same generator, and drained into the same kind of
sink. Red is: the drain from disk below a share of the drain from memory, a start that takes too
long, resident memory above the budget and an overhead, an acknowledged item that did not arrive.
"""
import os
import shutil
import signal
import tempfile
import time

from overload import OVERHEAD_BYTES
from report import Verdicts, mb, say
from rig import Metrics, Rig, Watch, otlp_exporter, ports, wait_for_log

DRAIN_SHARE = 0.8
START_SECONDS = 2
ITEM_BYTES = 400  # about; what the first request tells is used
DISK_BUDGET_MIB = 256
QUEUE_MAX = 50_000_000


def configuration(port, budget_mib, queue_size, directory=None):
    queue = {"queue_size": queue_size, "on_full": "block"}
    config = {
        "receivers": {"otlp": {"protocols": {"grpc": {"endpoint": f"127.0.0.1:{port['otlp']}"}}}},
        "processors": {"memory_limiter": {"check_interval": "1s", "spike_limit_mib": 1,
                                          "limit_mib": budget_mib + 1}},
        "exporters": {"otlp_grpc": otlp_exporter(port["sink"], queue)},
        "service": {
            "pipelines": {"traces": {"receivers": ["otlp"], "processors": ["memory_limiter"],
                                     "exporters": ["otlp_grpc"]}},
            "telemetry": {"logs": {"level": "info"}, "metrics": {"readers": [{"pull": {"exporter": {
                "prometheus": {"host": "127.0.0.1", "port": port["metrics"]}}}}]}}}}
    if directory:
        queue["storage"] = "file_storage"
        config["extensions"] = {"file_storage": {"directory": directory}}
        config["service"]["extensions"] = ["file_storage"]
    return config


def size_of(folder):
    return sum(os.path.getsize(os.path.join(folder, name)) for name in os.listdir(folder))


def fill(rig, port, total, items, acknowledged, seconds):
    sent = rig.generator(port["otlp"], items_per_request=items, connections=4, streams=32,
                         total=total, retries=1000, timeout="60s",
                         acknowledged=acknowledged).summary(seconds)
    if sent["ok"] != sent["sent"]:
        raise RuntimeError(f"the backlog could not be made: {sent}")
    return sent


def drain(rig, collector, port, acknowledged, total, seconds):
    """Starts the sink that the collector waits for; returns its counts, once all is there."""
    sink = rig.sink(port["sink"], "--acknowledged", acknowledged, "--expect", str(total),
                    "--duration", f"{seconds}s", "--settle", "500ms")
    try:
        with Watch(collector, port["metrics"]) as watch:
            cpu = collector.cpu_seconds()
            received = sink.summary(seconds + 30)
            cpu = collector.cpu_seconds() - cpu
    finally:
        sink.stop()
    rest = resident_at_rest(collector, port)
    return {"resident_at_rest": rest, "items_per_second": received["items"] / max(received["active_seconds"], 1e-9),
            "bytes_per_second": received["bytes"] / max(received["active_seconds"], 1e-9),
            "cpu_per_million": cpu / max(received["items"], 1) * 1e6, "received": received,
            "peak_rss": watch.peak(), "beyond_reserved": watch.beyond_reserved(seconds),
            "terms_at_peak": watch.terms_at_peak}


def resident_at_rest(collector, port):
    """Returns the bytes that are resident and not reserved, some seconds after the drain: memory that the
    allocator keeps is missing when senders fill the budget next."""
    rest = collector.memory_bytes("VmRSS")
    for _ in range(24):
        time.sleep(0.5)
        reserved = Metrics(port["metrics"]).sum("millrace_memory_reserved_bytes")
        rest = min(rest, collector.memory_bytes("VmRSS") - int(reserved))
        if rest < OVERHEAD_BYTES / 2:
            break
    return rest


def from_memory(rig, total, items, wire_bytes):
    port, acknowledged = ports("otlp", "metrics", "sink"), rig.path("acknowledged")
    budget_mib = int(wire_bytes * 1.5 / 2**20) + 256
    with rig.collector(configuration(port, budget_mib, total // items + 1000)) as collector:
        wait_for_log(collector, "everything is ready")
        fill(rig, port, total, items, acknowledged, 120)
        return drain(rig, collector, port, acknowledged, total, 300)


def time_starts(rig, config):
    """Seconds from exec until the log says that everything is ready, three times; and how much was
    resident then."""
    starts = []
    for _ in range(3):
        begun = time.monotonic()
        with rig.collector(config) as collector:
            wait_for_log(collector, "everything is ready")
            starts.append(time.monotonic() - begun)
            resident = collector.memory_bytes("VmRSS")
            collector.child.send_signal(signal.SIGTERM)
            collector.child.wait(60)
    return starts, resident


def from_disk(rig, total, items, directory):
    port, acknowledged = ports("otlp", "metrics", "sink"), rig.path("acknowledged")
    config = configuration(port, DISK_BUDGET_MIB, QUEUE_MAX, directory)
    empty, _ = time_starts(rig, config)
    with rig.collector(config) as collector:
        wait_for_log(collector, "everything is ready")
        begun = time.monotonic()
        sent = fill(rig, port, total, items, acknowledged, 900)
        filled = time.monotonic() - begun
        collector.child.send_signal(signal.SIGTERM)
        collector.child.wait(60)
    size = size_of(directory)
    starts, resident = time_starts(rig, config)
    with rig.collector(config) as collector:
        wait_for_log(collector, "everything is ready")
        recovered = Metrics(port["metrics"]).sum("millrace_ledger_items", 'state="recovered"')
        result = drain(rig, collector, port, acknowledged, total, 900)
    return {**result, "fill_seconds": filled, "directory_bytes": size, "start_seconds": starts,
            "empty_start_seconds": empty, "rss_after_start": resident, "recovered": recovered, "sent": sent}


def best(runs):
    """What else a machine does only slows a drain: the quickest of them tells most about us."""
    result = max(runs, key=lambda run: run["items_per_second"])
    worst = max(run["peak_rss"] for run in runs)
    lost = sum(run["received"]["lost"] for run in runs)
    return {**result, "peak_rss": worst, "lost": lost}


def run(options, folder):
    verdicts = Verdicts()
    items = options.items
    total = int(options.gigabytes * 1e9 / ITEM_BYTES) // items * items
    # The same payloads; as many as a machine's memory may hold.
    memory_total = min(total, int(2e9 / ITEM_BYTES) // items * items)
    disks, memories = [], []
    for _ in range(options.runs if options.gigabytes <= 2 else 1):
        directory = tempfile.mkdtemp(prefix="queue.", dir=folder)
        with Rig(options, folder) as rig:
            disks.append(from_disk(rig, total, items, directory))
        shutil.rmtree(directory)
        with Rig(options, folder) as rig:
            memories.append(from_memory(rig, memory_total, items, memory_total * ITEM_BYTES))
    disk, memory = best(disks), best(memories)
    share = disk["items_per_second"] / memory["items_per_second"]
    start, empty = (sorted(disk[name])[1] for name in ("start_seconds", "empty_start_seconds"))
    per_10_gb = empty + max(0, start - empty) * 10e9 / disk["directory_bytes"]
    say(f"backlog of {disk['received']['items']:,} items, {items} a request, {mb(disk['directory_bytes'])} on disk, filled "
        f"in {disk['fill_seconds']:.1f} s")
    say(f"  start: ready after {', '.join(f'{seconds:.3f}' for seconds in disk['start_seconds'])} s "
        f"(files in the page cache), {empty:.3f} s with nothing, resident "
        f"{mb(disk['rss_after_start'])}; in proportion {per_10_gb:.2f} s with 10 GB")
    for name, result in (("disk", disk), ("memory", memory)):
        say(f"  drain from {name}: {result['items_per_second']:,.0f} items/s "
            f"({mb(result['bytes_per_second'])}/s), {result['cpu_per_million']:.3f} CPU-seconds per "
            f"million, resident at most {mb(result['peak_rss'])}, beside what is reserved "
            f"{mb(result['beyond_reserved'])}, afterwards {mb(result['resident_at_rest'])}")
    say(f"  disk / memory: {share:.2f} of the rate, "
        f"{disk['cpu_per_million'] / max(memory['cpu_per_million'], 1e-9):.2f} of the CPU time")
    say("  reserved: " + ", ".join(f"{name} {mb(bytes_)}"
                                   for name, bytes_ in disk["terms_at_peak"].items() if bytes_))
    for name, result in (("disk", disk), ("memory", memory)):
        received = result["received"]
        say(f"  {name}: acknowledged {received['acknowledged']:,}, lost {received['lost']:,}, twice "
            f"{received['duplicates']:,}")
        verdicts.expect(result["lost"] == 0 and received["acknowledged"] > 0,
                        f"{name}: {result['lost']:,} acknowledged items did not arrive")
    limit = (DISK_BUDGET_MIB << 20) + OVERHEAD_BYTES
    verdicts.expect(disk["peak_rss"] <= limit, f"resident memory was {mb(disk['peak_rss'])} during "
                    f"the drain from disk, budget and overhead are {mb(limit)}")
    verdicts.expect(disk["resident_at_rest"] <= OVERHEAD_BYTES,
                    f"{mb(disk['resident_at_rest'])} stayed resident after the drain")
    verdicts.expect(share >= DRAIN_SHARE, f"the drain from disk is {share:.0%} of that from memory")
    verdicts.expect(per_10_gb <= START_SECONDS, f"10 GB would start in {per_10_gb:.1f} s")
    return {"backlog": {"disk": disk, "memory": memory, "share": share}}, not verdicts.red
