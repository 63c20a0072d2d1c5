"""The receiver against the checklist, over real sockets."""
import base64
import gzip
import json
import zlib
from concurrent.futures import ThreadPoolExecutor

import zstandard

from collector import Collector, wait_until
from messages import (RESPONSE, BadRequest, RetryInfo, detail, metric_request, sample, status_of, trace_request)
from peers import GrpcPeer
from table import shows
from wire import SERVICE, H2Client, grpc_frame, http_request

NOP = {"nop": None}
PATH = {"traces": "/v1/traces", "metrics": "/v1/metrics", "logs": "/v1/logs"}


def unary(signal, message, **more):
    with Collector(NOP) as collector, H2Client(collector.grpc_port) as client:
        return client.grpc(signal, message, **more)


@shows(1, role="server")
def compression_none_gzip_and_zstd_are_accepted():
    message = trace_request(3).SerializeToString()
    bodies = {"gzip": gzip.compress(message), "zstd": zstandard.compress(message), None: message}
    with Collector(NOP) as collector:
        for encoding, body in bodies.items():
            headers = {"Content-Encoding": encoding} if encoding else {}
            assert http_request(collector.http_port, "/v1/traces", body, headers=headers).status == 200, encoding
            with H2Client(collector.grpc_port) as client:
                frame = grpc_frame(body, 1 if encoding else 0)
                extra = {"grpc_encoding": encoding} if encoding else {}
                assert client.grpc("traces", b"", frame=frame, **extra).grpc_status == 0, encoding
        assert collector.metric("otelcol_receiver_accepted_spans") == 18
        for encoding in ("zlib", "deflate"):
            answer = http_request(collector.http_port, "/v1/traces", zlib.compress(message),
                                  headers={"Content-Encoding": encoding})
            assert answer.status == 200, (encoding, answer)
        # A snappy block of one literal.
        block = bytes([len(message) & 0x7f | 0x80, len(message) >> 7, 61 << 2, (len(message) - 1) & 0xff,
                       (len(message) - 1) >> 8]) + message
        answer = http_request(collector.http_port, "/v1/traces", block, headers={"Content-Encoding": "snappy"})
        assert answer.status == 200, answer


@shows(2, 35, role="server")
def http_body_over_the_limit_is_413_before_and_after_decompression():
    small = {"max_request_body_size": 100_000}
    with Collector(NOP, http=small) as collector:
        plain = trace_request(padding=200_000).SerializeToString()
        assert http_request(collector.http_port, "/v1/traces", plain).status == 413
        packed = gzip.compress(plain)
        assert len(packed) < 100_000
        answer = http_request(collector.http_port, "/v1/traces", packed, headers={"Content-Encoding": "gzip"})
        assert answer.status == 413, answer
        assert http_request(collector.http_port, "/v1/traces", trace_request().SerializeToString()).status == 200


@shows(2, 19, role="server")
def grpc_message_over_the_limit_is_resource_exhausted_without_retry_info():
    with Collector(NOP, grpc={"max_recv_msg_size_mib": 1}) as collector:
        message = trace_request(padding=3 << 20).SerializeToString()
        for frame, extra in ((None, {}), (grpc_frame(gzip.compress(message), 1), {"grpc_encoding": "gzip"})):
            with H2Client(collector.grpc_port) as client:
                answer = client.grpc("traces", message, frame=frame, **extra)
                assert answer.grpc_status == 8, answer
                if answer.grpc_details:
                    details = status_of(base64.b64decode(answer.grpc_details + "=="))
                    assert detail(details, RetryInfo) is None


@shows(5, role="server")
def refusal_text_stays_small_for_a_huge_bad_request():
    bad = trace_request(padding=1 << 20)
    bad.resource_spans[0].scope_spans[0].spans[0].trace_id = b"123"
    with Collector(NOP) as collector:
        answer = http_request(collector.http_port, "/v1/traces", bad.SerializeToString())
        assert answer.status == 400 and len(answer.body) < 4 << 20


@shows(6, role="server")
def empty_request_succeeds():
    with Collector(NOP) as collector:
        for signal, path in PATH.items():
            assert http_request(collector.http_port, path, b"").status == 200
            with H2Client(collector.grpc_port) as client:
                assert client.grpc(signal, b"").grpc_status == 0


@shows(7, 36, role="server")
def success_is_the_signals_response_with_nothing_rejected():
    with Collector(NOP) as collector, H2Client(collector.grpc_port) as client:
        for signal, path in PATH.items():
            message = sample(signal).SerializeToString()
            grpc = client.grpc(signal, message)
            assert grpc.grpc_status == 0
            for body in (grpc.body[5:], http_request(collector.http_port, path, message).body):
                response = RESPONSE[signal]()
                response.ParseFromString(body)
                assert not response.partial_success.ByteSize(), response


def waiting_exporter(peer, **queue):
    return {"otlp": {"endpoint": f"127.0.0.1:{peer.port}", "tls": {"insecure": True},
                     "sending_queue": {"wait_for_result": True, **queue}}}


def partial_success_of(answer):
    assert answer.status == 200 and len(answer.body) < 4 << 20, answer.status
    heard = RESPONSE["traces"]()
    heard.ParseFromString(answer.body)
    return heard.partial_success


def response_of(rejected, message):
    response = RESPONSE["traces"]()
    response.partial_success.rejected_spans = rejected
    response.partial_success.error_message = message
    return response.SerializeToString()


@shows(5, 8, 36, role="server")
def partial_success_of_the_back_end_is_passed_back_when_delivered_is_awaited():
    for rejected, message in ((2, "two spans are too old"), (1, "long" * (1 << 18))):
        with GrpcPeer(lambda received, number: {"body": response_of(rejected, message)}) as peer:
            with Collector(waiting_exporter(peer)) as collector:
                partial = partial_success_of(
                    http_request(collector.http_port, "/v1/traces", trace_request(5).SerializeToString()))
        assert partial.rejected_spans == rejected
        assert message[:20] in partial.error_message, partial.error_message[:100]


@shows(9, role="server")
def partial_success_of_a_joined_batch_is_a_warning_to_each():
    with GrpcPeer(lambda received, number: {"body": response_of(1, "one is too old")}) as peer:
        queue = {"batch": {"min_size": 2, "flush_timeout": "60s"}}
        with Collector(waiting_exporter(peer, **queue)) as collector, ThreadPoolExecutor() as pool:
            message = trace_request().SerializeToString()
            answers = [pool.submit(http_request, collector.http_port, "/v1/traces", message) for _ in range(2)]
            for answer in answers:
                partial = partial_success_of(answer.result())
                assert partial.rejected_spans == 0 and "one is too old" in partial.error_message, partial
        assert peer.count() == 1


@shows(17, role="server")
def grpc_serves_the_three_services():
    with Collector(NOP) as collector, H2Client(collector.grpc_port) as client:
        for signal in PATH:
            answer = client.grpc(signal, sample(signal).SerializeToString())
            assert answer.grpc_status == 0
            assert answer.headers["content-type"].startswith("application/grpc")


@shows(20, role="server")
def many_unary_calls_on_one_connection_are_answered():
    with Collector(NOP) as collector, H2Client(collector.grpc_port) as client:
        message = grpc_frame(trace_request().SerializeToString())
        headers = [(":method", "POST"), (":scheme", "http"), (":path", SERVICE["traces"]), (":authority", "x"),
                   ("te", "trailers"), ("content-type", "application/grpc")]
        streams = [client.start(headers) for _ in range(50)]
        for stream in reversed(streams):
            client.send(stream, message)
        assert [client.finish(stream).grpc_status for stream in streams] == [0] * 50


@shows(22, 26, 28, role="server")
def full_queue_is_unavailable_with_retry_info_over_grpc():
    with GrpcPeer(lambda received, number: "hang") as peer:
        exporter = {"otlp": {"endpoint": f"127.0.0.1:{peer.port}", "tls": {"insecure": True}, "timeout": "60s",
                             "sending_queue": {"queue_size": 2, "num_consumers": 1}}}
        with Collector(exporter) as collector, H2Client(collector.grpc_port) as client:
            message = trace_request().SerializeToString()
            answers = [client.grpc("traces", message) for _ in range(12)]
            refused = [a for a in answers if a.grpc_status != 0]
            assert refused and all(a.grpc_status == 14 for a in refused), answers
            delay = detail(status_of(base64.b64decode(refused[0].grpc_details + "==")), RetryInfo)
            assert 0 < delay.retry_delay.ToMilliseconds() <= 60_000


@shows(37, 40, role="server")
def full_queue_is_503_with_retry_after_over_http():
    with GrpcPeer(lambda received, number: "hang") as peer:
        exporter = {"otlp": {"endpoint": f"127.0.0.1:{peer.port}", "tls": {"insecure": True}, "timeout": "60s",
                             "sending_queue": {"queue_size": 2, "num_consumers": 1}}}
        with Collector(exporter) as collector:
            message = trace_request().SerializeToString()
            answers = [http_request(collector.http_port, "/v1/traces", message) for _ in range(12)]
            refused = [a for a in answers if a.status != 200]
            assert refused and all(a.status == 503 for a in refused)
            assert int(refused[0].headers["retry-after"]) >= 1
            assert status_of(refused[0].body).message


@shows(23, role="server")
def bad_data_over_grpc_is_invalid_argument_with_the_field():
    bad = trace_request()
    bad.resource_spans[0].scope_spans[0].spans[0].span_id = b"abc"
    answer = unary("traces", bad.SerializeToString())
    assert answer.grpc_status == 3
    violations = detail(status_of(base64.b64decode(answer.grpc_details + "==")), BadRequest).field_violations
    assert violations[0].field == "resource_spans[0].scope_spans[0].spans[0].span_id", violations


@shows(37, 39, role="server")
def bad_data_over_http_is_400_with_bad_request_details():
    bad = trace_request()
    bad.resource_spans[0].scope_spans[0].spans[0].span_id = b"abc"
    with Collector(NOP) as collector:
        answer = http_request(collector.http_port, "/v1/traces", bad.SerializeToString())
        assert answer.status == 400 and answer.headers["content-type"] == "application/x-protobuf"
        status = status_of(answer.body)
        assert "span_id" in status.message and detail(status, BadRequest) is not None


@shows(29, role="server")
def http_2_and_1_1_are_both_served_on_the_http_port():
    with Collector(NOP) as collector, H2Client(collector.http_port) as client:
        message = trace_request().SerializeToString()
        stream = client.start([(":method", "POST"), (":scheme", "http"), (":path", "/v1/traces"),
                               (":authority", "localhost"), ("content-type", "application/x-protobuf")])
        client.send(stream, message)
        assert client.finish(stream).headers[":status"] == "200"
        assert http_request(collector.http_port, "/v1/traces", message).status == 200
        assert http_request(collector.http_port, "/v1/traces", b"", method="GET").status == 405


@shows(31, role="server")
def paths_are_the_specifications_and_can_be_configured():
    with Collector(NOP, http={"traces_url_path": "/mine"}) as collector:
        message = trace_request().SerializeToString()
        assert http_request(collector.http_port, "/mine", message).status == 200
        assert http_request(collector.http_port, "/v1/traces", message).status == 404
        assert http_request(collector.http_port, "/v1/metrics", metric_request().SerializeToString()).status == 200


@shows(32, 33, 46, role="server")
def the_answer_has_the_requests_content_type_also_for_errors():
    message = trace_request().SerializeToString()
    with Collector(NOP) as collector:
        for content_type, good, bad in (("application/x-protobuf", message, b"\x0a\xff"),
                                        ("application/json", b"{}", b'{"resourceSpans": [}')):
            for body, wanted in ((good, 200), (bad, 400)):
                answer = http_request(collector.http_port, "/v1/traces", body, content_type)
                assert answer.status == wanted, (content_type, body, answer)
                assert answer.headers["content-type"].split(";")[0] == content_type
        assert http_request(collector.http_port, "/v1/traces", b"{}", "application/json; charset=utf-8").status == 200
        assert http_request(collector.http_port, "/v1/traces", b"x", "text/plain").status == 415


@shows(47, role="server")
def either_port_understands_either_protocol():
    message = trace_request().SerializeToString()
    with Collector(NOP) as collector:
        with H2Client(collector.http_port) as client:
            assert client.grpc("traces", message).grpc_status == 0
        assert http_request(collector.grpc_port, "/v1/traces", message).status == 200


def json_answer(collector, document):
    text = document if isinstance(document, bytes) else json.dumps(document).encode()
    return http_request(collector.http_port, "/v1/traces", text, "application/json")


def span_document(**span):
    return {"resourceSpans": [{"scopeSpans": [{"spans": [
        {"traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174", "name": "n", **span}]}]}]}


def through(document):
    """Returns the request that a gRPC back end receives for a JSON request."""
    with GrpcPeer() as peer:
        exporter = {"otlp": {"endpoint": f"127.0.0.1:{peer.port}", "tls": {"insecure": True}, "compression": "none"}}
        with Collector(exporter) as collector:
            answer = json_answer(collector, document)
            assert answer.status == 200, answer
            wait_until(lambda: peer.count() == 1, what="delivery")
    request = type(trace_request())()
    request.ParseFromString(peer.received[0].body)
    return request.resource_spans[0].scope_spans[0].spans[0]


@shows(49, role="server")
def json_ids_are_hex_in_either_case():
    span = through(span_document(traceId="5B8EFFF798038103D269B633813FC60C", parentSpanId="EEE19b7ec3c1b173"))
    assert span.trace_id.hex() == "5b8efff798038103d269b633813fc60c"
    assert span.parent_span_id.hex() == "eee19b7ec3c1b173"


@shows(50, 53, role="server")
def json_numbers_and_enums_become_the_same_values():
    span = through(span_document(kind=2, startTimeUnixNano="1544712660000000000", endTimeUnixNano=1544712661000000000,
                                 attributes=[{"key": "a", "value": {"intValue": "-7"}},
                                             {"key": "b", "value": {"intValue": 8}}]))
    assert span.kind == 2 and span.start_time_unix_nano == 1544712660000000000
    assert span.end_time_unix_nano == 1544712661000000000
    assert [a.value.int_value for a in span.attributes] == [-7, 8]


@shows(51, role="server")
def unknown_json_fields_are_ignored_but_still_checked():
    assert through(span_document(madeUp={"deep": [1, {"x": None}]})).name == "n"
    with Collector(NOP) as collector:
        assert json_answer(collector, b'{"madeUp": [1, 2, }, "resourceSpans": []}').status == 400


@shows(52, role="server")
def json_keys_are_lower_camel_case():
    assert through(span_document(droppedAttributesCount=3)).dropped_attributes_count == 3


@shows(55, role="server")
def empty_envelopes_are_accepted():
    with Collector(NOP) as collector:
        assert json_answer(collector, {"resourceSpans": [{"scopeSpans": []}]}).status == 200


@shows(54, role="server")
def every_destination_gets_the_request_and_a_dead_one_does_not_stop_the_others():
    with GrpcPeer() as alive, GrpcPeer(lambda received, number: "hang") as hanging:
        exporters = {f"otlp/{name}": {"endpoint": f"127.0.0.1:{peer.port}", "tls": {"insecure": True}}
                     for name, peer in (("alive", alive), ("hanging", hanging))}
        with Collector(exporters) as collector, H2Client(collector.grpc_port) as client:
            for number in range(20):
                message = trace_request(first=number + 1).SerializeToString()
                assert client.grpc("traces", message).grpc_status == 0
            wait_until(lambda: collector.metric("otelcol_exporter_sent_spans", exporter="otlp_grpc/alive") == 20
                       or collector.metric("otelcol_exporter_sent_spans", exporter="otlp/alive") == 20,
                       what="20 spans at the live destination")


@shows(56, role="server")
def unknown_fields_pass_through_byte_for_byte():
    message = trace_request(2).SerializeToString()
    unknown = b"\xfa\x7f\x03new"  # field 2047, length-delimited: of a later version
    message += unknown
    with GrpcPeer() as peer:
        exporter = {"otlp": {"endpoint": f"127.0.0.1:{peer.port}", "tls": {"insecure": True}, "compression": "none"}}
        with Collector(exporter) as collector, H2Client(collector.grpc_port) as client:
            assert client.grpc("traces", message).grpc_status == 0
            wait_until(lambda: peer.count() == 1, what="delivery")
        assert peer.received[0].body == message
