"""Scripted back ends: gRPC over HTTP/2 and OTLP over HTTP/1.1, plain or with TLS."""
import http.server
import socket
import struct
import threading
from dataclasses import dataclass

import h2.config
import h2.connection
import h2.events
import h2.exceptions

from wire import grpc_frame

RESETS = {"reset": 2, "refuse": 7, "enhance": 11, "inadequate": 12}


@dataclass
class Received:
    path: str
    headers: dict
    body: bytes  # gRPC: the message without its prefix, still compressed
    compressed: bool = False
    connection: int = 0


class GrpcConnection:
    """One connection of a GrpcPeer. Answers are queued here until the window permits them."""

    def __init__(self, peer, sock, number):
        self.peer, self.sock, self.number = peer, sock, number
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        self.requests = {}  # stream -> [headers, body]
        self.answers = {}  # stream -> [bytes left, trailers]

    def serve(self):
        self.h2.initiate_connection()
        self.sock.sendall(self.h2.data_to_send())
        while data := self.sock.recv(65536):
            for event in self.h2.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    self.requests[event.stream_id] = [dict(event.headers), b""]
                elif isinstance(event, h2.events.DataReceived):
                    self.requests[event.stream_id][1] += event.data
                    self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                elif isinstance(event, h2.events.StreamReset):
                    self.requests.pop(event.stream_id, None)
                    self.answers.pop(event.stream_id, None)
                elif isinstance(event, h2.events.StreamEnded):
                    if self.answer(event.stream_id, *self.requests.pop(event.stream_id)) == "close":
                        return
            self.send_what_fits()
            self.sock.sendall(self.h2.data_to_send())

    def answer(self, stream, headers, body):
        received = Received(headers.get(":path"), headers, body[5:], body[:1] == b"\1", self.number)
        reply = self.peer.script(received, self.peer.note(received))
        if reply in ("hang", "close"):
            return reply
        if isinstance(reply, str) and reply in RESETS:
            self.h2.reset_stream(stream, RESETS[reply])
            return None
        if reply == "goaway":  # by hand, because the h2 package also closes the connection
            self.sock.sendall(self.h2.data_to_send() + struct.pack(">HBBBIII", 0, 8, 7, 0, 0, stream, 0))
            reply = {}
        if "http_status" in reply:
            self.h2.send_headers(stream, [(":status", str(reply["http_status"])), ("content-type", "text/html")],
                                 end_stream=True)
            return None
        status = reply.get("status", 0)
        trailers = [("grpc-status", str(status))]
        if reply.get("message"):
            trailers.append(("grpc-message", reply["message"]))
        if reply.get("details"):
            trailers.append(("grpc-status-details-bin", reply["details"]))
        start = [(":status", "200"), ("content-type", "application/grpc")]
        if status:
            self.h2.send_headers(stream, start + trailers, end_stream=True)
        else:
            self.h2.send_headers(stream, start)
            self.answers[stream] = [grpc_frame(reply.get("body", b"")), trailers]
        return None

    def send_what_fits(self):
        for stream, answer in list(self.answers.items()):
            while answer[0]:
                size = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size)
                if size <= 0:
                    break
                self.h2.send_data(stream, answer[0][:size])
                answer[0] = answer[0][size:]
            if not answer[0]:
                self.h2.send_headers(stream, answer[1], end_stream=True)
                del self.answers[stream]


class GrpcPeer:
    """`script(received, number)` returns a dict (status, message, details, body, http_status), or one
    of 'hang', 'close', 'goaway', 'reset', 'refuse', 'enhance', 'inadequate'. `tls`: an ssl.SSLContext.
    `port`: the port to listen on, for a back end that starts late."""

    def __init__(self, script=None, tls=None, port=0):
        self.script = script or (lambda received, number: {})
        self.tls = tls
        self.received, self.connections, self.sockets, self.certificates = [], 0, [], []
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", port))
        self.port = self.listener.getsockname()[1]
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

    def serve(self, sock, number):
        try:
            if self.tls:
                sock = self.tls.wrap_socket(sock, server_side=True)
                with self.lock:
                    self.sockets.append(sock)
                    self.certificates.append(sock.getpeercert())
            GrpcConnection(self, sock, number).serve()
        except (OSError, h2.exceptions.ProtocolError):
            pass  # the other side closed; the test observes the result
        finally:
            sock.close()

    def note(self, received):
        with self.lock:
            self.received.append(received)
            return len(self.received)

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
    """`script(received, number)` returns (status, headers, body), or 'hang' or 'close'."""

    def __init__(self, script=None, tls=None):
        peer = self
        self.script = script or (lambda received, number: (200, {"Content-Type": "application/x-protobuf"}, b""))
        self.received, self.lock, self.connections = [], threading.Lock(), 0
        self.certificates = []
        self.released = threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                if tls:
                    self.request = tls.wrap_socket(self.request, server_side=True)
                super().setup()
                with peer.lock:
                    peer.connections += 1
                    self.number = peer.connections
                    if tls:
                        peer.certificates.append(self.request.getpeercert())

            def read_body(self):
                if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
                    return self.rfile.read(int(self.headers.get("Content-Length", 0)))
                body = b""
                while size := int(self.rfile.readline().split(b";")[0], 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return body

            def do_POST(self):
                body = self.read_body()
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

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                pass  # the other side closed; the test observes the result

        self.server = Server(("127.0.0.1", 0), Handler)
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
