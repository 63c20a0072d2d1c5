"""The collector's delivery guarantees with back ends that are unavailable, refuse, hang or disconnect."""
import json
import os
import struct
import subprocess
import sys

import environment
from harness import (DEADLINE_S, Process, Sink, client_lines, configuration, expect_complete,
                     free_port, stop_and_read_ledger, to_sink, wait_for_port, wait_until)

ITEMS = 5000


def untouched_bodies():
    """Requests that a decoder would change: unknown fields, fields out of order, a length in more
    bytes than it needs, an empty message."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
    bodies = []
    for number in range(1, 40):
        request = ExportTraceServiceRequest()
        span = request.resource_spans.add().scope_spans.add().spans.add()
        span.name, span.span_id = "é" * number, struct.pack(">Q", number)
        span.trace_id = struct.pack(">QQ", 7, number)
        plain = request.SerializeToString()
        unknown = b"\xa2\x06\x03abc"             # field 100, a string
        long_length = b"\x0a\x80\x80\x00"          # resource_spans of length 0, in three bytes
        bodies.append([plain, plain + unknown, long_length + plain, unknown + plain][number % 4])
    return bodies


def export_over_grpc(port, service, bodies):
    import grpc as library
    with library.insecure_channel(f"127.0.0.1:{port}") as channel:
        export = channel.unary_unary(f"/opentelemetry.proto.collector.{service}/Export",
                                     request_serializer=bytes, response_deserializer=bytes)
        for body in bodies:
            assert export(body, timeout=DEADLINE_S) == b"", "a success is an empty message"


def export_over_http(port, path, bodies):
    import urllib.request
    for body in bodies:
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=body,
                                         headers={"Content-Type": "application/x-protobuf"})
        with urllib.request.urlopen(request, timeout=DEADLINE_S) as answer:
            assert answer.status == 200
            assert answer.headers["Content-Type"] == "application/x-protobuf"


def await_bytes(sink, sent):
    # Requests may be joined, which concatenates them; with one consumer their order is kept.
    wanted = b"".join(sent)
    wait_until(lambda: sum(map(len, sink.records())) >= len(wanted),
               lambda: f"{sum(map(len, sink.records()))} of {len(wanted)} bytes arrived")
    assert b"".join(sink.records()) == wanted, "the bytes have changed"


# --- the cases; the name is the fact ---

def metrics_logs_and_profiles_are_untouched(case):
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
        ExportMetricsServiceRequest)
    metrics, logs = ExportMetricsServiceRequest(), ExportLogsServiceRequest()
    metric = metrics.resource_metrics.add().scope_metrics.add().metrics.add(name="m", unit="By")
    metric.gauge.data_points.add(as_double=0.1, time_unix_nano=1)
    record = logs.resource_logs.add().scope_logs.add().log_records.add(severity_text="WARN")
    record.body.string_value = "Жанна"
    unknown = b"\xa2\x06\x03abc"
    # One resource, one scope, one profile with one sample; and the shared dictionary (field 2).
    profiles = b"\x0a\x06\x12\x04\x12\x02\x12\x00" + b"\x12\x02\x2a\x00" + unknown
    no_sample = b"\x12\x08\x2a\x00\x2a\x04main"  # a dictionary alone
    for service, body in (("metrics.v1.MetricsService", metrics.SerializeToString() + unknown),
                          ("logs.v1.LogsService", unknown + logs.SerializeToString()),
                          ("profiles.v1development.ProfilesService", profiles),
                          ("profiles.v1development.ProfilesService", no_sample)):
        sink = Sink(case)
        config, grpc, _ = configuration({"otlp_grpc": to_sink(sink.port)},
                                        signals=("metrics", "logs", "profiles"))
        case.start(config)
        export_over_grpc(grpc, service, [body])
        await_bytes(sink, [body])


def either_port_takes_either_protocol(case):
    port, sink = case.expecting_sink(2 * ITEMS)
    config, grpc, http = configuration({"otlp_grpc": to_sink(port)})
    case.start(config)
    case.generate(http, ITEMS)
    case.generate(grpc, ITEMS, protocol="http", **{"first-sequence": ITEMS})
    expect_complete(sink, 2 * ITEMS)


def what_was_accepted_waits_for_its_back_end(case):
    port = free_port()  # no server listens yet
    config, grpc, _ = configuration({"otlp_grpc": to_sink(port)})
    collector = case.start(config)
    case.generate(grpc, 1000)
    sink = case.keep(Process([case.millrace, "sink", "--endpoint", f"127.0.0.1:{port}",
                              "--interval", "0", "--expect", "1000", "--check-ids", "--duration",
                              str(DEADLINE_S), "--summary", "json"]))
    expect_complete(sink, 1000)
    assert stop_and_read_ledger(collector)["delivered"] == 1000


def a_full_queue_slows_the_sender_and_loses_nothing(case):
    sink = Sink(case, "--delay", "5ms")
    config, grpc, _ = configuration({"otlp_grpc": to_sink(
        sink.port, sending_queue={"queue_size": 2, "num_consumers": 1})})
    collector = case.start(config)
    total = 300  # each refused request is retried after the second that the refusal names
    case.generate(grpc, total, retries=10_000)
    wait_until(lambda: len(sink.span_ids()) >= total, lambda: f"{len(sink.span_ids())} of {total}")
    assert len(set(sink.span_ids())) == len(sink.span_ids()) == total
    ledger = stop_and_read_ledger(collector)
    assert ledger["admitted"] == ledger["delivered"] == total and ledger["refused"] > 0, ledger


def a_moody_back_end_gets_everything(case):
    # Requests that were cut or hang are sent again, so items may arrive twice; none may be missing.
    moody = Sink(case, "--refuse-probability", "0.3", "--cut-after", "40", "--hang", "25")
    calm_port, calm = case.expecting_sink(ITEMS)
    config, grpc, _ = configuration({"otlp_grpc/moody": to_sink(moody.port, timeout="500ms"),
                                     "otlp_grpc/calm": to_sink(calm_port)})
    collector = case.start(config)
    case.generate(grpc, ITEMS)
    expect_complete(calm, ITEMS)
    wait_until(lambda: len(set(moody.span_ids())) >= ITEMS,
               lambda: f"{len(set(moody.span_ids()))} of {ITEMS}")
    ledger = stop_and_read_ledger(collector)
    assert ledger["admitted"] == ledger["delivered"] == 2 * ITEMS, ledger


def a_dead_best_effort_back_end_harms_nobody(case):
    port, sink = case.expecting_sink(ITEMS)
    config, grpc, _ = configuration({
        "otlp_grpc/dead": to_sink(free_port(), required=False, sending_queue={"queue_size": 5}),
        "otlp_grpc/alive": to_sink(port)})
    case.start(config)
    case.generate(grpc, ITEMS, retries=0)  # no request may be refused
    expect_complete(sink, ITEMS)


def delivered_means_delivered(case):
    sink = Sink(case, "--refuse-probability", "1", "--refuse-code", "invalid_argument")
    config, grpc, http = configuration({"otlp_grpc": to_sink(sink.port)},
                                       protocol={"acknowledge": "delivered"})
    case.start(config)
    for port, protocol in ((grpc, "grpc"), (http, "http")):
        done = subprocess.run([case.millrace, "generate", "--endpoint", f"127.0.0.1:{port}",
                               "--protocol", protocol, "--total", "100", "--summary", "json"],
                              capture_output=True, text=True, timeout=DEADLINE_S)
        assert done.returncode == 1 and json.loads(done.stdout)["ok"] == 0, done.stdout
    sink.process.stop()
    Sink(case, port=sink.port)
    case.generate(grpc, 1000)  # fails unless every answer is OK


def sigterm_delivers_what_is_queued(case):
    sink = Sink(case, "--delay", "20ms")
    config, grpc, _ = configuration({"otlp_grpc": to_sink(
        sink.port, sending_queue={"num_consumers": 1}), "nop": {}})
    collector = case.start(config)
    case.generate(grpc, ITEMS)
    ledger = stop_and_read_ledger(collector)
    assert ledger["admitted"] == ledger["delivered"] == 2 * ITEMS, ledger
    assert ledger["held"] == ledger["dropped"] == 0, ledger
    assert len(set(sink.span_ids())) == ITEMS


def edits_keep_every_id(case):
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
    sink = Sink(case)
    config, grpc, _ = configuration({"otlp_grpc": to_sink(sink.port)}, processors={
        "resource": {"attributes": [{"key": "cell", "value": "eu-1", "action": "upsert"}]},
        "attributes": {"actions": [{"key": "http.route", "action": "delete"},
                                   {"key": "client.address", "action": "hash"}]}})
    case.start(config)
    case.generate(grpc, ITEMS)
    wait_until(lambda: len(sink.span_ids()) >= ITEMS, lambda: f"{len(sink.span_ids())} of {ITEMS}")
    assert len(set(sink.span_ids())) == len(sink.span_ids()) == ITEMS
    for body in sink.records():
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            assert ("cell", "eu-1") in [(a.key, a.value.string_value)
                                        for a in resource.resource.attributes]
            for scope in resource.scope_spans:
                for span in scope.spans:
                    assert "http.route" not in [a.key for a in span.attributes]


def a_file_holds_every_id(case):
    from google.protobuf import json_format
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
    paths = {name: os.path.join(case.folder, name) for name in ("json", "proto")}
    config, grpc, _ = configuration({f"file/{name}": {"path": path, "format": name}
                                     for name, path in paths.items()})
    collector = case.start(config)
    case.generate(grpc, ITEMS)
    stop_and_read_ledger(collector)
    with open(paths["json"]) as lines:
        from_json = [span["spanId"] for line in lines
                     for resource in json.loads(line)["resourceSpans"]
                     for scope in resource["scopeSpans"] for span in scope["spans"]]
    with open(paths["proto"], "rb") as recorded:
        data = recorded.read()
    from_proto, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at:at + 4], "big")
        request = ExportTraceServiceRequest.FromString(data[at + 4:at + 4 + size])
        from_proto += [span.span_id.hex() for resource in request.resource_spans
                       for scope in resource.scope_spans for span in scope.spans]
        at += 4 + size
    assert len(from_json) == len(set(from_json)) == ITEMS
    assert sorted(from_json) == sorted(from_proto)


def make_certificates(folder):
    """Creates an authority and certificates of a server and a client; returns the paths by name."""
    def at(name):
        return os.path.join(folder, name)

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True)

    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl("req", "-x509", *key, "-days", "2", "-subj", "/CN=authority", "-keyout", at("ca.key"),
            "-out", at("ca.pem"))
    with open(at("names"), "w") as out:
        out.write("subjectAltName=DNS:localhost,IP:127.0.0.1")
    for name in ("server", "client"):
        openssl("req", *key, "-subj", f"/CN={name}", "-keyout", at(name + ".key"), "-out",
                at(name + ".csr"))
        openssl("x509", "-req", "-in", at(name + ".csr"), "-CA", at("ca.pem"), "-CAkey",
                at("ca.key"), "-CAcreateserial", "-days", "2", "-extfile", at("names"), "-out",
                at(name + ".pem"))
    return {name: at(name) for name in ("ca.pem", "server.pem", "server.key", "client.pem",
                                        "client.key")}


def sdk_over_mutual_tls(protocol):
    def run(case):
        files = make_certificates(case.folder)
        sink = Sink(case)
        config, grpc, http = configuration({"otlp_grpc": to_sink(sink.port)}, protocol={
            "tls": {"cert_file": files["server.pem"], "key_file": files["server.key"],
                    "client_ca_file": files["ca.pem"]}})
        case.start(config)
        port = grpc if protocol == "grpc" else http
        arguments = [sys.executable, os.path.join(environment.HERE, "send_python.py"), protocol,
                     "none", f"https://localhost:{port}", "200", "traces"]
        secure = {"OTEL_EXPORTER_OTLP_CERTIFICATE": files["ca.pem"],
                  "REQUESTS_CA_BUNDLE": files["ca.pem"]}  # takes precedence over the exporter's own
        client = {"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": files["client.pem"],
                  "OTEL_EXPORTER_OTLP_CLIENT_KEY": files["client.key"]}
        sink.await_ids(client_lines(arguments, {**secure, **client}))
    return run


def two_collectors_over_mutual_tls(case):
    files = make_certificates(case.folder)
    port, sink = case.expecting_sink(ITEMS)
    second, grpc, http = configuration({"otlp_grpc": to_sink(port)}, protocol={
        "tls": {"cert_file": files["server.pem"], "key_file": files["server.key"],
                "client_ca_file": files["ca.pem"]}})
    case.start(second)
    tls = {"ca_file": files["ca.pem"], "cert_file": files["client.pem"],
           "key_file": files["client.key"]}
    first, first_grpc, _ = configuration({
        "otlp_grpc": to_sink(grpc, endpoint=f"localhost:{grpc}", tls=tls)}, signals=("traces",))
    case.start(first)
    case.generate(first_grpc, ITEMS)
    expect_complete(sink, ITEMS)


def a_second_instance_does_not_share_the_port(case):
    config, grpc, _ = configuration({"nop": {}})
    case.start(config)
    done = subprocess.run([case.millrace, "--config",
                           os.path.join(case.folder, "collector0.yaml")],
                          capture_output=True, text=True, timeout=DEADLINE_S)
    assert done.returncode == 1 and "Address already in use" in done.stderr, done.stderr


def the_examples_are_valid(case):
    make_certificates(case.folder)
    for name, text in (("users", "alice:{SHA}w3QkzGJswDXW5OKZHAJw0FELjfM=\n"), ("backend.token", "secret\n")):
        with open(os.path.join(case.folder, name), "w", encoding="utf-8") as file:
            file.write(text)
    folder = os.path.join(environment.ROOT, "examples")
    names = sorted(name for name in os.listdir(folder) if name.endswith(".yaml"))
    assert names
    for name in names:
        done = subprocess.run([case.millrace, "validate", "--config", os.path.join(folder, name)],
                              capture_output=True, text=True,
                              env={**os.environ, "CERTIFICATES": case.folder})
        assert done.returncode == 0 and done.stderr == "", f"{name}: {done.stderr}"


def cases():
    for case in (metrics_logs_and_profiles_are_untouched, either_port_takes_either_protocol,
                 what_was_accepted_waits_for_its_back_end,
                 a_full_queue_slows_the_sender_and_loses_nothing, a_moody_back_end_gets_everything,
                 a_dead_best_effort_back_end_harms_nobody, delivered_means_delivered,
                 sigterm_delivers_what_is_queued, edits_keep_every_id, a_file_holds_every_id,
                 two_collectors_over_mutual_tls, a_second_instance_does_not_share_the_port,
                 the_examples_are_valid):
        yield case.__name__.replace("_", " "), case
    for protocol in ("grpc", "http"):
        yield f"python sdk over mutual tls {protocol}", sdk_over_mutual_tls(protocol)
