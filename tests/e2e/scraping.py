"""The prometheus receiver with Python's prometheus_client, with its own metrics, and beside a real Prometheus."""
import os
import subprocess
import sys
import time

import environment
import prometheus_server
from harness import Process, Sink, configuration, free_port, stop_and_read_ledger, to_sink, wait_for_port, wait_until

NO_RECORDED_VALUE = 1


def start(case, sink, *scrapes, telemetry=None):
    config, _, _ = configuration({"otlp_grpc": to_sink(sink.port)}, signals=("metrics",))
    config["receivers"]["prometheus"] = {"config": {"global": {"scrape_interval": "1s"}, "scrape_configs": list(scrapes)}}
    config["service"]["pipelines"]["metrics"]["receivers"] = ["otlp", "prometheus"]
    if telemetry:
        config["service"]["telemetry"]["metrics"] = telemetry
    return case.start(config)


def job(name, port, **more):
    return {"job_name": name, "static_configs": [{"targets": [f"127.0.0.1:{port}"], "labels": {"env": "test"}}], **more}


def expose(case):
    port = free_port()
    child = subprocess.Popen([sys.executable, os.path.join(environment.HERE, "expose_python.py"), str(port)],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "ready\n"

    class Ending:
        def stop(self):
            child.kill()
            child.wait()
    case.keep(Ending())
    wait_for_port(port)
    return port, child


def attributes(message):
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in message}


def bound_text(bound):
    """As Prometheus writes a bound: "1.0", "+Inf"."""
    return "+Inf" if bound == float("inf") else str(float(bound))


def series_of(metric):
    """(name, labels, value, is marked as ended) of each sample that Prometheus would have of an OTLP metric."""
    kind = metric.WhichOneof("data")
    for point in getattr(metric, kind).data_points:
        labels, ended = attributes(point.attributes), point.flags == NO_RECORDED_VALUE
        if kind in ("gauge", "sum"):
            yield metric.name, labels, point.as_double, ended
            continue
        yield metric.name + "_count", labels, point.count, ended
        yield metric.name + "_sum", labels, point.sum, ended
        if kind == "summary":
            for quantile in point.quantile_values:
                yield metric.name, {**labels, "quantile": bound_text(quantile.quantile)}, quantile.value, ended
            continue
        total = 0
        for count, bound in zip(point.bucket_counts, [*point.explicit_bounds, float("inf")]):
            total += count
            yield metric.name + "_bucket", {**labels, "le": bound_text(bound)}, total, ended


def scraped(sink, job_name):
    """The samples of a job, newest value, as {(name, labels): (value, is marked as ended)}."""
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
    found = {}
    for body in sink.records():
        for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics:
            own = attributes(resource.resource.attributes)
            if own["service.name"] != job_name:
                continue
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    for name, labels, value, ended in series_of(metric):
                        labels = {**labels, "job": own["service.name"], "instance": own["service.instance.id"]}
                        found[(name, tuple(sorted(labels.items())))] = (value, ended)
    return found


def value_of(found, name, **labels):
    values = [value for (key, own), value in found.items() if key == name and labels.items() <= dict(own).items()]
    return values[0] if len(values) == 1 else None


def own_metrics(case):
    """What most configurations use the receiver for."""
    sink, port = Sink(case), free_port()
    collector = start(case, sink, {"job_name": "otel-collector",
                                   "static_configs": [{"targets": [f"localhost:{port}"]}]},
                      telemetry={"readers": [{"pull": {"exporter": {"prometheus": {"host": "localhost", "port": port}}}}]})
    wait_until(lambda: (value_of(scraped(sink, "otel-collector"), "otelcol_receiver_accepted_metric_points",
                                 receiver="prometheus") or (0, False))[0] > 0,
               lambda: str(scraped(sink, "otel-collector"))[:2000])
    assert value_of(scraped(sink, "otel-collector"), "up") == (1, False)
    ledger = stop_and_read_ledger(collector)
    assert ledger["admitted"] == ledger["delivered"] > 0, ledger


def client_library(*protocols):
    def run(case):
        sink = Sink(case)
        port, child = expose(case)
        more = {"scrape_protocols": list(protocols)} if protocols else {}
        start(case, sink, job("shop", port, **more))
        wait_until(lambda: value_of(scraped(sink, "shop"), "up") == (1, False), lambda: str(scraped(sink, "shop")))
        found = scraped(sink, "shop")
        for (name, labels), value in {
                ("orders_total", ("country", "de")): 3, ("orders_total", ("country", '"東京"\n\\')): 4.5,
                ("stock_bytes", ("env", "test")): -1.5e9, ("latency_seconds_count", ("path", "/")): 4,
                ("latency_seconds_sum", ("path", "/")): 100.25, ("latency_seconds_bucket", ("le", "1.0")): 3,
                ("latency_seconds_bucket", ("le", "+Inf")): 4, ("size_count", ("env", "test")): 2,
                ("size_sum", ("env", "test")): 7}.items():
            assert value_of(found, name, **dict([labels])) == (value, False), (name, labels, found)
        child.kill()
        wait_until(lambda: value_of(scraped(sink, "shop"), "up") == (0, False), lambda: "up stays 1")
        ended = scraped(sink, "shop")
        assert value_of(ended, "orders_total", country="de")[1], "no marker"
        assert value_of(ended, "latency_seconds_count")[1] and value_of(ended, "size_count")[1]
    return run


def of_prometheus(port, job_name):
    found = {}
    for metric, value in prometheus_server.query(port, f'{{job="{job_name}"}}'):
        # Prometheus 2 keeps bounds as they are written, Prometheus 3 and the receiver write them as OpenMetrics does.
        labels = {name: bound_text(float(text)) if name in ("le", "quantile") else text
                  for name, text in metric.items()}
        found[(labels.pop("__name__"), tuple(sorted(labels.items())))] = value
    return found


# All but series that OTLP has no sample for or names otherwise (an info metric loses its _info).
def is_comparable(name, labels):
    return not name.endswith("_created") and name not in ("build", "build_info", "scrape_duration_seconds")


def beside_prometheus(node_exporter):
    def run(case):
        sink = Sink(case)
        if node_exporter:
            port = free_port()
            case.keep(Process([environment.debian_program("prometheus-node-exporter"),
                               f"--web.listen-address=127.0.0.1:{port}"], log=os.path.join(case.folder, "exporter.log")))
            wait_for_port(port)
        else:
            port, _ = expose(case)
        scrape = job("both", port)
        web = prometheus_server.start(case, prometheus_server.scrape_all([scrape]))
        start(case, sink, scrape)
        wait_until(lambda: value_of(scraped(sink, "both"), "up") == (1, False)
                   and any(key[0] == "up" and value == 1 for key, value in of_prometheus(web, "both").items()),
                   lambda: str(of_prometheus(web, "both"))[:1000])
        time.sleep(2)
        theirs = {key: value for key, value in of_prometheus(web, "both").items() if is_comparable(*key)}
        own = {key: value for key, (value, ended) in scraped(sink, "both").items() if is_comparable(*key) and not ended}
        assert theirs.keys() == own.keys(), (sorted(theirs.keys() - own.keys())[:10], sorted(own.keys() - theirs.keys())[:10])
        assert len(own) > (200 if node_exporter else 10), len(own)
        if not node_exporter:
            differing = {key: (own[key], theirs[key]) for key in own if own[key] != theirs[key]
                         and key[0] != "scrape_series_added"}
            assert not differing, differing
    return run


def cases():
    yield "scraping own metrics", own_metrics
    yield "scraping a python client, openmetrics", client_library()
    yield "scraping a python client, text", client_library("PrometheusText0.0.4")
    yield "scraping beside prometheus, python client", beside_prometheus(False)
    yield "scraping beside prometheus, node exporter", beside_prometheus(True)
