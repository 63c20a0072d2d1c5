"""The exporters against the checklist, with scripted back ends."""
import base64
import email.utils
import gzip
import json
import time

import zstandard

from collector import Collector, free_port, wait_until
from messages import RESPONSE, retry_info_status, trace_request
from peers import GrpcPeer, HttpPeer
from table import shows
from wire import http_request

FAST = {"retry_on_failure": {"initial_interval": "20ms", "max_interval": "50ms", "max_elapsed_time": "30s"}}
SENT, FAILED = "otelcol_exporter_sent_spans", "otelcol_exporter_send_failed_spans"


def grpc_exporter(port, **more):
    return {"otlp_grpc": {"endpoint": f"127.0.0.1:{port}", "tls": {"insecure": True}, **FAST, **more}}


def http_exporter(port, **more):
    return {"otlp_http": {"endpoint": f"http://127.0.0.1:{port}", **FAST, **more}}


def send(collector, spans=1, **more):
    message = trace_request(spans, **more).SerializeToString()
    answer = http_request(collector.http_port, "/v1/traces", message)
    assert answer.status == 200, answer
    return message


def settled(collector, spans):
    wait_until(lambda: collector.metric(SENT) + collector.metric(FAILED) >= spans, what="the destination's account")


def grpc_attempts(script, **more):
    """How many attempts a request takes until it is sent or dropped; and the two counters."""
    with GrpcPeer(script) as peer, Collector(grpc_exporter(peer.port, **more)) as collector:
        send(collector)
        settled(collector, 1)
        return peer.count(), collector.metric(SENT), collector.metric(FAILED)


def http_attempts(script, **more):
    with HttpPeer(script) as peer, Collector(http_exporter(peer.port, **more)) as collector:
        send(collector)
        settled(collector, 1)
        return peer.count(), collector.metric(SENT), collector.metric(FAILED)


@shows(25, role="client")
def grpc_codes_are_retried_as_the_table_says():
    for code in (1, 4, 10, 11, 14, 15):
        assert grpc_attempts(lambda r, n: {"status": code} if n == 1 else {}) == (2, 1, 0), code
    for code in (2, 3, 5, 6, 7, 16, 9, 12, 13):
        assert grpc_attempts(lambda r, n: {"status": code, "message": "no"}) == (1, 0, 1), code


@shows(12, 25, role="client")
def bare_resource_exhausted_is_final():
    assert grpc_attempts(lambda r, n: {"status": 8, "message": "over quota"}) == (1, 0, 1)


@shows(25, 27, 13, role="client")
def resource_exhausted_with_retry_info_waits_as_long_as_it_says():
    times = []

    def script(received, number):
        times.append(time.monotonic())
        details = base64.b64encode(retry_info_status(8, "later", 0.4)).decode().rstrip("=")
        return {"status": 8, "message": "later", "details": details} if number == 1 else {}

    assert grpc_attempts(script) == (2, 1, 0)
    assert times[1] - times[0] >= 0.39, times


@shows(38, role="client")
def http_codes_are_retried_as_the_table_says():
    for status in (429, 502, 503, 504):
        script = lambda r, n: (status, {}, b"") if n == 1 else (200, {"Content-Type": "application/x-protobuf"}, b"")
        assert http_attempts(script) == (2, 1, 0), status
    for status in (400, 401, 403, 404, 405, 500, 501):
        assert http_attempts(lambda r, n: (status, {}, b"no")) == (1, 0, 1), status


@shows(39, role="client")
def bad_request_is_never_retried():
    assert http_attempts(lambda r, n: (400, {}, b"")) == (1, 0, 1)


@shows(41, role="client")
def retry_after_in_seconds_is_obeyed():
    times = []

    def script(received, number):
        times.append(time.monotonic())
        return (503, {"Retry-After": "1"}, b"") if number == 1 else (200, {}, b"")

    assert http_attempts(script) == (2, 1, 0)
    assert times[1] - times[0] >= 0.95, times


@shows(41, role="client")
def retry_after_as_a_date_is_obeyed():
    times = []

    def script(received, number):
        times.append(time.monotonic())
        date = email.utils.formatdate(time.time() + 2, usegmt=True)  # cut to the second: at least one
        return (429, {"Retry-After": date}, b"") if number == 1 else (200, {}, b"")

    assert http_attempts(script) == (2, 1, 0)
    assert times[1] - times[0] >= 0.9, times


@shows(10, role="client")
def partial_success_is_counted_and_never_sent_again():
    response = RESPONSE["traces"]()
    response.partial_success.rejected_spans = 1
    response.partial_success.error_message = "too old"
    with GrpcPeer(lambda r, n: {"body": response.SerializeToString()}) as peer:
        with Collector(grpc_exporter(peer.port)) as collector:
            send(collector, 3)
            wait_until(lambda: peer.count() == 1, what="delivery")
            wait_until(lambda: collector.metric(SENT) == 2, what="two sent")
            collector.stop()
            assert peer.count() == 1
            assert "rejected" in collector.output()


@shows(11, 14, 44, role="client")
def unreachable_destination_is_retried_until_it_is_there():
    port = free_port()
    with Collector(grpc_exporter(port)) as collector:
        send(collector)
        wait_until(lambda: "refused" in collector.output(), what="a record of the failed attempt")
        assert collector.metric(SENT) == 0 and collector.metric(FAILED) == 0
        with GrpcPeer(port=port) as peer:
            settled(collector, 1)
            assert collector.metric(SENT) == 1 and peer.count() == 1


@shows(14, role="client")
def silent_destination_times_out_and_is_tried_again():
    attempts = grpc_attempts(lambda r, n: "hang" if n == 1 else {}, timeout="200ms")
    assert attempts == (2, 1, 0)


@shows(43, role="client")
def disconnect_without_an_answer_is_retried():
    assert http_attempts(lambda r, n: "close" if n == 1 else (200, {}, b"")) == (2, 1, 0)
    assert grpc_attempts(lambda r, n: "close" if n == 1 else {}) == (2, 1, 0)


@shows(15, 25, role="client")
def stream_reset_is_no_answer_and_is_sent_again():
    # The table of codes applies to answers. A reset stream has none, whatever code a library assigns
    # to it: the sender cannot know what arrived, so it sends again (OTLP, "Duplicate Data").
    # Only INADEQUATE_SECURITY means that no other attempt can succeed.
    for reset in ("refuse", "reset", "enhance"):
        assert grpc_attempts(lambda r, n: reset if n == 1 else {}) == (2, 1, 0), reset
    assert grpc_attempts(lambda r, n: "inadequate") == (1, 0, 1)


@shows(44, role="client")
def goaway_moves_to_a_new_connection_without_loss():
    # Each worker has its connections; with one worker they come one after the other.
    with GrpcPeer(lambda r, n: "goaway" if n == 1 else {}) as peer:
        with Collector(grpc_exporter(peer.port), one_worker=True) as collector:
            for number in (1, 2, 3):
                send(collector, first=number)
                settled(collector, number)
            assert collector.metric(SENT) == peer.count() == 3
    first, second, third = (received.connection for received in peer.received)
    assert first != second == third


@shows(45, role="client")
def connections_are_kept_alive():
    # Each worker has its connections; with one worker there is one.
    with HttpPeer() as peer, Collector(http_exporter(peer.port), one_worker=True) as collector:
        for number in range(5):
            send(collector, first=number + 1)
            settled(collector, number + 1)
        assert peer.count() == 5 and peer.connections == 1


@shows(48, 20, role="client")
def parallel_requests_are_bounded_by_the_configuration():
    in_flight, waiting = "otelcol_exporter_in_flight_requests", "otelcol_exporter_queue_size"
    with GrpcPeer(lambda r, n: "hang") as peer:
        queue = {"num_consumers": 3, "batch": {"flush_timeout": "10ms", "min_size": 1}}
        with Collector(grpc_exporter(peer.port, timeout="30s", sending_queue=queue)) as collector:
            for number in range(12):
                send(collector, first=number + 1)
            wait_until(lambda: peer.count() == 3, what="three requests in flight")
            wait_until(lambda: collector.metric(waiting) == 12, what="the rest in the queue")
            assert collector.metric(in_flight) == 3 and peer.count() == 3


@shows(34, role="client")
def gzip_is_named_and_inflates_to_the_request():
    with HttpPeer() as peer, Collector(http_exporter(peer.port)) as collector:
        message = send(collector, 2)
        settled(collector, 2)
        received = peer.received[0]
        assert received.headers["content-encoding"] == "gzip"
        assert gzip.decompress(received.body) == message
    with GrpcPeer() as peer, Collector(grpc_exporter(peer.port)) as collector:
        message = send(collector, 2)
        settled(collector, 2)
        assert peer.received[0].headers["grpc-encoding"] == "gzip" and peer.received[0].compressed
        assert gzip.decompress(peer.received[0].body) == message


@shows(34, role="client")
def zstd_is_named_and_inflates_to_the_request():
    for made, peer_type in ((http_exporter, HttpPeer), (grpc_exporter, GrpcPeer)):
        with peer_type() as peer, Collector(made(peer.port, compression="zstd")) as collector:
            message = send(collector, 2)
            settled(collector, 2)
            received = peer.received[0]
            named = received.headers.get("content-encoding") or received.headers.get("grpc-encoding")
            assert named == "zstd" and received.compressed
            assert zstandard.ZstdDecompressor().decompressobj().decompress(received.body) == message


@shows(49, 50, 52, 53, 32, role="client")
def json_is_written_as_the_mapping_says():
    request = trace_request()
    span = request.resource_spans[0].scope_spans[0].spans[0]
    span.trace_id, span.kind, span.start_time_unix_nano = bytes(range(240, 256)), 2, 1544712660000000000
    for key, kind, value in (("i", "int_value", -7), ("b", "bytes_value", b"\xff\xfe"), ("d", "double_value", 0.5)):
        attribute = span.attributes.add()
        attribute.key = key
        setattr(attribute.value, kind, value)
    with HttpPeer(lambda r, n: (200, {"Content-Type": "application/json"}, b"{}")) as peer:
        with Collector(http_exporter(peer.port, encoding="json", compression="none")) as collector:
            answer = http_request(collector.http_port, "/v1/traces", request.SerializeToString())
            assert answer.status == 200
            settled(collector, 1)
            assert collector.metric(SENT) == 1
    received = peer.received[0]
    assert received.headers["content-type"] == "application/json"
    written = json.loads(received.body)["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    assert written["traceId"] == bytes(range(240, 256)).hex() and written["spanId"] == "0000000000000001"
    assert written["kind"] == 2 and written["startTimeUnixNano"] == "1544712660000000000"
    assert [a["value"] for a in written["attributes"]] == [
        {"intValue": "-7"}, {"bytesValue": "//4="}, {"doubleValue": 0.5}]


@shows(32, 31, role="client")
def http_request_has_the_specifications_path_and_content_type():
    with HttpPeer() as peer, Collector(http_exporter(peer.port, compression="none")) as collector:
        message = send(collector)
        settled(collector, 1)
        assert peer.received[0].path == "/v1/traces"
        assert peer.received[0].headers["content-type"] == "application/x-protobuf"
        assert peer.received[0].body == message


@shows(3, role="client")
def batch_over_the_size_limit_is_cut_not_sent_whole():
    queue = {"batch": {"flush_timeout": "50ms", "min_size": 1, "max_size": 20_000, "sizer": "bytes"}}
    with GrpcPeer() as peer, Collector(grpc_exporter(peer.port, compression="none", sending_queue=queue)) as collector:
        send(collector, 100, padding=1000)
        settled(collector, 100)
        assert collector.metric(SENT) == 100
        assert peer.count() >= 5 and all(len(r.body) <= 20_000 for r in peer.received)


@shows(4, role="client")
def oversized_response_is_final():
    too_large = b"\0" * (5 << 20)
    assert grpc_attempts(lambda r, n: {"body": too_large}) == (1, 0, 1)
    assert http_attempts(lambda r, n: (200, {"Content-Type": "application/x-protobuf"}, too_large)) == (1, 0, 1)


@shows(21, role="client")
def shutdown_waits_for_the_answers_under_way():
    with GrpcPeer() as peer, Collector(grpc_exporter(peer.port)) as collector:
        for number in range(30):
            send(collector, first=number + 1)
        assert collector.stop() == 0
        spans = 0
        for received in peer.received:
            request = type(trace_request())()
            request.ParseFromString(gzip.decompress(received.body) if received.compressed else received.body)
            spans += sum(len(s.spans) for r in request.resource_spans for s in r.scope_spans)
        assert spans == 30


@shows(5, 9, role="client")
def warning_without_rejected_items_counts_as_sent():
    response = RESPONSE["traces"]()
    response.partial_success.error_message = "deprecated field"
    assert grpc_attempts(lambda r, n: {"body": response.SerializeToString()}) == (1, 1, 0)
