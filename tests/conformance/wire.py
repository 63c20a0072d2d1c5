"""Clients and scripted peers that use HTTP/2 (by the h2 package), gRPC and HTTP/1.1 byte for byte."""
import socket
import struct
from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.events
from hpack import Decoder, Encoder
from hyperframe.frame import DataFrame, Frame, GoAwayFrame, HeadersFrame, PingFrame, SettingsFrame

SERVICE = {
    "traces": "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    "metrics": "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
    "logs": "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
    "profiles": "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export",
}


def grpc_frame(message, compressed=0):
    return struct.pack(">BI", compressed, len(message)) + message


@dataclass
class Answer:
    headers: dict = field(default_factory=dict)
    trailers: dict = field(default_factory=dict)
    body: bytes = b""
    reset: int = None
    trailers_only: bool = False

    @property
    def grpc_status(self):
        value = self.trailers.get("grpc-status", self.headers.get("grpc-status"))
        return None if value is None else int(value)

    @property
    def grpc_message(self):
        return self.trailers.get("grpc-message", self.headers.get("grpc-message", ""))

    @property
    def grpc_details(self):
        return self.trailers.get("grpc-status-details-bin", self.headers.get("grpc-status-details-bin"))


class H2Client:
    def __init__(self, port, sock=None):
        self.socket = sock or socket.create_connection(("127.0.0.1", port), timeout=20)
        self.connection = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
        self.connection.initiate_connection()
        self.answers, self.done, self.goaway, self.closed = {}, set(), None, False
        self.pings = []
        self.flush()

    def flush(self):
        self.socket.sendall(self.connection.data_to_send())

    def start(self, headers, end=False):
        stream = self.connection.get_next_available_stream_id()
        self.answers[stream] = Answer()
        self.connection.send_headers(stream, headers, end_stream=end)
        self.flush()
        return stream

    def send(self, stream, data, end=True):
        view = memoryview(data)
        while len(view) > 0 and stream not in self.done:
            window = min(self.connection.local_flow_control_window(stream),
                         self.connection.max_outbound_frame_size, len(view))
            if window == 0:
                self.pump()
                continue
            self.connection.send_data(stream, bytes(view[:window]))
            view = view[window:]
            self.flush()
        if end and stream not in self.done:
            self.connection.end_stream(stream)
            self.flush()

    def pump(self):
        data = self.socket.recv(65536)
        if not data:
            self.closed = True
            self.done.update(self.answers)
            return
        for event in self.connection.receive_data(data):
            stream = getattr(event, "stream_id", None)
            answer = self.answers.get(stream)
            if isinstance(event, h2.events.ResponseReceived):
                answer.headers = dict(event.headers)
                answer.trailers_only = event.stream_ended is not None
            elif isinstance(event, h2.events.TrailersReceived):
                answer.trailers = dict(event.headers)
            elif isinstance(event, h2.events.DataReceived):
                answer.body += event.data
                self.connection.acknowledge_received_data(event.flow_controlled_length, stream)
            elif isinstance(event, h2.events.StreamEnded):
                self.done.add(stream)
            elif isinstance(event, h2.events.StreamReset):
                if answer is not None and stream not in self.done:
                    answer.reset = event.error_code
                self.done.add(stream)
            elif isinstance(event, h2.events.ConnectionTerminated):
                self.goaway = event
            elif isinstance(event, h2.events.PingAckReceived):
                self.pings.append(event.ping_data)
        self.flush()

    def finish(self, stream):
        while stream not in self.done:
            self.pump()
        return self.answers[stream]

    def grpc(self, signal, message, frame=None, **extra):
        headers = [(":method", "POST"), (":scheme", "http"), (":path", SERVICE.get(signal, signal)),
                   (":authority", "localhost"), ("content-type", "application/grpc"), ("te", "trailers")]
        replaced = {name.replace("_", "-"): value for name, value in extra.items()}
        headers = [(n, replaced.pop(n, v)) for n, v in headers] + list(replaced.items())
        stream = self.start([(n, v) for n, v in headers if v is not None])
        self.send(stream, grpc_frame(message) if frame is None else frame)
        return self.finish(stream)

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Frames:
    """HTTP/2 frame by frame, for cases that client libraries hide."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.file = self.socket.makefile("rb")
        self.encoder, self.decoder = Encoder(), Decoder()
        self.socket.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        self.send(SettingsFrame(0))

    def send(self, frame):
        self.socket.sendall(frame.serialize())

    def read(self):
        """Returns the next frame that is no acknowledgement or window update; None at the end."""
        while head := self.file.read(9):
            frame, length = Frame.parse_frame_header(memoryview(head))
            frame.parse_body(memoryview(self.file.read(length)))
            if isinstance(frame, SettingsFrame):
                if "ACK" not in frame.flags:
                    self.send(SettingsFrame(0, flags=["ACK"]))
            elif isinstance(frame, (GoAwayFrame, PingFrame, HeadersFrame, DataFrame)):
                return frame
        return None

    def start_export(self, stream):
        headers = [(":method", "POST"), (":scheme", "http"), (":path", SERVICE["traces"]), (":authority", "x"),
                   ("te", "trailers"), ("content-type", "application/grpc")]
        self.send(HeadersFrame(stream, self.encoder.encode(headers), flags=["END_HEADERS"]))

    def finish_export(self, stream, message):
        self.send(DataFrame(stream, grpc_frame(message), flags=["END_STREAM"]))

    def read_status(self, stream):
        while frame := self.read():
            if isinstance(frame, HeadersFrame) and frame.stream_id == stream:
                for name, value in self.decoder.decode(frame.data):
                    if name == "grpc-status":
                        return int(value)
        return None

    def close(self):
        self.file.close()
        self.socket.close()


@dataclass
class HttpAnswer:
    status: int
    headers: dict
    body: bytes


def read_http(file):
    status = int(file.readline().split()[1])
    headers = {}
    while (line := file.readline()) not in (b"\r\n", b"\n", b""):
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    if headers.get("transfer-encoding") == "chunked":
        body = b""
        while size := int(file.readline().split(b";")[0], 16):
            body += file.read(size)
            file.readline()
        file.readline()
    else:
        body = file.read(int(headers["content-length"])) if "content-length" in headers else b""
    return HttpAnswer(status, headers, body)


def http_request(port, path, body, content_type="application/x-protobuf", method="POST", headers=None,
                 raw=None, sock=None):
    own = sock is None
    sock = sock or socket.create_connection(("127.0.0.1", port), timeout=20)
    try:
        if raw is None:
            lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}"]
            if content_type:
                lines.append(f"Content-Type: {content_type}")
            lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
            raw = ("\r\n".join(lines) + "\r\n\r\n").encode() + body
        sock.sendall(raw)
        return read_http(sock.makefile("rb"))
    finally:
        if own:
            sock.close()
