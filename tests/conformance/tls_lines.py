"""TLS and mutual TLS over real sockets, in both directions."""
import socket
import ssl
import tempfile

from certificates import Authority, name_of
from collector import Collector, wait_until
from messages import trace_request
from peers import GrpcPeer, HttpPeer
from table import shows
from wire import H2Client, http_request

NOP = {"nop": None}
SENT = "otelcol_exporter_sent_spans"
RETRY = {"retry_on_failure": {"initial_interval": "20ms", "max_interval": "50ms", "max_elapsed_time": "30s"}}
MESSAGE = trace_request().SerializeToString()


def connect(context, port):
    return context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=20), server_hostname="localhost")


def refused(context, port):
    """Whether the server ends the handshake, or (as TLS 1.3 permits) the connection directly after it."""
    try:
        with connect(context, port) as sock:
            return http_request(port, "/v1/traces", MESSAGE, sock=sock).status is None
    except (ssl.SSLError, ConnectionError, IndexError):  # IndexError: the end instead of a status line
        return True


@shows(role="tls")
def both_ports_serve_http_2_and_1_1_by_alpn():
    with tempfile.TemporaryDirectory() as folder:
        authority = Authority(folder)
        tls = authority.server_tls()
        with Collector(NOP, grpc={"tls": tls}, http={"tls": tls}) as collector:
            for port in (collector.grpc_port, collector.http_port):
                with connect(authority.client_context(alpn=("h2", "http/1.1")), port) as sock:
                    assert sock.selected_alpn_protocol() == "h2"
                    assert H2Client(port, sock).grpc("traces", MESSAGE).grpc_status == 0
                with connect(authority.client_context(alpn=("http/1.1",)), port) as sock:
                    assert sock.selected_alpn_protocol() == "http/1.1"
                    assert http_request(port, "/v1/traces", MESSAGE, sock=sock).status == 200
            # Without ALPN, as older HTTP/1.1 clients connect.
            with connect(authority.client_context(alpn=()), collector.http_port) as sock:
                assert sock.selected_alpn_protocol() is None
                assert http_request(collector.http_port, "/v1/traces", MESSAGE, sock=sock).status == 200
            assert refused(authority.client_context(alpn=("spdy/1",)), collector.http_port)


@shows(role="tls")
def clear_text_on_a_tls_port_harms_nobody():
    with tempfile.TemporaryDirectory() as folder:
        authority = Authority(folder)
        with Collector(NOP, grpc={"tls": authority.server_tls()}) as collector:
            with socket.create_connection(("127.0.0.1", collector.grpc_port), timeout=20) as sock:
                sock.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0")
                try:
                    while sock.recv(4096):
                        pass
                except ConnectionError:
                    pass
            with connect(authority.client_context(), collector.grpc_port) as sock:
                assert H2Client(collector.grpc_port, sock).grpc("traces", MESSAGE).grpc_status == 0


@shows(role="tls")
def server_demands_a_certificate_of_its_client_authority():
    with tempfile.TemporaryDirectory() as folder:
        authority, stranger = Authority(folder), Authority(folder, "stranger")
        tls = authority.server_tls(client_ca_file=authority.ca)
        with Collector(NOP, http={"tls": tls}) as collector:
            port = collector.http_port
            known = authority.client_context(authority.issue("known"), alpn=("http/1.1",))
            with connect(known, port) as sock:
                assert http_request(port, "/v1/traces", MESSAGE, sock=sock).status == 200
            assert refused(authority.client_context(alpn=("http/1.1",)), port)
            strange = authority.client_context(stranger.issue("strange"), alpn=("http/1.1",))
            assert refused(strange, port)
            assert collector.metric("otelcol_receiver_accepted_spans") == 1


@shows(role="tls")
def old_versions_are_refused_as_configured():
    with tempfile.TemporaryDirectory() as folder:
        authority = Authority(folder)
        with Collector(NOP, http={"tls": authority.server_tls(min_version="1.3")}) as collector:
            context = authority.client_context(alpn=("http/1.1",))
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            assert refused(context, collector.http_port)
            with connect(authority.client_context(alpn=("http/1.1",)), collector.http_port) as sock:
                assert sock.version() == "TLSv1.3"


@shows(role="tls")
def renewed_certificate_is_served_without_a_restart():
    with tempfile.TemporaryDirectory() as folder:
        authority = Authority(folder)
        certificate, key = authority.issue("server", "before")
        with Collector(NOP, http={"tls": {"cert_file": certificate, "key_file": key}}) as collector:

            def served():
                with connect(authority.client_context(alpn=("http/1.1",)), collector.http_port) as sock:
                    return name_of(sock.getpeercert())

            with connect(authority.client_context(alpn=("http/1.1",)), collector.http_port) as old:
                assert name_of(old.getpeercert()) == "before"
                authority.issue("server", "after")
                wait_until(lambda: served() == "after", what="the new certificate")
                # Open connections stay open.
                assert http_request(collector.http_port, "/v1/traces", MESSAGE, sock=old).status == 200
            # A broken file keeps the old certificate in service.
            with open(certificate, "w", encoding="utf-8") as file:
                file.write("no certificate")
            wait_until(lambda: served() == "after" and "cert_file" in collector.output(), what="a line about it")


@shows(role="tls")
def exporters_verify_the_back_end_and_show_their_certificate():
    with tempfile.TemporaryDirectory() as folder:
        authority = Authority(folder)
        certificate, key = authority.issue("exporter")
        tls = {"ca_file": authority.ca, "cert_file": certificate, "key_file": key}
        grpc_context = authority.server_context(client_ca=authority.ca)
        http_context = authority.server_context(client_ca=authority.ca, alpn=("http/1.1",))
        with GrpcPeer(tls=grpc_context) as grpc, HttpPeer(tls=http_context) as http:
            exporters = {"otlp_grpc": {"endpoint": f"localhost:{grpc.port}", "tls": tls},
                         "otlp_http": {"endpoint": f"https://127.0.0.1:{http.port}", "tls": tls}}
            with Collector(exporters) as collector:
                assert http_request(collector.http_port, "/v1/traces", MESSAGE).status == 200
                wait_until(lambda: collector.metric(SENT) == 2, what="both destinations")
        for peer in (grpc, http):
            assert name_of(peer.certificates[0]) == "exporter" and peer.count() == 1


@shows(role="tls")
def otlp_http_takes_http_2_where_the_back_end_offers_it():
    with tempfile.TemporaryDirectory() as folder:
        authority = Authority(folder)
        with GrpcPeer(lambda r, n: {"http_status": 200}, tls=authority.server_context()) as peer:
            exporter = {"otlp_http": {"endpoint": f"https://localhost:{peer.port}", "tls": {"ca_file": authority.ca},
                                      "compression": "none"}}
            with Collector(exporter) as collector:
                assert http_request(collector.http_port, "/v1/traces", MESSAGE).status == 200
                wait_until(lambda: peer.count() == 1, what="a request over HTTP/2")
            assert peer.received[0].path == "/v1/traces"
            assert peer.received[0].headers["content-type"] == "application/x-protobuf"


@shows(role="tls")
def unverified_back_end_gets_nothing():
    with tempfile.TemporaryDirectory() as folder:
        authority, stranger = Authority(folder), Authority(folder, "stranger")
        with GrpcPeer(tls=stranger.server_context()) as peer:
            endpoint = f"localhost:{peer.port}"
            with Collector({"otlp_grpc": {"endpoint": endpoint, "tls": {"ca_file": authority.ca}, **RETRY}}) as collector:
                assert http_request(collector.http_port, "/v1/traces", MESSAGE).status == 200
                wait_until(lambda: "certificate" in collector.output(), what="the line about the certificate")
                assert peer.count() == 0 and collector.metric(SENT) == 0
            with Collector({"otlp_grpc": {"endpoint": endpoint, "tls": {"insecure_skip_verify": True}}}) as collector:
                assert http_request(collector.http_port, "/v1/traces", MESSAGE).status == 200
                wait_until(lambda: collector.metric(SENT) == 1, what="delivery without verification, as configured")
