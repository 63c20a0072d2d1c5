"""Back ends that never end, never read, or send answers that become large. Each serves the connections of a
best-effort exporter, beside an honest back end that must receive its data as usual."""
import itertools
import time

import h2
from attack import backend
from payloads import gzipped

# Each batch is tried once, so that the next batch meets the back end at once.
ONCE = {"retry_on_failure": {"enabled": False}, "timeout": "20s"}
MANY = {**ONCE, "sending_queue": {"queue_size": 200, "num_consumers": 50, "batch": {"min_size": 1, "max_size": 10}}}
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def http1(**exporter):
    return backend(protocol="http", **{**ONCE, **exporter})


def grpc(**exporter):
    return backend(protocol="grpc", **{**ONCE, **exporter})


def read_request(sock):
    """Reads the bytes of the first request that have arrived; later bytes are not read."""
    return sock.recv(1 << 20)


def floods(sock, running, first, blob):
    """Sends `first` once, then `blob` for as long as the peer accepts it."""
    read_request(sock)
    sock.sendall(first)
    while running():
        sock.sendall(blob)


def waits(running):
    while running():
        time.sleep(0.05)


@http1()
def trailers_without_end(sock, running):
    floods(sock, running, CHUNKED + b"0\r\n", b"a: b\r\n" * 50_000)


@http1()
def a_trailer_that_never_ends(sock, running):
    floods(sock, running, CHUNKED + b"0\r\na: ", b"b" * 500_000)


@http1()
def chunk_extensions_without_end(sock, running):
    floods(sock, running, CHUNKED + b"5;", b"e=f;" * 100_000)


@http1()
def chunks_with_long_extensions(sock, running):
    floods(sock, running, CHUNKED, (b"1;" + b"e" * 4000 + b"\r\nx\r\n") * 100)


@http1()
def chunk_sizes_without_end(sock, running):
    floods(sock, running, CHUNKED, b"0" * 500_000)


@http1()
def informational_answers_without_end(sock, running):
    floods(sock, running, b"", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 10_000)


@http1()
def long_informational_answers(sock, running):
    floods(sock, running, b"", (b"HTTP/1.1 103 Early Hints\r\nLink: " + b"l" * 4000 + b"\r\n\r\n") * 100)


@http1()
def a_status_line_without_end(sock, running):
    floods(sock, running, b"HTTP/1.1 200 ", b"O" * 500_000)


@http1()
def fields_without_end(sock, running):
    floods(sock, running, OK, b"a: b\r\n" * 50_000)


@http1()
def a_body_without_end(sock, running):
    floods(sock, running, OK + b"Content-Length: 1000000000000\r\n\r\n", b"x" * 1_000_000)


@http1()
def a_body_up_to_the_end_of_the_connection(sock, running):
    floods(sock, running, OK + b"\r\n", b"x" * 1_000_000)


@http1()
def chunks_of_one_byte(sock, running):
    floods(sock, running, CHUNKED, b"1\r\nx\r\n" * 50_000)


@http1()
def answers_that_inflate(sock, running):
    """A gigabyte as gzip in an answer that requests a retry."""
    body = gzipped((b"\0", 1 << 26))
    head = b"HTTP/1.1 503 No\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
    while running():
        read_request(sock)
        sock.sendall(head + body)


@backend(protocol="http", **MANY)
def large_answers_that_stop_before_their_end(sock, running):
    """50 requests in flight, with 3.9 MB of an answer for each."""
    read_request(sock)
    sock.sendall(OK + b"Content-Length: 4000000\r\n\r\n" + b"x" * 3_990_000)
    waits(running)


@http1()
def answers_before_they_are_asked_for(sock, running):
    """Ten answers for each request."""
    sock.sendall((OK + b"Content-Length: 0\r\n\r\n") * 10)
    while running() and read_request(sock):
        sock.sendall((OK + b"Content-Length: 0\r\n\r\n") * 10)


@http1()
def answers_that_are_no_http(sock, running):
    floods(sock, running, b"", bytes(range(256)) * 2000)


@http1()
def waits_that_are_absurd(sock, running):
    for after in itertools.cycle([b"9" * 100, b"-1", b"Fri, 31 Dec 9999 23:59:59 GMT", b"x" * 3000]):
        if not running() or not read_request(sock):
            return
        sock.sendall(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\nRetry-After: " + after + b"\r\n\r\n")


@backend(protocol="http", **MANY)
def requests_are_never_read(sock, running):
    """The socket's buffers fill; the queue bounds the requests in flight."""
    waits(running)


@backend(protocol="http", **MANY)
def answers_come_a_byte_at_a_time(sock, running):
    read_request(sock)
    for byte in OK * 1000:
        if not running():
            return
        sock.sendall(bytes([byte]))
        time.sleep(0.1)


@http1()
def connections_end_at_once(sock, running):
    pass


# --- HTTP/2 ---

SETTINGS = h2.settings(MAX_STREAMS=1000)
STATUS_OK = b"\x88"  # :status 200, by its index
GRPC = STATUS_OK + h2.field("content-type", "application/grpc")
EARLY = h2.field(":status", "103") + h2.field("link", "l" * 100)


def meets(sock, settings=SETTINGS):
    """Exchanges settings and waits for the first call, which the client may send only after the settings."""
    sock.sendall(settings)
    seen = 0
    while seen < 300:
        received = sock.recv(1 << 20)
        if not received:
            raise OSError("gone")
        seen += len(received)


def h2_floods(sock, running, blob, first=b"", settings=SETTINGS):
    """Answers stream 1 with `first`, then floods with `blob`; does not read the client's frames meanwhile."""
    meets(sock, settings)
    sock.sendall(first)
    while running():
        sock.sendall(blob)


@grpc()
def pings_without_end(sock, running):
    h2_floods(sock, running, h2.ping() * 10_000)


@grpc()
def settings_without_end(sock, running):
    h2_floods(sock, running, h2.settings(INITIAL_WINDOW=1000) * 10_000)


@grpc()
def settings_that_change_all_windows(sock, running):
    h2_floods(sock, running, (h2.settings(INITIAL_WINDOW=0) + h2.settings(INITIAL_WINDOW=h2.WINDOW_MAX)) * 5_000)


@grpc()
def window_updates_without_end(sock, running):
    h2_floods(sock, running, h2.window_update(0, 1) * 10_000)


@grpc()
def unknown_frames_without_end(sock, running):
    h2_floods(sock, running, h2.frame(99, 0, 0, b"x" * 10) * 10_000)


@grpc()
def resets_of_streams_that_are_not(sock, running):
    h2_floods(sock, running, h2.reset(1) * 10_000)


@grpc()
def continuations_without_end(sock, running):
    h2_floods(sock, running, h2.frame(h2.CONTINUATION, 0, 1, h2.field("a", "b") * 100) * 100,
              h2.headers(1, GRPC, end=False, end_headers=False))


@grpc()
def informational_heads_without_end(sock, running):
    h2_floods(sock, running, h2.headers(1, EARLY, end=False) * 1000)


@grpc()
def data_without_end(sock, running):
    h2_floods(sock, running, h2.data(1, b"\0" * 16_000, end=False) * 50, h2.headers(1, GRPC, end=False))


@grpc()
def empty_data_without_end(sock, running):
    h2_floods(sock, running, h2.data(1, b"", end=False) * 20_000, h2.headers(1, GRPC, end=False))


@grpc()
def a_table_entry_named_again_and_again(sock, running):
    """12 kB that become 47 MB of fields, in informational headers, then in trailers."""
    bomb = EARLY + h2.NEWEST * 12_000
    h2_floods(sock, running, h2.headers(1, bomb, end=False) * 20,
              h2.headers(1, EARLY + h2.field("x-big", "b" * 3900, 0x40), end=False))


@grpc()
def trailers_full_of_table_entries(sock, running):
    meets(sock)
    sock.sendall(h2.headers(1, GRPC + h2.field("x-big", "b" * 3900, 0x40), end=False))
    for stream in range(1, 2001, 2):
        if not running():
            return
        trailers = h2.field("grpc-status", "0") + h2.NEWEST * 12_000
        sock.sendall((h2.headers(stream, GRPC, end=False) if stream > 1 else b"") + h2.headers(stream, trailers))
        read_request(sock)


@grpc()
def promises_without_end(sock, running):
    """PUSH_PROMISE, although the client has disabled push."""
    h2_floods(sock, running, h2.frame(h2.PUSH_PROMISE, 4, 1, b"\0\0\0\2" + h2.block("/x")) * 1000)


@grpc()
def goaways_without_end(sock, running):
    h2_floods(sock, running, h2.frame(h2.GOAWAY, 0, 0, b"\x7f\xff\xff\xff\0\0\0\0" + b"d" * 10_000) * 50)


@backend(protocol="grpc", **MANY)
def windows_that_never_open(sock, running):
    meets(sock, h2.settings(INITIAL_WINDOW=0))
    waits(running)


@backend(protocol="grpc", **MANY)
def large_messages_that_stop_before_their_end(sock, running):
    """Up to 3.9 MB of an answer on each of 20 streams of each worker, one frame each in turn to move the windows."""
    meets(sock)
    time.sleep(0.4)  # until that many calls are in flight
    streams = range(1, 40, 2)
    head = b"\0" + (4_000_000).to_bytes(4, "big")
    sock.sendall(b"".join(h2.headers(s, GRPC, end=False) + h2.data(s, head, end=False) for s in streams))
    for _ in range(240):
        if not running():
            return
        sock.sendall(b"".join(h2.data(s, b"x" * 16_000, end=False) for s in streams))
        time.sleep(0.005)
    waits(running)


@backend(protocol="grpc", **MANY)
def calls_are_never_read(sock, running):
    waits(running)


@grpc()
def long_words_of_refusal(sock, running):
    """A grpc-message of 8 kB with escapes that decode to more."""
    meets(sock)
    for stream in itertools.count(1, 2):
        if not running():
            return
        fields = GRPC + h2.field("grpc-status", "3") + h2.field("grpc-message", "%" * 8000)
        sock.sendall(h2.headers(stream, fields))
        read_request(sock)
