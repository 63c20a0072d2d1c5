"""Data in its context: the machine that it is from, the tenant of its request, a token for its back end, and how often a
log came."""
import contextlib
import http.server
import json
import os
import threading
import time
import urllib.parse
import urllib.request

from harness import configuration, stop_and_read_ledger, wait_until
from processes import free_port


class Server:
    """An HTTP server that answers by `answer(handler, body)`, which returns (status, JSON), and records requests."""

    def __init__(self, case, answer):
        self.requests = []
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                server.requests.append((self.path, dict(self.headers), body))
                status, made = answer(self, body)
                text = json.dumps(made).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do_PUT = handle_any

            def log_message(self, *_):
                pass

        self.port = free_port()
        listening = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        self.stop = listening.shutdown
        case.keep(self)


@contextlib.contextmanager
def variables(**values):
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def logs(*bodies):
    records = [{"body": {"stringValue": body}, "severityText": "INFO"} for body in bodies]
    return {"resourceLogs": [{"resource": {"attributes": [
        {"key": "service.name", "value": {"stringValue": "shop"}}]},
        "scopeLogs": [{"scope": {"name": "e2e"}, "logRecords": records}]}]}


def post(port, request, signal="logs", **headers):
    asked = urllib.request.Request(f"http://127.0.0.1:{port}/v1/{signal}", json.dumps(request).encode(),
                                   {"content-type": "application/json", **headers})
    with urllib.request.urlopen(asked, timeout=10) as answer:
        assert answer.status == 200


def post_when_it_may(port, request):
    """Until the resource is known, senders are refused with 503."""
    deadline = time.monotonic() + 20
    while True:
        try:
            return post(port, request)
        except urllib.error.HTTPError as error:
            assert error.code == 503 and time.monotonic() < deadline, error
            time.sleep(0.1)


def lines_of(path):
    with open(path) as lines:
        return [json.loads(line) for line in lines]


def a_machine_is_described(case):
    azure = Server(case, lambda handler, _: (200, {
        "vmId": "vm-7", "name": "box", "location": "westeurope"} if handler.headers["metadata"] == "true" else {}))
    path = os.path.join(case.folder, "out.json")
    config, _, port = configuration({"file": {"path": path}}, processors={"resourcedetection": {
        "detectors": ["env", "system", "azure", "docker"], "override": False, "timeout": "5s",
        "system": {"hostname_sources": ["os"]}}})
    with variables(OTEL_RESOURCE_ATTRIBUTES="service.name=own,team=a%20b",
                   AZURE_METADATA_SERVICE_ENDPOINT=f"http://127.0.0.1:{azure.port}",
                   DOCKER_HOST="unix:///nowhere/docker.sock"):
        process = case.start(config)
    post_when_it_may(port, logs("one"))
    stop_and_read_ledger(process)
    resource, = lines_of(path)[0]["resourceLogs"]
    found = {each["key"]: each["value"]["stringValue"] for each in resource["resource"]["attributes"]}
    assert found["service.name"] == "shop", "override: false keeps what the sender says"
    assert found["team"] == "a b" and found["os.type"] == "linux" and found["host.name"] == os.uname().nodename
    assert found["host.id"] == "vm-7" and found["cloud.provider"] == "azure", found
    assert resource["schemaUrl"].startswith("https://opentelemetry.io/schemas/"), resource["schemaUrl"]
    with open(process.log_path) as log:
        text = log.read()
    assert "detected resource information" in text and "vm-7" in text, text
    assert "docker" in text, "the log says what was not found"


def tenants_are_not_mixed(case):
    back_end = Server(case, lambda *_: (200, {}))
    config, _, port = configuration(
        {"otlp_http": {"endpoint": f"http://127.0.0.1:{back_end.port}", "encoding": "json", "compression": "none",
                       "auth": {"authenticator": "headers_setter"},
                       "sending_queue": {"batch": {"flush_timeout": "300ms", "min_size": 1000}}}},
        protocol={"include_metadata": True})
    config["extensions"] = {"headers_setter": {"headers": [
        {"key": "X-Scope-OrgID", "from_context": "tenant", "default_value": "nobody"},
        {"key": "X-Static", "value": "1"}]}}
    config["service"]["extensions"] = ["headers_setter"]
    process = case.start(config)
    for number in range(10):
        post(port, logs(f"a{number}"), tenant="a")
        post(port, logs(f"b{number}"), tenant="b")
        post(port, logs(f"n{number}"))
    numbers = stop_and_read_ledger(process)
    assert numbers["delivered"] == 30, numbers
    seen = {"a": [], "b": [], "nobody": []}
    for _, headers, body in back_end.requests:
        headers = {name.lower(): value for name, value in headers.items()}
        assert headers["x-static"] == "1" and "tenant" not in headers, headers
        seen[headers["x-scope-orgid"]] += [record["body"]["stringValue"]
                                           for resource in json.loads(body)["resourceLogs"]
                                           for scope in resource["scopeLogs"] for record in scope["logRecords"]]
    for tenant, first in (("a", "a"), ("b", "b"), ("nobody", "n")):
        assert sorted(seen[tenant]) == [f"{first}{number}" for number in range(10)], seen


def a_token_is_fetched_and_shown(case):
    tokens = ["one", "two"]

    def give_token(handler, body):
        form = urllib.parse.parse_qs(body.decode())
        assert form["grant_type"] == ["client_credentials"] and form["scope"] == ["write"], form
        return 200, {"access_token": tokens.pop(0), "token_type": "Bearer", "expires_in": 2}

    def take(handler, _):
        return (200, {}) if handler.headers["authorization"] in ("Bearer one", "Bearer two") else (401, {})

    endpoint, back_end = Server(case, give_token), Server(case, take)
    config, _, port = configuration({"otlp_http": {
        "endpoint": f"http://127.0.0.1:{back_end.port}", "auth": {"authenticator": "oauth2client"}}})
    config["extensions"] = {"oauth2client": {
        "client_id": "id", "client_secret": "hunter2", "scopes": ["write"],
        "token_url": f"http://127.0.0.1:{endpoint.port}/token"}}
    config["service"]["extensions"] = ["oauth2client"]
    process = case.start(config)
    post(port, logs("first"))
    wait_until(lambda: len(back_end.requests) == 1, lambda: f"{len(back_end.requests)} requests arrived")
    time.sleep(2.5)  # the token has ended
    post(port, logs("second"))
    wait_until(lambda: len(back_end.requests) == 2, lambda: f"{len(back_end.requests)} requests arrived")
    numbers = stop_and_read_ledger(process)
    assert numbers["delivered"] == 2 and not tokens, (numbers, tokens)
    with open(process.log_path) as log:
        assert "hunter2" not in log.read()


def equal_logs_are_counted(case):
    path = os.path.join(case.folder, "out.json")
    config, _, port = configuration({"file": {"path": path}}, signals=("logs",), processors={"logdedup": {
        "interval": "1h", "log_count_attribute": "n", "exclude_fields": ["attributes.x"]}})
    process = case.start(config)
    post(port, logs("same", "other", "same"))
    post(port, logs("same"))
    numbers = stop_and_read_ledger(process)
    assert numbers["delivered"] + numbers["filtered"] == 4, numbers
    counts = {}
    for line in lines_of(path):
        for record in line["resourceLogs"][0]["scopeLogs"][0]["logRecords"]:
            attributes = {each["key"]: each["value"] for each in record["attributes"]}
            body = record["body"]["stringValue"]
            counts[body] = counts.get(body, 0) + int(attributes["n"]["intValue"])
            assert attributes["first_observed_timestamp"]["stringValue"].endswith("Z")
    assert counts == {"same": 3, "other": 1}, "the counts of all workers add up"


def spans_are_counted(case):
    path = os.path.join(case.folder, "out.json")
    config, _, port = configuration({"span_metrics": None, "file": {"path": path}}, signals=("traces",))
    del config["exporters"]["span_metrics"]
    config["connectors"] = {"spanmetrics": {"metrics_flush_interval": "300ms", "dimensions": [{"name": "n"}]}}
    config["service"]["pipelines"] = {"traces": {"receivers": ["otlp"], "exporters": ["spanmetrics"]},
                                      "metrics": {"receivers": ["spanmetrics"], "exporters": ["file"]}}
    process = case.start(config)
    span = {"traceId": "0102030405060708090a0b0c0d0e0f10", "spanId": "0102030405060708", "name": "x",
            "startTimeUnixNano": "1000000000", "endTimeUnixNano": "1003000000"}
    for _ in range(3):
        post(port, {"resourceSpans": [{"resource": {"attributes": [
            {"key": "service.name", "value": {"stringValue": "s"}}]}, "scopeSpans": [{"spans": [span, span]}]}]}, "traces")

    def last_values():
        values = {}
        for line in lines_of(path) if os.path.exists(path) else []:
            for metric in line["resourceMetrics"][0]["scopeMetrics"][0]["metrics"]:
                data = metric.get("sum") or metric["histogram"]
                values[metric["name"].split(".")[-1]] = int(data["dataPoints"][0].get("asInt") or
                                                            data["dataPoints"][0].get("count", 0))
        return values

    wait_until(lambda: last_values() == {"calls": 6, "duration": 6}, lambda: f"{last_values()} were emitted")
    stop_and_read_ledger(process)


def what_connectors_counted_last_is_not_lost(case):
    """No interval ends here: the connectors emit, and `interval` lets go, when the collector is stopped."""
    path = os.path.join(case.folder, "out.json")
    config, _, port = configuration({"file": {"path": path}}, signals=("traces",))
    config["connectors"] = {"spanmetrics": {"metrics_flush_interval": "1h"}, "servicegraph": {"metrics_flush_interval": "1h"},
                            "exceptions": None, "sum": {"spans": {"worth": {"source_attribute": "worth"}}}}
    names = list(config["connectors"])
    config["processors"] = {"interval": {"interval": "1h"}, "metricstarttime": None}
    config["service"]["pipelines"] = {
        "traces": {"receivers": ["otlp"], "exporters": names},
        "metrics": {"receivers": names, "processors": ["interval", "metricstarttime"], "exporters": ["file"]}}
    process = case.start(config)
    span = {"traceId": "0102030405060708090a0b0c0d0e0f10", "name": "x", "startTimeUnixNano": "1000000000",
            "endTimeUnixNano": "1003000000", "attributes": [{"key": "worth", "value": {"doubleValue": 1.5}}],
            "events": [{"name": "exception", "attributes": [{"key": "exception.type", "value": {"stringValue": "E"}}]}]}
    for service, of_side in (("a", {"kind": 3, "spanId": "0000000000000007"}),
                             ("b", {"kind": 2, "spanId": "0000000000000009", "parentSpanId": "0000000000000007"})):
        post(port, {"resourceSpans": [{"resource": {"attributes": [
            {"key": "service.name", "value": {"stringValue": service}}]}, "scopeSpans": [{"spans": [{**span, **of_side}]}]}]},
             "traces")
    stop_and_read_ledger(process)
    values = {}
    for line in lines_of(path):
        for scope in (scope for resource in line["resourceMetrics"] for scope in resource["scopeMetrics"]):
            for metric in scope["metrics"]:
                for point in (metric.get("sum") or metric["histogram"])["dataPoints"]:
                    value = float(point.get("asInt") or point.get("asDouble") or point.get("count", 0))
                    values[metric["name"]] = values.get(metric["name"], 0) + value
    assert values == {"traces.span.metrics.calls": 2, "traces.span.metrics.duration": 2, "exceptions": 2, "worth": 3,
                      "traces_service_graph_request_total": 1, "traces_service_graph_request_server": 1,
                      "traces_service_graph_request_client": 1}, values


def cases():
    for case in (a_machine_is_described, tenants_are_not_mixed, a_token_is_fetched_and_shown, equal_logs_are_counted,
                 spans_are_counted, what_connectors_counted_last_is_not_lost):
        yield case.__name__.replace("_", " "), case
