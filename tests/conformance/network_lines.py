"""Proxies, unix sockets and wrong ports, over real sockets."""
import os
import socket
import tempfile
import threading

from certificates import Authority
from client_lines import FAST, SENT, grpc_exporter, http_exporter, send, settled
from collector import Collector, wait_until
from messages import trace_request
from peers import GrpcPeer, HttpPeer
from table import shows
from wire import http_request


class Proxy:
    """Connects every CONNECT to one port, whatever name was asked for, and passes plain requests on there."""

    def __init__(self, port):
        self.to, self.asked = port, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(near,), daemon=True).start()

    def serve(self, near):
        head = b""
        while b"\r\n\r\n" not in head:
            piece = near.recv(65536)
            if not piece:
                return
            head += piece
        self.asked.append(head.partition(b"\r\n\r\n")[0].decode().split("\r\n"))
        far = socket.create_connection(("127.0.0.1", self.to))
        if head.startswith(b"CONNECT "):
            near.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            far.sendall(head)
        threading.Thread(target=self.pump, args=(far, near), daemon=True).start()
        self.pump(near, far)

    @staticmethod
    def pump(source, sink):
        try:
            while piece := source.recv(65536):
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


@shows(role="client")
def a_plain_request_passes_a_proxy_with_its_whole_url():
    with HttpPeer() as peer, Proxy(peer.port) as proxy:
        exporter = {"otlp_http": {"endpoint": "http://far.invalid:4318", **FAST,
                                  "proxy_url": f"http://user:pass@127.0.0.1:{proxy.port}"}}
        with Collector(exporter) as collector:
            send(collector)
            wait_until(lambda: collector.metric(SENT) == 1, what="the delivery")
            assert proxy.asked[0][0] == "POST http://far.invalid:4318/v1/traces HTTP/1.1", proxy.asked
            assert "proxy-authorization: Basic dXNlcjpwYXNz" in proxy.asked[0], proxy.asked
            assert "host: far.invalid:4318" in proxy.asked[0], proxy.asked
            assert "pass@" not in collector.output()


@shows(role="client")
def https_goes_through_a_tunnel():
    with tempfile.TemporaryDirectory() as folder:
        authority = Authority(folder)
        with HttpPeer(tls=authority.server_context(alpn=("http/1.1",))) as peer, Proxy(peer.port) as proxy:
            exporter = {"otlp_http": {"endpoint": "https://localhost:4318", **FAST, "tls": {"ca_file": authority.ca},
                                      "proxy_url": f"http://127.0.0.1:{proxy.port}"}}
            with Collector(exporter) as collector:
                send(collector)
                wait_until(lambda: collector.metric(SENT) == 1, what="the delivery")
                assert proxy.asked[0][0] == "CONNECT localhost:4318 HTTP/1.1", proxy.asked


@shows(role="client")
def grpc_takes_the_proxy_of_the_environment():
    with GrpcPeer() as peer, Proxy(peer.port) as proxy:
        exporter = {"otlp_grpc": {"endpoint": "far.invalid:4317", "tls": {"insecure": True}, **FAST}}
        environment = {"HTTPS_PROXY": f"http://127.0.0.1:{proxy.port}", "NO_PROXY": "near.invalid"}
        with Collector(exporter, environment=environment) as collector:
            send(collector)
            wait_until(lambda: collector.metric(SENT) == 1, what="the delivery")
            assert proxy.asked[0][0] == "CONNECT far.invalid:4317 HTTP/1.1", proxy.asked


@shows(role="server")
def unix_sockets_carry_grpc_and_http():
    with tempfile.TemporaryDirectory() as folder:
        grpc, http = os.path.join(folder, "grpc.sock"), os.path.join(folder, "http.sock")
        near = {"grpc": {"endpoint": grpc, "transport": "unix"}, "http": {"endpoint": http, "transport": "unix"}}
        message = trace_request(3).SerializeToString()
        sender = {"otlp_grpc": {"endpoint": f"unix://{grpc}", "tls": {"insecure": True}, **FAST}}
        with Collector({"nop": None}, **near) as far, Collector(sender) as collector:
            assert http_request(collector.http_port, "/v1/traces", message).status == 200
            wait_until(lambda: collector.metric(SENT) == 3, what="the delivery over the socket")
            with socket.socket(socket.AF_UNIX) as sock:
                sock.connect(http)
                assert http_request(0, "/v1/traces", message, sock=sock).status == 200
            wait_until(lambda: far.metric("otelcol_receiver_accepted_spans") == 6, what="both requests")
        assert not os.path.exists(grpc) and not os.path.exists(http)


class RawPeer:
    """Answers the first bytes of each connection with those."""

    def __init__(self, answer):
        self.answer = answer
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                sock, _ = self.listener.accept()
                with sock:
                    sock.recv(65536)
                    sock.sendall(self.answer)
            except OSError:
                if self.listener.fileno() < 0:
                    return

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


@shows(role="client")
def a_wrong_port_is_named():
    def said(exporter, words, peer):
        with peer, Collector(exporter(peer.port)) as collector:
            send(collector)
            wait_until(lambda: words in collector.output(), what=words)
            collector.was_killed = True
            collector.process.kill()

    said(grpc_exporter, "does not speak gRPC; otlp_http sends", RawPeer(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    said(grpc_exporter, "this port speaks TLS", RawPeer(b"\x15\x03\x01\x00\x02\x02\x46"))
    said(http_exporter, "this port speaks gRPC; otlp_grpc sends", GrpcPeer())
    not_here = HttpPeer(lambda received, number: (404, {"Content-Type": "text/plain"}, b"404 page not found"))
    with not_here as peer, Collector(http_exporter(peer.port)) as collector:
        send(collector)
        settled(collector, 1)
        words = "none of its pipelines takes traces"
        wait_until(lambda: words in collector.output(), what=words)


@shows(role="server")
def a_tls_sender_on_a_clear_text_port_is_logged_with_the_port():
    with Collector({"nop": None}) as collector:
        for port in (collector.grpc_port, collector.http_port):
            with socket.create_connection(("127.0.0.1", port)) as sock:
                sock.sendall(b"\x16\x03\x01\x02\x00\x01")
                wait_until(lambda port=port: f"127.0.0.1:{port}, which has no tls" in collector.output(),
                           what="the line")
        with socket.create_connection(("127.0.0.1", collector.http_port)) as sock:
            local = "%s:%d" % sock.getsockname()
            assert http_request(0, "/v1/traces", b"\x0a\x05\x12", sock=sock).status == 400
        wait_until(lambda: "reason=bad_data" in collector.output(), what="the refusal")
        line = [line for line in collector.output().splitlines() if "reason=bad_data" in line][0]
        assert f"peer={local}" in line, line
