"""Connections: their age and end, HTTP/1.1 and HTTP/2 as browsers and proxies use them."""
import socket
import threading

from hyperframe.frame import GoAwayFrame, PingFrame

from collector import Collector, wait_until
from messages import trace_request
from peers import GrpcPeer
from table import shows
from wire import Frames, H2Client, http_request

NOP = {"nop": None}
MESSAGE = trace_request().SerializeToString()


def ages(**more):
    return {"keepalive": {"server_parameters": {"max_connection_age": "300ms", **more}}}


@shows(role="connection")
def old_connection_ends_in_two_steps_and_nothing_under_way_is_lost():
    with Collector(NOP, grpc=ages(max_connection_age_grace="60s")) as collector:
        client = Frames(collector.grpc_port)
        client.start_export(1)
        first = client.read()
        assert isinstance(first, GoAwayFrame) and first.last_stream_id == 2**31 - 1 and first.error_code == 0
        ping = client.read()
        assert isinstance(ping, PingFrame) and "ACK" not in ping.flags
        # Sent before the GOAWAY was read: the first GOAWAY promises to accept it.
        client.start_export(3)
        client.send(PingFrame(0, ping.opaque_data, flags=["ACK"]))
        second = client.read()
        assert isinstance(second, GoAwayFrame) and second.last_stream_id == 3, second
        for stream in (3, 1):
            client.finish_export(stream, MESSAGE)
            assert client.read_status(stream) == 0
        assert client.read() is None  # and then the end of the connection
        client.close()
        assert collector.metric("otelcol_receiver_accepted_spans") == 2


@shows(role="connection")
def grace_of_an_old_connection_ends():
    with Collector(NOP, grpc=ages(max_connection_age_grace="200ms")) as collector:
        client = Frames(collector.grpc_port)
        client.start_export(1)  # and never finished
        while (frame := client.read()) is not None:
            if isinstance(frame, PingFrame):
                client.send(PingFrame(0, frame.opaque_data, flags=["ACK"]))
        client.close()


@shows(role="connection")
def idle_connection_is_ended_with_goaway():
    idle = {"keepalive": {"server_parameters": {"max_connection_idle": "200ms"}}}
    with Collector(NOP, grpc=idle) as collector:
        client = Frames(collector.grpc_port)
        frames = []
        while (frame := client.read()) is not None:
            frames.append(frame)
            if isinstance(frame, PingFrame):
                client.send(PingFrame(0, frame.opaque_data, flags=["ACK"]))
        assert isinstance(frames[0], GoAwayFrame), frames
        client.close()


@shows(role="connection")
def server_pings_who_is_silent_and_ends_who_does_not_answer():
    pings = {"keepalive": {"server_parameters": {"time": "1s", "timeout": "300ms"}}}
    with Collector(NOP, grpc=pings) as collector:
        client = Frames(collector.grpc_port)
        assert isinstance(client.read(), PingFrame)
        while client.read() is not None:
            pass
        client.close()


@shows(role="connection")
def too_many_pings_are_answered_with_enhance_your_calm():
    with Collector(NOP) as collector:
        client = Frames(collector.grpc_port)
        try:
            for number in range(10):
                client.send(PingFrame(0, number.to_bytes(8, "big")))
        except OSError:
            pass  # the server closed the connection first
        frames = []
        while (frame := client.read()) is not None:
            frames.append(frame)
        goaway = [f for f in frames if isinstance(f, GoAwayFrame)][0]
        assert goaway.error_code == 11 and goaway.additional_data == b"too_many_pings", goaway
        client.close()


def preflight(collector, origin, method="POST", port=None):
    return http_request(port or collector.http_port, "/v1/traces", b"", content_type=None, method="OPTIONS", headers={
        "Origin": origin, "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "content-type,x-tenant"})


@shows(role="connection")
def cors_preflight_lets_in_whom_the_configuration_names():
    cors = {"cors": {"allowed_origins": ["https://*.example.com"], "allowed_headers": ["X-Tenant"],
                     "exposed_headers": ["X-Seen"], "max_age": 600}}
    with Collector(NOP, http=cors) as collector:
        answer = preflight(collector, "https://app.example.com")
        assert answer.status == 204 and answer.body == b""
        assert answer.headers["access-control-allow-origin"] == "https://app.example.com"
        assert "POST" in answer.headers["access-control-allow-methods"]
        allowed = answer.headers["access-control-allow-headers"].lower()
        assert "content-type" in allowed and "x-tenant" in allowed
        assert answer.headers["access-control-max-age"] == "600"
        assert "access-control-allow-origin" not in preflight(collector, "https://evil.com").headers
        posted = http_request(collector.http_port, "/v1/traces", MESSAGE, headers={"Origin": "https://app.example.com"})
        assert posted.status == 200
        assert posted.headers["access-control-allow-origin"] == "https://app.example.com"
        assert posted.headers["access-control-expose-headers"].lower() == "x-seen"
    with Collector(NOP) as collector:  # CORS is off until origins are named
        assert "access-control-allow-origin" not in preflight(collector, "https://app.example.com").headers


@shows(role="connection")
def deadline_of_the_sender_ends_its_wait_and_withdraws_nothing():
    released = threading.Event()

    def script(received, number):
        released.wait(60)
        return {}

    with GrpcPeer(script) as peer:
        exporter = {"otlp": {"endpoint": f"127.0.0.1:{peer.port}", "tls": {"insecure": True}, "timeout": "60s",
                             "sending_queue": {"wait_for_result": True}}}
        with Collector(exporter) as collector, H2Client(collector.grpc_port) as client:
            answer = client.grpc("traces", MESSAGE, grpc_timeout="200m")
            assert answer.grpc_status == 4, answer
            released.set()
            wait_until(lambda: collector.metric("otelcol_exporter_sent_spans") == 1, what="delivery nevertheless")


@shows(role="connection")
def deadline_is_told_to_the_back_end():
    with GrpcPeer() as peer:
        exporter = {"otlp": {"endpoint": f"127.0.0.1:{peer.port}", "tls": {"insecure": True}, "timeout": "3s"}}
        with Collector(exporter) as collector:
            assert http_request(collector.http_port, "/v1/traces", MESSAGE).status == 200
            wait_until(lambda: peer.count() == 1, what="delivery")
    value, unit = peer.received[0].headers["grpc-timeout"][:-1], peer.received[0].headers["grpc-timeout"][-1]
    seconds = int(value) * {"S": 1, "m": 1e-3, "u": 1e-6, "n": 1e-9}[unit]
    assert 0 < seconds <= 3.01, peer.received[0].headers


@shows(role="connection")
def messages_of_grpc_are_percent_encoded_both_ways():
    # Receiver: an answer, which must stay ASCII, repeats the unknown path.
    with Collector(NOP) as collector, H2Client(collector.grpc_port) as client:
        answer = client.grpc("/what%is/thisé", MESSAGE)
        assert answer.grpc_status == 12 and "/what%25is/this%C3%A9" in answer.grpc_message, answer
    # Exporter: the message that a back end encodes is logged and passed to the waiting sender.
    with GrpcPeer(lambda r, n: {"status": 9, "message": "caf%C3%A9 100%25"}) as peer:
        exporter = {"otlp": {"endpoint": f"127.0.0.1:{peer.port}", "tls": {"insecure": True},
                             "sending_queue": {"wait_for_result": True}}}
        with Collector(exporter) as collector, H2Client(collector.grpc_port) as client:
            answer = client.grpc("traces", MESSAGE)
            assert answer.grpc_status == 9 and "caf%C3%A9 100%25" in answer.grpc_message, answer
            wait_until(lambda: "café 100%" in collector.output(), what="the message in the log")


@shows(role="connection")
def final_refusal_of_the_back_end_reaches_who_waits_with_its_own_code():
    for code, status in ((2, 500), (3, 400), (5, 500), (7, 403), (12, 404), (13, 500), (16, 401)):
        with GrpcPeer(lambda r, n, code=code: {"status": code, "message": "not you"}) as peer:
            exporter = {"otlp": {"endpoint": f"127.0.0.1:{peer.port}", "tls": {"insecure": True},
                                 "sending_queue": {"wait_for_result": True}}}
            with Collector(exporter) as collector, H2Client(collector.grpc_port) as client:
                answer = client.grpc("traces", MESSAGE)
                assert answer.grpc_status == code and "not you" in answer.grpc_message, answer
                assert http_request(collector.http_port, "/v1/traces", MESSAGE).status == status


@shows(45, role="connection")
def requests_on_one_http_1_1_connection_are_answered_in_order():
    with Collector(NOP) as collector:
        with socket.create_connection(("127.0.0.1", collector.http_port), timeout=20) as sock:
            for _ in range(3):
                assert http_request(collector.http_port, "/v1/traces", MESSAGE, sock=sock).status == 200
            chunked = (b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n"
                       b"Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n")
            sock.sendall(chunked)
            assert sock.recv(100).startswith(b"HTTP/1.1 100")
            body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (MESSAGE[:7], MESSAGE[7:]))
            assert http_request(0, "", b"", raw=body + b"0\r\n\r\n", sock=sock).status == 200
        assert collector.metric("otelcol_receiver_accepted_spans") == 4
