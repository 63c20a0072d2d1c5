"""Peers that request and never read, or read as slowly as possible: every queue of output."""
import itertools
import time

import h2
from attack import attack, push
from payloads import ONE_SPAN, http1

MESSAGE = h2.grpc_message(ONE_SPAN)
TRACES = h2.EXPORT["traces"]



def asks(target, port="otlp", count=1, tls=False, reads=0, **what):
    """Opens `count` HTTP/2 connections that repeat one request and read nothing."""
    return push(target, *[lambda: (target.connect(port, tls), h2.request_feed(**what))] * count, reconnect=True,
                reads=reads)


def sends(target, first, blob, port="otlp", count=1, tls=False, reads=0):
    """Opens `count` connections that send `first` and then repeat the same blob."""
    return push(target, *[lambda: (target.connect(port, tls), h2.repeated(first, blob))] * count, reconnect=True,
                reads=reads)


@attack(counts=("bad_path",), logs=True)
def unknown_paths_are_asked_and_never_read(target):
    """404s without credentials, on one connection."""
    return asks(target, path="/nothing")


@attack()
def unknown_paths_are_asked_by_many_and_never_read(target):
    """The same on 300 connections: the limit of one connection, 300 times."""
    return asks(target, path="/nothing", count=300, blob=500)


@attack()
def long_paths_come_back_in_the_answer(target):
    """A path of 3,900 bytes in the peer's header table: one byte requests it, the answer repeats it."""
    return asks(target, path="/" + "p" * 3850, content_type="", method="GET")


@attack(counts=("unauthenticated",), logs=True)
def refused_credentials_are_never_read(target):
    """UNAUTHENTICATED answers that are not read."""
    return asks(target, "auth", path=TRACES, body=MESSAGE, authorization="Bearer guess")


@attack()
def refused_credentials_by_a_thousand_connections(target):
    """A thousand connections, each with a burst of a thousand refused requests in one turn."""
    return asks(target, "auth", path=TRACES, authorization="Bearer guess", count=1000, blob=1000)


@attack(refused_max=0.5)
def valid_calls_are_never_read(target):
    """Valid requests over gRPC whose answers are not read."""
    return asks(target, path=TRACES, body=MESSAGE)


@attack(refused_max=0.5)
def valid_requests_of_http_2_are_never_read(target):
    """OTLP/HTTP over HTTP/2."""
    return asks(target, "http", path="/v1/traces", body=ONE_SPAN, content_type="application/x-protobuf")


@attack(refused_max=0.5)
def valid_calls_over_tls_are_never_read(target):
    """TLS has a queue of its own, of records."""
    return asks(target, "tls", tls="h2", path=TRACES, body=MESSAGE)


@attack()
def unknown_paths_over_tls_are_never_read(target):
    return asks(target, "tls", tls="h2", path="/nothing", count=20)


@attack()
def empty_calls_are_never_read(target):
    """Requests without an item are answered at once and enter no queue."""
    return asks(target, path=TRACES, body=h2.grpc_message(b""), count=4)


@attack(refused_max=0.5)
def answers_are_read_and_their_windows_stay_shut(target):
    """The peer reads the socket, but its window is 0: the server must not send a body."""
    return asks(target, "http", path="/v1/traces", body=b"no protobuf", content_type="application/x-protobuf",
                window=0, reads=65536, count=10)


@attack(counts=("reset_flood",), logs=True)
def shut_windows_and_resets(target):
    """Each answer waits for a window, and its stream is reset: none of its memory may stay."""
    return asks(target, path="/nothing", window=0, reset_code=8, reads=65536)


@attack()
def bad_messages_are_never_read(target):
    """Refusals with details, longer than the request."""
    return asks(target, path=TRACES, body=h2.grpc_message(b"\x0a\x7fxx"))


@attack()
def metrics_pages_over_http_2_are_never_read(target):
    """A request has 15 bytes, a page 20 kB and more: a thousand streams at once."""
    return asks(target, "metrics", path="/metrics", method="GET", content_type="", count=4)


@attack()
def metrics_pages_wait_for_a_window(target):
    """The same with a window of 0: the peer reads, and the pages must wait."""
    return asks(target, "metrics", path="/metrics", method="GET", content_type="", window=0, reads=65536, count=4)


@attack()
def metrics_pages_over_http_1_are_never_read(target):
    """Pipelined requests for the page on 100 connections."""
    return sends(target, b"", http1("/metrics", method="GET") * 500, "metrics", count=100)


@attack()
def health_pages_are_never_read(target):
    """Over both versions of HTTP at once."""
    pipelined = http1("/?verbose", method="GET") * 500
    over_1 = [lambda: (target.connect("health"), h2.repeated(b"", pipelined))] * 50
    over_2 = [lambda: (target.connect("health"), h2.request_feed("/?verbose", method="GET", content_type=""))] * 4
    return push(target, *over_1, *over_2, reconnect=True)


@attack(refused_max=0.5)
def http_1_is_pipelined_and_never_read(target):
    """Valid, unknown and refused requests on 100 connections each."""
    blobs = [http1(body=ONE_SPAN) * 500, http1("/nothing") * 500, http1(body=b"no protobuf") * 500,
             http1("/v1/traces", method="OPTIONS", Origin="http://x") * 500]
    return push(target, *[(lambda blob=blob: (target.connect("http"), h2.repeated(b"", blob)))
                          for blob in blobs * 100], reconnect=True)


@attack(refused_max=0.5)
def http_1_over_tls_is_never_read(target):
    return sends(target, b"", http1("/nothing") * 500, "tls_http", count=50, tls=True)


@attack(counts=("too_many_pings",), logs=True)
def pings_are_never_read(target):
    """Each ping requires an acknowledgement."""
    return sends(target, h2.opening(), h2.ping() * 5000)


@attack(counts=("frame_flood",), logs=True)
def settings_are_never_read(target):
    return sends(target, h2.opening(), h2.settings(INITIAL_WINDOW=1000) * 5000)


@attack()
def stream_errors_are_never_read(target):
    """Window updates of 0 on open streams: each requires a RST_STREAM."""
    first, short = h2.learned(TRACES)
    parts = [(h2.HEADERS, h2.END_HEADERS, short), (h2.WINDOW_UPDATE, 0, b"\0\0\0\0")]

    def feed():
        yield h2.opening() + h2.headers(1, first, end=False)
        for stream in itertools.count(3, 4000):
            yield h2.numbered(parts, stream, 2000)
    return push(target, lambda: (target.connect(), feed()), reconnect=True)


@attack()
def malformed_requests_are_never_read(target):
    """Requests without :path: the server resets each stream."""
    short = h2.POST + h2.HTTP + h2.field("te", "trailers")
    parts = [(h2.HEADERS, h2.END_HEADERS | h2.END_STREAM, short)]

    def feed():
        yield h2.opening()
        for stream in itertools.count(1, 4000):
            yield h2.numbered(parts, stream, 2000)
    return push(target, lambda: (target.connect(), feed()), reconnect=True)


@attack()
def leave_to_send_is_asked_and_never_read(target):
    """Expect: 100-continue over both versions of HTTP."""
    pipelined = http1(body=b"bad", Expect="100-continue") * 300
    over_1 = [lambda: (target.connect("http"), h2.repeated(b"", pipelined))] * 20
    over_2 = lambda: (target.connect("http"), h2.request_feed(  # noqa: E731
        "/v1/traces", b"bad", content_type="application/x-protobuf", expect="100-continue"))
    return push(target, over_2, *over_1, reconnect=True)


@attack(refused_max=0.5)
def answers_are_read_a_byte_at_a_time(target):
    """20 connections that read one byte in a tenth of a second through a small socket buffer."""
    feeds = [(target.connect("otlp", receive_buffer=4096), h2.request_feed("/nothing", blob=500)) for _ in range(20)]
    left = [b""] * len(feeds)
    for sock, _ in feeds:
        sock.setblocking(False)
    sent = 0
    while target.running():
        for i, (sock, source) in enumerate(feeds):
            try:
                left[i] = left[i] or next(source)
                count = sock.send(left[i])
                left[i], sent = left[i][count:], sent + count
                sock.recv(1)
            except BlockingIOError:
                pass
            except OSError:
                left[i] = b""
        time.sleep(0.02)
    return f"{sent} bytes sent"
