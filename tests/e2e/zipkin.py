"""The zipkin receiver with a Zipkin client library (py_zipkin), and what it makes of its spans."""
import os
import sys
import urllib.error
import urllib.request

import environment
from harness import Sink, client_lines, configuration, free_port, stop_and_read_ledger, to_sink, wait_for_port

SPANS = 200


def start(case, sink, **options):
    """(the collector, the port of its zipkin receiver)"""
    config, _, _ = configuration({"otlp_grpc": to_sink(sink.port)}, signals=("traces",))
    port = free_port()
    config["receivers"]["zipkin"] = {"endpoint": f"127.0.0.1:{port}", **options}
    config["service"]["pipelines"]["traces"]["receivers"] = ["otlp", "zipkin"]
    collector = case.start(config)
    wait_for_port(port)
    return collector, port


def spans_of(sink):
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
    return [(resource, span) for body in sink.records()
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in resource.scope_spans for span in scope.spans]


def attributes(message):
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in message.attributes}


def library(encoding, compression):
    def run(case):
        sink = Sink(case)
        collector, port = start(case, sink)
        ids = client_lines([sys.executable, os.path.join(environment.HERE, "send_zipkin.py"), encoding, compression,
                            str(port), str(SPANS)])
        assert len(ids) == SPANS
        sink.await_ids(ids)
        for resource, span in spans_of(sink):
            assert attributes(resource.resource) == {"service.name": "shop"}
            said = attributes(span)
            if span.name == "checkout":
                assert span.kind == span.SPAN_KIND_SERVER and said["http.response.status_code"] == "200"
                assert said["text"] == 'Жанна "東京"' and said["net.host.port"] == 8080
                assert said["network.local.address"] == "10.1.2.3"
                assert [(event.name, event.time_unix_nano) for event in span.events] == [
                    ("cache miss", 1472470996500000000)]
            else:
                assert span.name == "select" and span.kind == span.SPAN_KIND_CLIENT and len(span.parent_span_id) == 8
                assert span.status.code == span.status.STATUS_CODE_ERROR and "error" not in said
                assert said["service.peer.name"] == "postgres" and said["net.peer.port"] == 5432
            assert span.end_time_unix_nano > span.start_time_unix_nano
        ledger = stop_and_read_ledger(collector)
        assert ledger["admitted"] == ledger["delivered"] == SPANS, ledger
    return run


def wrong_zipkin_spans_are_named(case):
    sink = Sink(case)
    _, port = start(case, sink, max_request_body_size=1000)
    for body, status, part in ((b'[{"id":"1"},{"id":"x"}]', 400, "spans[1].id"), (b"[" + b" " * 2000, 413, "1000"),
                               (b"\xff", 400, "UTF-8")):
        try:
            urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}/api/v2/spans", data=body), timeout=60)
            raise AssertionError(f"{body[:20]} was accepted")
        except urllib.error.HTTPError as error:
            said = error.read().decode()
            assert error.code == status and part in said, (error.code, said)
    assert not sink.records()


def cases():
    for encoding in ("json", "protobuf"):
        for compression in ("none", "gzip"):
            yield f"zipkin library {encoding} {compression}", library(encoding, compression)
    yield "wrong zipkin spans are named", wrong_zipkin_spans_are_named
