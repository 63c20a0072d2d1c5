"""Configurations that many people run, with data of real SDKs: the collector of the OpenTelemetry demo and the default
of the Helm chart. Of both the part that is OTLP: receivers that scrape, and exporters to products, are left out."""
import gzip
import json
import os
import sys
import urllib.request

import environment
from context import Server, variables
from harness import Process, Sink, client_lines, stop_and_read_ledger, wait_for_port, wait_until
from operating import page
from processes import free_port
from zipkin import attributes, spans_of

COUNT = 60


def start(case, config, ports):
    """`config` names its ports by variables; `ports` are those to wait for."""
    path = os.path.join(case.folder, f"collector{len(case.processes)}.yaml")
    with open(path, "w") as out:
        json.dump(config, out, indent=1)
    process = case.keep(Process([case.millrace, "--config", path], log=path + ".log"))
    for port in ports:
        wait_for_port(port)
    return process


def python_sdk(grpc, signal):
    return client_lines([sys.executable, os.path.join(environment.HERE, "send_python.py"), "grpc", "none",
                         f"127.0.0.1:{grpc}", str(COUNT), signal])


def javascript_sdk(http):
    return client_lines(["node", os.path.join(environment.javascript(), "send.mjs"), "http", "none",
                         f"127.0.0.1:{http}", str(COUNT)])


def from_page(http, signal, request):
    """Sends as a page of the demo's shop does; returns the headers of the answer."""
    asked = urllib.request.Request(f"http://127.0.0.1:{http}/v1/{signal}", json.dumps(request).encode(),
                                   {"content-type": "application/json", "origin": "https://shop.example"})
    with urllib.request.urlopen(asked, timeout=10) as answer:
        assert answer.status == 200
        return dict(answer.headers)


PAGE = {"attributes": [{"key": "service.name", "value": {"stringValue": "page"}}]}


def spans_of_page(*names):
    spans = [{"traceId": f"{n + 1:032x}", "spanId": f"{n + 1:016x}", "name": name, "kind": 2}
             for n, name in enumerate(names)]
    return {"resourceSpans": [{"resource": PAGE, "scopeSpans": [{"spans": spans}]}]}


METRIC_OF_PAGE = {"resourceMetrics": [{"resource": PAGE, "scopeMetrics": [{"metrics": [
    {"name": "visits", "gauge": {"dataPoints": [{"asInt": "1"}]}}]}]}]}


def memory_limiter():
    return {"check_interval": "5s", "limit_percentage": 80, "spike_limit_percentage": 25}


def demo_configuration(jaeger, opensearch, prometheus):
    own = "http://${env:OTEL_COLLECTOR_HOST}:${env:OTEL_COLLECTOR_PORT_HTTP}"
    to_own = {"exporter": {"otlp": {"protocol": "http/protobuf", "endpoint": own}}}
    return {
        "receivers": {"otlp": {"protocols": {
            "grpc": {"endpoint": "${env:OTEL_COLLECTOR_HOST}:${env:OTEL_COLLECTOR_PORT_GRPC}"},
            "http": {"endpoint": "${env:OTEL_COLLECTOR_HOST}:${env:OTEL_COLLECTOR_PORT_HTTP}",
                     "cors": {"allowed_origins": ["http://*", "https://*"]}}}}},
        "processors": {
            "memory_limiter": memory_limiter(),
            "resourcedetection": {"detectors": ["env", "docker", "system"]},
            "resource/postgresql": {"attributes": [
                {"key": "service.name", "value": "postgresql", "action": "upsert"},
                {"key": "service.instance.id", "value": "${env:POSTGRES_HOST}", "action": "upsert"}]},
            "transform": {
                "error_mode": "ignore",
                "trace_statements": [{"context": "span", "statements": [
                    r'replace_pattern(name, "\\?.*", "")',
                    'replace_match(name, "GET /api/products/*", "GET /api/products/{productId}")']}],
                "metric_statements": [{"context": "resource", "statements": [
                    'set(attributes["service.instance.id"], attributes["service.name"]) '
                    'where attributes["service.instance.id"] == nil and attributes["service.name"] != nil']}]}},
        "exporters": {
            "debug": None,
            "otlp": {"endpoint": f"127.0.0.1:{jaeger}", "tls": {"insecure": True}, "sending_queue": {"batch": None}},
            "otlp/opensearch": {"endpoint": f"127.0.0.1:{opensearch}", "tls": {"insecure": True},
                                "sending_queue": {"num_consumers": 10, "queue_size": 1000, "batch": None}},
            "otlphttp/prometheus": {"endpoint": f"http://127.0.0.1:{prometheus}/api/v1/otlp",
                                    "tls": {"insecure": True}, "sending_queue": {"batch": None}}},
        "service": {
            "pipelines": {
                "traces": {"receivers": ["otlp"], "processors": ["resourcedetection", "memory_limiter", "transform"],
                           "exporters": ["otlp", "debug"]},
                "metrics": {"receivers": ["otlp"], "processors": ["resourcedetection", "transform", "memory_limiter"],
                            "exporters": ["otlphttp/prometheus", "debug"]},
                "metrics/postgresql": {"receivers": ["otlp"],
                                       "processors": ["resourcedetection", "resource/postgresql", "memory_limiter"],
                                       "exporters": ["debug"]},
                "logs": {"receivers": ["otlp"], "processors": ["resourcedetection", "memory_limiter"],
                         "exporters": ["otlp/opensearch", "debug"]}},
            "telemetry": {"metrics": {"readers": [{"periodic": {"interval": 500, **to_own}}]},
                          "logs": {"processors": [{"batch": to_own}]}}},
    }


def metrics_of(server):
    """(attributes of the resource, metric) of each request to Prometheus."""
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
    for path, headers, body in list(server.requests):
        assert path == "/api/v1/otlp/v1/metrics", path
        if headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics:
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    yield attributes(resource.resource), metric


def the_demo(case):
    sink, logs, prometheus = Sink(case), Sink(case), Server(case, lambda *_: (200, {}))
    grpc, http = free_port(), free_port()
    with variables(OTEL_COLLECTOR_HOST="127.0.0.1", OTEL_COLLECTOR_PORT_GRPC=str(grpc),
                   OTEL_COLLECTOR_PORT_HTTP=str(http), POSTGRES_HOST="postgresql", OTEL_RESOURCE_ATTRIBUTES="shop=e2e",
                   DOCKER_HOST="unix:///nowhere/docker.sock"):
        process = start(case, demo_configuration(sink.port, logs.port, prometheus.port), (grpc, http))
        sent = python_sdk(grpc, "traces") + javascript_sdk(http)
        python_sdk(grpc, "metrics")
        bodies = python_sdk(grpc, "logs")
    answer = from_page(http, "traces", spans_of_page("GET /api/products/0PUK6V6EV0", "GET /cart?id=5",
                                                     "GET /api/data/?contextKeys=x"))
    from_page(http, "metrics", METRIC_OF_PAGE)
    assert answer["access-control-allow-origin"] == "https://shop.example", answer
    wait_until(lambda: len(sink.span_ids()) == len(sent) + 3, lambda: f"{len(sink.span_ids())} of {len(sent) + 3} spans")
    names = {span.name for resource, span in spans_of(sink) if attributes(resource.resource)["service.name"] == "page"}
    assert names == {"GET /api/products/{productId}", "GET /cart", "GET /api/data/"}, names
    for resource, _ in spans_of(sink):
        about = attributes(resource.resource)
        assert about["shop"] == "e2e" and about["os.type"] == "linux" and about["host.name"], about
    found = lambda name: [about for about, metric in metrics_of(prometheus)  # noqa: E731
                          if metric.name.startswith(name)]
    wait_until(lambda: found("otelcol_process_uptime"), lambda: "its own metrics did not come back")
    wait_until(lambda: found("visits"), lambda: "a metric did not arrive")
    assert found("visits")[0]["service.instance.id"] == "page" and found("visits")[0]["shop"] == "e2e", found("visits")
    ledger = stop_and_read_ledger(process)
    arrived = b"".join(logs.records())
    assert all(body.encode() in arrived for body in bodies), "not all log records arrived"
    assert ledger["dropped"] == 0 and ledger["rejected_by_peer"] == 0, ledger


def the_chart(case):
    ports = {"OTLP_GRPC": free_port(), "OTLP_HTTP": free_port(), "ZIPKIN": free_port(), "METRICS": free_port(),
             "HEALTH": free_port(), "JAEGER_GRPC": free_port(), "JAEGER_HTTP": free_port()}
    at = lambda name: "${env:MY_POD_IP}:${env:" + name + "}"  # noqa: E731
    own = {"host": "${env:MY_POD_IP}", "port": "${env:METRICS}"}
    processors = ["memory_limiter", "batch"]
    config = {
        "receivers": {"otlp": {"protocols": {"grpc": {"endpoint": at("OTLP_GRPC")},
                                             "http": {"endpoint": at("OTLP_HTTP")}}},
                      "jaeger": {"protocols": {"grpc": {"endpoint": at("JAEGER_GRPC")},
                                               "thrift_compact": {"endpoint": at("JAEGER_UDP")},
                                               "thrift_http": {"endpoint": at("JAEGER_HTTP")}}},
                      "zipkin": {"endpoint": at("ZIPKIN")}},
        "processors": {"batch": {}, "memory_limiter": memory_limiter()},
        "exporters": {"debug": {}},
        "extensions": {"health_check": {"endpoint": at("HEALTH")}},
        "service": {
            "extensions": ["health_check"],
            "telemetry": {"metrics": {"readers": [{"pull": {"exporter": {"prometheus": own}}}]}},
            "pipelines": {
                "logs": {"receivers": ["otlp"], "processors": processors, "exporters": ["debug"]},
                "metrics": {"receivers": ["otlp"], "processors": processors, "exporters": ["debug"]},
                "traces": {"receivers": ["otlp", "jaeger", "zipkin"], "processors": processors, "exporters": ["debug"]}}},
    }
    with variables(MY_POD_IP="127.0.0.1", JAEGER_UDP=str(free_port()),
                   **{name: str(port) for name, port in ports.items()}):
        process = start(case, config, ports.values())
        sent = python_sdk(ports["OTLP_GRPC"], "traces") + javascript_sdk(ports["OTLP_HTTP"])
        sent += python_sdk(ports["OTLP_GRPC"], "metrics") + python_sdk(ports["OTLP_GRPC"], "logs")
    assert page(ports["HEALTH"], "/")[0] == 200
    status, text = page(ports["METRICS"], "/metrics")
    assert status == 200 and 'otelcol_receiver_accepted_spans{receiver="otlp",transport="grpc"}' in text, text
    ledger = stop_and_read_ledger(process)
    assert ledger["admitted"] == ledger["delivered"] == len(sent), (ledger, len(sent))
    with open(process.log_path) as log:
        text = log.read()
    for signal in ("Traces", "Metrics", "Logs"):
        assert signal in text, text


def cases():
    yield "the collector of the OpenTelemetry demo", the_demo
    yield "the default of the Helm chart", the_chart
