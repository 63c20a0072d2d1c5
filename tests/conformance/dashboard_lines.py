"""The metrics that public dashboards of otelcol query must exist, with that type and those labels.

The dashboards: Grafana's 15983, "OpenTelemetry Collector" (its queries end counters in `_total`), and
"OpenTelemetry Collector Data Flow" of the OpenTelemetry demo (its queries do not). Their queries are
restated here as facts. `job`, `instance` and `le` come from Prometheus and from the histogram itself.
"""
from collector import Collector, free_port, page, wait_until
from messages import sample
from peers import GrpcPeer
from table import shows
from wire import H2Client, http_request

ITEMS = {"traces": "spans", "metrics": "metric_points", "logs": "log_records"}

# family -> type, labels that the dashboards filter or group by
QUERIED = {
    "otelcol_processor_batch_batch_send_size": ("histogram", {"processor"}),
    "otelcol_processor_batch_batch_size_trigger_send": ("counter", {"processor"}),
    "otelcol_processor_batch_timeout_trigger_send": ("counter", {"processor"}),
    "otelcol_exporter_queue_size": ("gauge", {"exporter"}),
    "otelcol_exporter_queue_capacity": ("gauge", {"exporter"}),
    "otelcol_process_memory_rss": ("gauge", set()),
    "otelcol_process_runtime_total_sys_memory_bytes": ("gauge", set()),
    "otelcol_process_runtime_heap_alloc_bytes": ("gauge", set()),
    "otelcol_process_cpu_seconds": ("counter", set()),
    "otelcol_process_uptime": ("counter", set()),
}
for items in ITEMS.values():
    for outcome in ("accepted", "refused"):
        QUERIED[f"otelcol_receiver_{outcome}_{items}"] = ("counter", {"receiver", "transport"})
    for outcome in ("sent", "send_failed", "enqueue_failed"):
        QUERIED[f"otelcol_exporter_{outcome}_{items}"] = ("counter", {"exporter"})

# Queried as well, but served neither here nor by the otelcol whose metrics these are (v0.162).
NOT_SERVED = {
    "otelcol_processor_accepted_": "otelcol_processor_memory_limiter_accepted_* since v0.156",
    "otelcol_processor_refused_": "otelcol_processor_memory_limiter_refused_* since v0.156",
    "otelcol_processor_dropped_": "no processor of otelcol counts it any more",
}
# Labels that the dashboards group by and that only target_info has, as in otelcol.
OF_THE_RESOURCE = {"service_instance_id", "service_name", "service_version"}


def families(text):
    """name -> (type, the label names of each series)."""
    found = {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            found[name] = (kind, [])
        elif line and not line.startswith("#"):
            series = line.rsplit(" ", 1)[0]
            name, _, labels = series.rstrip("}").partition("{")
            for suffix in ("_bucket", "_sum", "_count"):
                if name not in found and name.endswith(suffix):
                    name = name[:-len(suffix)]
            found[name][1].append({part.split("=")[0] for part in labels.split('",') if part})
    return found


def scraped(without_type_suffix):
    """The page of a collector with traffic of all three signals over both transports."""
    port = free_port()
    reader = {"host": "127.0.0.1", "port": port, "without_type_suffix": without_type_suffix}
    extra = {"service/telemetry": {"metrics": {"readers": [{"pull": {"exporter": {"prometheus": reader}}}]}}}
    processors = {"memory_limiter": {"check_interval": "1s", "limit_mib": 200}, "batch": {"timeout": "10ms"}}
    with GrpcPeer() as peer:
        exporter = {"otlp": {"endpoint": f"127.0.0.1:{peer.port}", "tls": {"insecure": True}}}
        with Collector(exporter, processors=processors, extra=extra) as collector:
            with H2Client(collector.grpc_port) as client:
                for signal, items in ITEMS.items():
                    message = sample(signal).SerializeToString()
                    assert client.grpc(signal, message).grpc_status == 0
                    assert http_request(collector.http_port, f"/v1/{signal}", message).status == 200
            wait_until(lambda: peer.count() >= 3, what="three batches")
            return families(page(port, "/metrics")[1])


def check(found, counter_suffix):
    wrong = []
    for name, (kind, labels) in QUERIED.items():
        name += counter_suffix if kind == "counter" else ""
        if name not in found:
            wrong.append(f"{name} is absent")
        elif found[name][0] != kind:
            wrong.append(f"{name} is a {found[name][0]}, not a {kind}")
        elif not found[name][1] or any(labels - series for series in found[name][1]):
            wrong.append(f"{name} has {found[name][1]}, not {labels}")
    assert not wrong, "\n".join(wrong)
    served = [name for name in found if any(name.startswith(absent) for absent in NOT_SERVED)
              and not name.startswith("otelcol_processor_memory_limiter_")]
    assert not served, f"{served} are served now: update the table"
    assert OF_THE_RESOURCE <= found["target_info"][1][0], found["target_info"]


@shows(role="daemon")
def metrics_that_dashboards_query_without_total_are_there():
    check(scraped(without_type_suffix=True), "")


@shows(role="daemon")
def metrics_that_dashboards_query_with_total_are_there():
    check(scraped(without_type_suffix=False), "_total")
