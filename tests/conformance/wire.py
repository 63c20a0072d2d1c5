"""Clients and scripted peers that speak HTTP/2 (by the h2 package), gRPC and HTTP/1.1 byte for byte."""
import http.server
import socket
import struct
import threading
from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.events

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


@dataclass
class Received:
    path: str
    headers: dict
    body: bytes  # gRPC: the message without its prefix, still compressed
    compressed: bool = False
    connection: int = 0


class GrpcPeer:
    """A scripted gRPC back end. `script(received, number)` returns a dict: status, message, details,
    body, delay_event, or one of the strings 'hang', 'reset', 'close', 'refuse', 'goaway'."""

    def __init__(self, script=None, settings=None):
        self.script = script or (lambda received, number: {})
        self.received, self.connections, self.threads = [], 0, []
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.sockets = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                self.connections += 1
                self.sockets.append(sock)
                number = self.connections
            threading.Thread(target=self.serve, args=(sock, number), daemon=True).start()

    def serve(self, sock, connection_number):
        connection = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        connection.initiate_connection()
        streams = {}
        try:
            sock.sendall(connection.data_to_send())
            while data := sock.recv(65536):
                for event in connection.receive_data(data):
                    if isinstance(event, h2.events.RequestReceived):
                        streams[event.stream_id] = [dict(event.headers), b""]
                    elif isinstance(event, h2.events.DataReceived):
                        streams[event.stream_id][1] += event.data
                        connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                    elif isinstance(event, h2.events.StreamEnded):
                        if self.answer(connection, sock, event.stream_id, connection_number,
                                       *streams.pop(event.stream_id)) == "close":
                            return
                sock.sendall(connection.data_to_send())
        except OSError:
            pass
        finally:
            sock.close()

    def answer(self, connection, sock, stream, connection_number, headers, body):
        received = Received(headers.get(":path"), headers, body[5:], bool(body[:1] == b"\1"), connection_number)
        with self.lock:
            self.received.append(received)
            number = len(self.received)
        reply = self.script(received, number)
        if reply == "hang":
            return None
        if reply == "close":
            return "close"
        if reply in ("reset", "refuse", "enhance"):
            connection.reset_stream(stream, {"reset": 2, "refuse": 7, "enhance": 11}[reply])
            return None
        if reply == "goaway":
            connection.close_connection(last_stream_id=stream)
            reply = {}
        if "http_status" in reply:
            connection.send_headers(stream, [(":status", str(reply["http_status"])),
                                             ("content-type", "text/html")], end_stream=True)
            return None
        status = reply.get("status", 0)
        trailers = [("grpc-status", str(status))]
        if reply.get("message"):
            trailers.append(("grpc-message", reply["message"]))
        if reply.get("details"):
            trailers.append(("grpc-status-details-bin", reply["details"]))
        start = [(":status", "200"), ("content-type", "application/grpc")]
        if status:
            connection.send_headers(stream, start + trailers, end_stream=True)
        else:
            connection.send_headers(stream, start)
            connection.send_data(stream, grpc_frame(reply.get("body", b"")))
            connection.send_headers(stream, trailers, end_stream=True)
        return None

    def count(self):
        with self.lock:
            return len(self.received)

    def close(self):
        self.listener.close()
        for sock in self.sockets:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class HttpPeer:
    """A scripted OTLP/HTTP back end. `script(received, number)` returns (status, headers, body) or
    'hang' or 'close'."""

    def __init__(self, script=None):
        peer = self
        self.script = script or (lambda received, number: (200, {"Content-Type": "application/x-protobuf"}, b""))
        self.received, self.lock, self.connections = [], threading.Lock(), 0
        self.released = threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                super().setup()
                with peer.lock:
                    peer.connections += 1
                    self.number = peer.connections

            def do_POST(self):
                if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
                    body = b""
                    while size := int(self.rfile.readline().split(b";")[0], 16):
                        body += self.rfile.read(size)
                        self.rfile.readline()
                    self.rfile.readline()
                else:
                    body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                received = Received(self.path, {n.lower(): v for n, v in self.headers.items()}, body,
                                    "Content-Encoding" in self.headers, self.number)
                with peer.lock:
                    peer.received.append(received)
                    number = len(peer.received)
                reply = peer.script(received, number)
                if reply == "hang":
                    peer.released.wait(60)
                    reply = "close"
                if reply == "close":
                    self.close_connection = True
                    return
                status, headers, content = reply
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def count(self):
        with self.lock:
            return len(self.received)

    def close(self):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
