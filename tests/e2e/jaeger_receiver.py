"""The jaeger receiver with Jaeger's client libraries, and what it makes of their spans."""
import base64
import json
import os
import socket
import sys
import urllib.error
import urllib.request

import environment
from harness import Sink, client_lines, configuration, free_port, stop_and_read_ledger, to_sink, wait_for_port, wait_until
from zipkin import attributes, spans_of

SPANS = 200
PROTOCOLS = ("grpc", "thrift_http", "thrift_compact", "thrift_binary")


def start(case, sink, **options):
    """(the collector, the ports of its jaeger receiver by protocol)"""
    config, _, _ = configuration({"otlp_grpc": to_sink(sink.port)}, signals=("traces",))
    ports = {protocol: free_port() for protocol in PROTOCOLS}
    config["receivers"]["jaeger"] = {"protocols": {
        protocol: {"endpoint": f"127.0.0.1:{port}", **options.get(protocol, {})} for protocol, port in ports.items()}}
    config["service"]["pipelines"]["traces"]["receivers"] = ["otlp", "jaeger"]
    collector = case.start(config)
    for protocol in ("grpc", "thrift_http"):  # UDP is bound behind them
        wait_for_port(ports[protocol])
    return collector, ports


def check_span(resource, span, how):
    said = attributes(resource.resource)
    assert said["service.name"] == "shop" and (how != "client_udp" or said["region"] == "eu"), said
    said = attributes(span)
    assert "span.kind" not in said and span.end_time_unix_nano > span.start_time_unix_nano
    if span.name == "checkout":
        assert span.kind == span.SPAN_KIND_SERVER and said["text"] == 'Жанна "東京"' and said["n"] == 7, said
        (event,) = span.events
        # OpenTelemetry's exporter writes the name as a field "message", which is an attribute of otelcol's.
        assert (event.name, attributes(event)) == (
            ("cache miss", {"key": "k"}) if how == "client_udp" else ("", {"key": "k", "message": "cache miss"})), event
        return
    assert span.name == "select" and span.kind == span.SPAN_KIND_CLIENT and len(span.parent_span_id) == 8
    assert span.status.code == span.status.STATUS_CODE_ERROR and "error" not in said
    assert how == "client_udp" or span.status.message == "broken", span.status


def library(how, protocol):
    def run(case):
        sink = Sink(case)
        collector, ports = start(case, sink)
        ids = client_lines([sys.executable, os.path.join(environment.HERE, "send_jaeger.py"), how, str(ports[protocol]),
                            str(SPANS)])
        assert len(ids) == SPANS
        sink.await_ids(ids)
        for resource, span in spans_of(sink):
            check_span(resource, span, how)
        ledger = stop_and_read_ledger(collector)
        assert ledger["admitted"] == ledger["delivered"] == SPANS, ledger
    return run


def recorded(name, encoding):
    """A body of tests/golden/jaeger."""
    with open(os.path.join(environment.ROOT, "tests", "golden", "jaeger", "batches.json")) as text:
        return next(base64.b64decode(one["bodies"][encoding]) for one in json.load(text)
                    if one["name"].removesuffix("." + encoding) == name and encoding in one["bodies"])


def jaegers_grpc(case):
    """PostSpans as Go's marshaller writes it, by a gRPC client."""
    import grpc
    sink = Sink(case)
    collector, ports = start(case, sink)
    with grpc.insecure_channel(f"127.0.0.1:{ports['grpc']}") as channel:
        post = channel.unary_unary("/jaeger.api_v2.CollectorService/PostSpans")
        assert post(recorded("many", "protobuf"), timeout=60, wait_for_ready=True) == b""
        assert post(b"", timeout=60) == b""
        try:
            post(recorded("raw_span_id_of_7", "protobuf"), timeout=60)
            raise AssertionError("a wrong id was accepted")
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.INVALID_ARGUMENT and "spans[0].span_id" in error.details(), error
    wait_until(lambda: len(spans_of(sink)) >= 20, lambda: f"{len(spans_of(sink))} of 20 spans arrived")
    ledger = stop_and_read_ledger(collector)
    assert ledger["admitted"] == ledger["delivered"] == 20, ledger


def packets(case):
    """Both encodings of the agent; what is no batch is dropped, and nothing else is."""
    sink = Sink(case)
    collector, ports = start(case, sink, thrift_binary={"max_packet_size": 5000})
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for encoding in ("compact", "binary"):
            to = ("127.0.0.1", ports["thrift_" + encoding])
            for packet in (b"", b"\xff" * 60000, recorded("raw_list_of_2_31", "compact"), recorded("many", encoding)):
                sender.sendto(packet, to)
    wait_until(lambda: len(spans_of(sink)) >= 40, lambda: f"{len(spans_of(sink))} of 40 spans arrived")
    ledger = stop_and_read_ledger(collector)
    assert ledger["admitted"] == ledger["delivered"] == 40, ledger


def wrong_jaeger_requests_are_named(case):
    sink = Sink(case)
    _, ports = start(case, sink, thrift_http={"max_request_body_size": 1000})
    thrift = "application/x-thrift"
    for body, content_type, status, part in (
            (recorded("plain", "thrift"), thrift, 202, ""), (recorded("plain", "thrift"), "text/plain", 400, "text/plain"),
            (recorded("raw_list_of_2_31", "thrift"), "application/vnd.apache.thrift.binary", 400, "spans"),
            (b"", thrift, 400, "batch"), (b"\0" * 2000, thrift, 413, "1000")):
        request = urllib.request.Request(f"http://127.0.0.1:{ports['thrift_http']}/api/traces", data=body,
                                         headers={"Content-Type": content_type})
        try:
            answer = urllib.request.urlopen(request, timeout=60)
            code, said = answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            code, said = error.code, error.read().decode()
        assert code == status and part in said, (code, said)
    wait_until(lambda: len(spans_of(sink)) == 1, lambda: "the one span did not arrive")


def cases():
    for how, protocol in (("otel_http", "thrift_http"), ("otel_udp", "thrift_compact"), ("client_udp", "thrift_compact")):
        yield f"jaeger library {how}", library(how, protocol)
    yield "jaeger grpc", jaegers_grpc
    yield "jaeger packets", packets
    yield "wrong jaeger requests are named", wrong_jaeger_requests_are_named
