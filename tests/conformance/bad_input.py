"""Bad input: a clear error for that client, a count, no effect on other clients."""
import gzip
import json
import socket
import struct

from collector import Collector, wait_until
from messages import status_of, trace_request
from peers import GrpcPeer
from table import shows
from wire import H2Client, grpc_frame, http_request

NOP = {"nop": None}


def length_delimited(number, content):
    def varint(value):
        out = b""
        while value > 127:
            out += bytes([value & 127 | 128])
            value >>= 7
        return out + bytes([value])
    return varint(number << 3 | 2) + varint(len(content)) + content


def span_request(span):
    return length_delimited(1, length_delimited(2, length_delimited(2, span)))


def deep_value(depth):
    value = b"\x18\x01"
    for _ in range(depth):
        value = length_delimited(5, length_delimited(1, value))
    return span_request(length_delimited(9, length_delimited(1, b"k") + length_delimited(2, value)))


GOOD = trace_request().SerializeToString()
BAD_MESSAGES = {
    "truncated": GOOD[:-3],
    "over-long length": b"\x0a\xff\xff\xff\xff\x0f",
    "over-long varint": b"\x0a" + b"\xff" * 11,
    "group never ended": b"\x0b\x08\x01",
    "field number zero": b"\x02\x00",
    "too deep": deep_value(300),
    "not UTF-8": span_request(length_delimited(5, b"\xff\xfe")),
    "trace id of 15 bytes": span_request(length_delimited(1, b"x" * 15)),
    "span id of 9 bytes": span_request(length_delimited(2, b"x" * 9)),
}


def still_well(collector):
    """Another client is served as before."""
    with H2Client(collector.grpc_port) as client:
        assert client.grpc("traces", GOOD).grpc_status == 0
    assert http_request(collector.http_port, "/v1/traces", GOOD).status == 200


@shows(39, 23, role="bad")
def each_kind_of_bad_message_names_its_offset_and_harms_nobody():
    with Collector(NOP) as collector, H2Client(collector.grpc_port) as client:
        for name, message in BAD_MESSAGES.items():
            answer = client.grpc("traces", message)
            assert answer.grpc_status == 3, (name, answer)
            assert "byte" in answer.grpc_message or "offset" in answer.grpc_message, (name, answer.grpc_message)
            assert http_request(collector.http_port, "/v1/traces", message).status == 400, name
        still_well(collector)
        refused = collector.metric("millrace_receiver_rejected_requests", reason="bad_data")
        assert refused == 2 * len(BAD_MESSAGES), refused


@shows(39, role="bad")
def wrongly_typed_field_is_an_unknown_field_and_stays():
    # Span.name as a varint is an unknown field in protobuf, and unknown fields are passed on.
    message = span_request(b"\x28\x07")
    with GrpcPeer() as peer:
        exporter = {"otlp": {"endpoint": f"127.0.0.1:{peer.port}", "tls": {"insecure": True}, "compression": "none"}}
        with Collector(exporter) as collector, H2Client(collector.grpc_port) as client:
            assert client.grpc("traces", message).grpc_status == 0
            wait_until(lambda: peer.count() == 1, what="delivery")
            assert peer.received[0].body == message


@shows(39, role="bad")
def json_error_names_line_and_column():
    with Collector(NOP) as collector:
        document = b'{\n  "resourceSpans": [\n    {"scopeSpans": [}\n  ]\n}'
        answer = http_request(collector.http_port, "/v1/traces", document, "application/json")
        assert answer.status == 400
        message = json.loads(answer.body)["message"]
        assert "line 3" in message or ":3:" in message or "3:" in message, message
        for bad in (b"", b"{", b"[]", b'{"resourceSpans": 3}', b'{"resourceSpans": []} trailing', b'"\xff"'):
            status = http_request(collector.http_port, "/v1/traces", bad, "application/json").status
            assert status == (200 if bad == b"" else 400), (bad, status)
        still_well(collector)


@shows(2, role="bad")
def zip_bomb_is_stopped_at_the_limit():
    bomb = gzip.compress(b"\0" * (300 << 20), 9)
    with Collector(NOP) as collector:
        assert http_request(collector.http_port, "/v1/traces", bomb, headers={"Content-Encoding": "gzip"}).status == 413
        with H2Client(collector.grpc_port) as client:
            answer = client.grpc("traces", b"", frame=grpc_frame(bomb, 1), grpc_encoding="gzip")
            assert answer.grpc_status == 8, answer
        still_well(collector)
        assert collector.metric("otelcol_process_memory_rss") < 200 << 20


@shows(1, role="bad")
def corrupt_and_unknown_compression_are_named():
    with Collector(NOP) as collector:
        for encoding in ("gzip", "zstd"):
            headers = {"Content-Encoding": encoding}
            assert http_request(collector.http_port, "/v1/traces", b"not packed", headers=headers).status == 400
        answer = http_request(collector.http_port, "/v1/traces", b"x", headers={"Content-Encoding": "br"})
        assert answer.status == 400 and b"br" in answer.body, answer
        with H2Client(collector.grpc_port) as client:
            answer = client.grpc("traces", b"", frame=grpc_frame(b"x", 1), grpc_encoding="br")
            assert answer.grpc_status == 12 and "gzip" in answer.headers.get("grpc-accept-encoding", ""), answer
        still_well(collector)


@shows(32, role="bad")
def mistaken_protocols_are_named():
    with Collector(NOP) as collector:
        assert http_request(collector.http_port, "/v1/traces", GOOD, "application/grpc").status in (400, 415)
        with H2Client(collector.grpc_port) as client:
            assert client.grpc("/wrong.Service/Export", GOOD).grpc_status == 12
            answer = client.grpc("traces", GOOD, content_type="text/plain")
            assert answer.headers[":status"] == "415", answer
        assert http_request(collector.http_port, "/v1/trace", GOOD).status == 404
        still_well(collector)
    with Collector(NOP, http=False) as collector:
        answer = http_request(collector.grpc_port, "/v1/traces", GOOD)
        assert answer.status >= 400 and answer.body, answer
    with Collector(NOP, grpc=False) as collector, H2Client(collector.http_port) as client:
        answer = client.grpc("traces", GOOD)
        assert answer.grpc_status == 12 and answer.grpc_message, answer


@shows(17, role="bad")
def grpc_framing_errors_are_answered():
    frames = {
        "shorter than its prefix says": struct.pack(">BI", 0, 100) + b"abc",
        "longer than its prefix says": grpc_frame(GOOD) + b"more",
        "compressed flag without an encoding": grpc_frame(GOOD, 1),
        "flag that does not exist": grpc_frame(GOOD, 7),
        "no message": b"",
    }
    with Collector(NOP) as collector, H2Client(collector.grpc_port) as client:
        for name, frame in frames.items():
            answer = client.grpc("traces", b"", frame=frame)
            assert answer.grpc_status not in (None, 0) or answer.reset is not None, (name, answer)
        still_well(collector)


@shows(29, role="bad")
def header_flood_ends_only_its_own_connection():
    with Collector(NOP) as collector:
        raw = b"POST /v1/traces HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: %s\r\n" % (i, b"y" * 1000) for i in range(400))
        answer = http_request(collector.http_port, "", b"", raw=raw + b"Content-Length: 0\r\n\r\n")
        assert answer.status == 431, answer
        with H2Client(collector.grpc_port) as client:
            headers = [(":method", "POST"), (":scheme", "http"), (":path", "/x"), (":authority", "x")]
            headers += [(f"x-{i}", "y" * 1000) for i in range(400)]
            try:
                answer = client.finish(client.start(headers, end=True))
                assert client.closed or client.goaway or answer.reset is not None or answer.headers.get(":status") == "431"
            except (ConnectionError, OSError):
                pass
        still_well(collector)


@shows(29, role="bad")
def frame_floods_end_only_their_own_connection():
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"
    floods = {
        "pings": b"\0\0\10\6\0\0\0\0\0" + b"12345678",
        "empty settings": b"\0\0\0\4\0\0\0\0\0",
        "priority": b"\0\0\5\2\0\0\0\0\1\0\0\0\0\0",
    }
    with Collector(NOP) as collector:
        for name, frame in floods.items():
            with socket.create_connection(("127.0.0.1", collector.grpc_port), timeout=20) as flooder:
                try:
                    flooder.sendall(preface)
                    for _ in range(100):
                        flooder.sendall(frame * 1000)
                except OSError:
                    pass  # the server closed the flooding connection
            still_well(collector)


@shows(29, role="bad")
def rapid_resets_end_only_their_own_connection():
    with Collector(NOP) as collector:
        with H2Client(collector.grpc_port) as client:
            headers = [(":method", "POST"), (":scheme", "http"), (":path", "/x"), (":authority", "x")]
            try:
                for _ in range(5000):
                    stream = client.connection.get_next_available_stream_id()
                    client.connection.send_headers(stream, headers)
                    client.connection.reset_stream(stream, 8)
                    if stream % 200 == 1:
                        client.flush()
            except OSError:
                pass
        still_well(collector)


@shows(29, role="bad")
def half_a_request_and_then_silence_is_timed_out():
    with Collector(NOP, http={"read_header_timeout": "300ms", "read_timeout": "300ms"}) as collector:
        for half in (b"POST /v1/tr", b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n"
                     b"Content-Type: application/x-protobuf\r\n\r\nabc"):
            with socket.create_connection(("127.0.0.1", collector.http_port), timeout=20) as silent:
                silent.sendall(half)
                text = silent.recv(65536)
                assert text == b"" or text.startswith(b"HTTP/1.1 408"), text
        still_well(collector)


@shows(29, role="bad")
def requests_smuggled_by_two_lengths_are_refused():
    with Collector(NOP) as collector:
        raw = (b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n"
               b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
        assert http_request(collector.http_port, "", b"", raw=raw).status == 400
        still_well(collector)


@shows(37, role="bad")
def error_over_http_says_what_was_wrong():
    with Collector(NOP) as collector:
        answer = http_request(collector.http_port, "/v1/traces", BAD_MESSAGES["not UTF-8"])
        assert "UTF-8" in status_of(answer.body).message
