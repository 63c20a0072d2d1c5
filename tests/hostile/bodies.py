"""Bodies: small ones that become large, slow ones, and bodies that are announced and never sent."""
import itertools
import json
import socket
import time

import h2
from attack import attack, hold, push
from payloads import (BLOCK_MAX, MOST, ONE_SPAN, ZSTD_MAGIC, ZSTD_WINDOW, around, gzipped, http1, sub, varint, zstd_block,
                      zstd_frame, zstd_pairs, zstd_string)

TRACES = h2.EXPORT["traces"]
# Every second byte is a length of 0: fields 2 (spans, scope_spans, log_records, metrics) and 1 (resources).
EMPTY_2, EMPTY_1, EMPTY_9 = b"\x12\x00", b"\x0a\x00", b"\x4a\x00"
FOUR_MILLION = 8 << 20  # bytes


def posts(target, body, port="edited_http", path="/v1/traces", count=2, **more):
    """Opens connections that repeat one request and read the answers."""
    request = http1(path, body, **more)
    return push(target, *[lambda: (target.connect(port), h2.repeated(b"", request))] * count, reconnect=True, reads=65536)


@attack(seconds=2, refused_max=0.5)
def four_million_empty_spans_are_edited(target):
    """A zstd body of 1 kB becomes 8 MB of empty spans, and the edit gives each its attributes."""
    return posts(target, zstd_pairs([1, 2], EMPTY_2, FOUR_MILLION), Content_Encoding="zstd")


@attack(seconds=2, refused_max=0.5)
def thirty_million_empty_spans_are_edited(target):
    """The same with the largest body that admission accepts."""
    return posts(target, zstd_pairs([1, 2], EMPTY_2, 32 << 20), Content_Encoding="zstd")


@attack(seconds=2, refused_max=0.5)
def four_million_empty_resources_are_edited(target):
    """The resource processor gives each an attribute."""
    return posts(target, zstd_pairs([], EMPTY_1, FOUR_MILLION), Content_Encoding="zstd")


@attack(seconds=2, refused_max=0.5)
def four_million_empty_log_records_are_edited(target):
    return posts(target, zstd_pairs([1, 2], EMPTY_2, FOUR_MILLION), path="/v1/logs", Content_Encoding="zstd")


@attack(seconds=2, refused_max=0.5)
def four_million_empty_points_are_edited(target):
    """Points of a sum."""
    return posts(target, zstd_pairs([1, 2, 2, 7], EMPTY_1, FOUR_MILLION), path="/v1/metrics", Content_Encoding="zstd")


@attack(seconds=2, refused_max=0.5)
def four_million_empty_attributes_are_searched(target):
    """All in one span: each edit searches them for its key."""
    return posts(target, zstd_pairs([1, 2, 2], EMPTY_9, FOUR_MILLION), Content_Encoding="zstd")


@attack(seconds=2, refused_max=0.5)
def attributes_are_hashed_by_the_million(target):
    """Spans of 11 bytes with one attribute, which becomes a hash of 40 characters, and three more."""
    span = sub(2, sub(9, sub(1, b"k") + sub(2, b"\x18\x01")))
    count = FOUR_MILLION // len(span)
    prefix = around([1, 2], len(span) * count)
    return posts(target, gzipped((prefix, 1), (span, count)), Content_Encoding="gzip")


@attack(seconds=2, refused_max=0.5)
def empty_spans_over_grpc_are_edited(target):
    """Four connections with messages compressed by gzip."""
    size = FOUR_MILLION // 4
    message = h2.grpc_message(gzipped((around([1, 2], size), 1), (EMPTY_2, size // 2)), 1)
    source = lambda: h2.request_feed(TRACES, message, blob=1, grpc_encoding="gzip")  # noqa: E731
    return push(target, *[lambda: (target.connect("edited"), source())] * 4, reconnect=True, reads=65536)


@attack(refused_max=0.5)
def empty_records_are_walked(target):
    """The largest accepted bodies without an edit: millions of spans, resources, unknown fields."""
    bodies = [zstd_pairs([1, 2], EMPTY_2, 32 << 20), zstd_pairs([], EMPTY_1, 32 << 20),
              zstd_pairs([1], b"\x78\x01", 32 << 20), zstd_pairs([1, 2, 2], EMPTY_9, 32 << 20)]
    return push(target, *[(lambda body=body: (target.connect("http"), h2.repeated(
        b"", http1(body=body, Content_Encoding="zstd")))) for body in bodies], reconnect=True, reads=65536)


@attack(refused_max=0.5)
def one_string_of_sixty_megabytes(target):
    """2 kB of valid zstd on 20 connections."""
    return posts(target, zstd_string([1, 2, 2, 5], b"a", 60 << 20), "http", count=20, Content_Encoding="zstd")


@attack(refused_max=0.5, counts=("too_large", "memory"), logs=True)
def bodies_that_inflate_beyond_the_limit(target):
    """zstd and gzip that would become a gigabyte."""
    bodies = [("zstd", zstd_string([1, 2, 2, 5], b"a", 1 << 30)), ("gzip", gzipped((b"\0", 1 << 27)))]
    return push(target, *[(lambda one=one: (target.connect("http"), h2.repeated(
        b"", http1(body=one[1], Content_Encoding=one[0])))) for one in bodies * 4], reconnect=True, reads=65536)


@attack(refused_max=0.5)
def frames_of_zstd_that_hold_nothing(target):
    """Millions of empty frames, skippable frames and empty blocks; a window of gigabytes; a false size."""
    empty = ZSTD_MAGIC + ZSTD_WINDOW + zstd_block(0, 0, b"", last=True)
    skip = b"\x50\x2a\x4d\x18\0\0\0\0"
    wide = ZSTD_MAGIC + b"\x00\xf8" + zstd_block(1, 100, b"a", last=True)
    sized = ZSTD_MAGIC + b"\xe0" + (1 << 60).to_bytes(8, "little") + zstd_block(1, 100, b"a", last=True)
    bodies = [empty * 200_000, skip * 200_000, ZSTD_MAGIC + ZSTD_WINDOW + zstd_block(0, 0, b"") * 600_000, wide, sized]
    return push(target, *[(lambda body=body: (target.connect("http"), h2.repeated(
        b"", http1(body=body, Content_Encoding="zstd")))) for body in bodies], reconnect=True, reads=65536)


@attack(refused_max=0.5)
def members_of_gzip_that_hold_nothing(target):
    """100,000 empty members; one with a name of a megabyte."""
    named = b"\x1f\x8b\x08\x08\0\0\0\0\0\x03" + b"n" * (1 << 20)
    bodies = [gzipped((b"", 1)) * 100_000, named]
    return push(target, *[(lambda body=body: (target.connect("http"), h2.repeated(
        b"", http1(body=body, Content_Encoding="gzip")))) for body in bodies], reconnect=True, reads=65536)


JSON = "application/json"


def spans_json(spans):
    return b'{"resourceSpans":[{"scopeSpans":[{"spans":[' + spans + b"]}]}]}"


@attack(refused_max=0.5)
def json_of_millions_of_empty_objects(target):
    """2 kB of gzip become 3 bytes for each span."""
    body = gzipped((b'{"resourceSpans":[{"scopeSpans":[{"spans":[', 1), (b"{},", 5 << 20), (b"{}]}]}]}", 1))
    return posts(target, body, "http", content_type=JSON, Content_Encoding="gzip")


@attack(seconds=2, refused_max=0.5)
def json_of_empty_objects_is_edited(target):
    body = gzipped((b'{"resourceSpans":[{"scopeSpans":[{"spans":[', 1), (b"{},", 2 << 20), (b"{}]}]}]}", 1))
    return posts(target, body, content_type=JSON, Content_Encoding="gzip")


@attack(refused_max=0.5, counts=("bad_data",))
def json_that_is_wrong_in_every_way(target):
    """Deep nesting, trailing commas, long numbers, many escapes, unknown and repeated keys."""
    deep = b'{"resourceSpans":' + b"[" * 500_000
    value = b'{"resourceSpans":[{"resource":{"attributes":[{"key":"k","value":' + b'{"arrayValue":{"values":[' * 20_000
    bodies = [deep, b'{"a":' * 200_000, value, b'{"resourceSpans":[{},]}', spans_json(b'{"name":"' + b"\\u0041" * 500_000
                                                                                       + b'"}'),
              spans_json(b'{"startTimeUnixNano":' + b"9" * 1_000_000 + b"}"),
              b"{" + b'"unknown":{},' * 200_000 + b'"x":0}', b"{" + b'"resourceSpans":[],' * 200_000 + b'"x":0}',
              b"[" + b"1e308," * 500_000, b" " * 3_000_000, b'"' * 1_000_000, b"\xff\xfe" * 500_000]
    return push(target, *[(lambda body=body: (target.connect("http"), h2.repeated(
        b"", http1(body=body, content_type=JSON)))) for body in bodies], reconnect=True, reads=65536)


def nested(content, numbers, depth):
    for _ in range(depth):
        for number in numbers:
            content = sub(number, content)
    return content


@attack()
def protobuf_that_is_wrong_in_every_way(target):
    """Deep nesting of messages, values and groups; varints of ten bytes; lengths beyond the end; a resource in
    100,000 pieces."""
    bodies = [nested(b"", [1], 5000), sub(1, sub(1, sub(1, sub(2, nested(b"", [1, 5], 3000))))), b"\x7b" * 1_000_000,
              sub(1, b"\x7b" * 500_000 + b"\x7c" * 500_000), b"\x78" + b"\xff" * 1_000_000, sub(1, b"\x0a\x00" * 500_000),
              varint(10) + varint(1 << 62), sub(1, sub(1, sub(1, sub(1, b"k"))) * 100_000),
              json.dumps({"resourceSpans": [{}] * 1000}).encode()]
    return push(target, *[(lambda body=body: (target.connect("edited_http"), h2.repeated(b"", http1(body=body))))
                          for body in bodies], reconnect=True, reads=65536)


# --- bodies that never arrive ---

@attack(refused_max=0.1)
def bytes_are_announced_and_never_sent(target):
    """One connection of HTTP/2 announces 1,000 messages of 60 MB."""
    fields = h2.block(TRACES)
    parts = [(h2.HEADERS, h2.END_HEADERS, fields), (h2.DATA, 0, b"\0" + (60 << 20).to_bytes(4, "big"))]
    return hold(target, [lambda: opened(target, "otlp", h2.opening() + h2.numbered(parts, 1, 1000))])


@attack(refused_max=0.1)
def little_is_announced_by_many_and_never_sent(target):
    """The same within the limit of one connection: 500 connections of a megabyte each."""
    return hold(target, [lambda: opened(target, "http", http1(length=1 << 20) + b"x")] * 500)


def opened(target, port, first, tls=False):
    sock = target.connect(port, tls)
    sock.sendall(first)
    return sock


@attack(refused_max=0.1)
def bodies_come_a_byte_at_a_time(target):
    """500 connections over HTTP/1 with 100 kB each, and 100 of HTTP/2."""
    over_1 = [lambda: opened(target, "http", http1(length=100_000))] * 500
    over_2 = [lambda: opened(target, "otlp", h2.opening() + h2.headers(1, h2.block(TRACES), end=False)
                             + h2.data(1, b"\0\0\1\0\0", end=False))] * 100
    return hold(target, over_1 + over_2, b"x")


@attack(refused_max=0.5)
def streams_interleave_their_bodies(target):
    """1,000 streams of one connection whose messages arrive 100 bytes at a time: none is contiguous."""
    fields = h2.block(TRACES)
    first = h2.opening() + h2.numbered([(h2.HEADERS, h2.END_HEADERS, fields),
                                        (h2.DATA, 0, b"\0" + (100_000).to_bytes(4, "big"))], 1, 1000)
    piece = h2.numbered([(h2.DATA, 0, b"x" * 100)], 1, 1000)
    return push(target, *[lambda: (target.connect(), h2.repeated(first, piece))] * 4, reconnect=True, reads=65536)


@attack(refused_max=0.5)
def streams_of_unknown_length_stay_open(target):
    """OTLP/HTTP over HTTP/2 without Content-Length: each stream grows by 16 kB in turn."""
    fields = h2.block("/v1/traces", content_type="application/x-protobuf")
    first = h2.opening() + h2.numbered([(h2.HEADERS, h2.END_HEADERS, fields)], 1, 1000)
    piece = h2.numbered([(h2.DATA, 0, b"\x0a" * 16_000)], 1, 1000)
    return push(target, *[lambda: (target.connect("http"), h2.repeated(first, piece))] * 2, reconnect=True, reads=65536)


@attack()
def chunks_of_one_byte(target):
    """Each costs six bytes and a turn of the parser."""
    head = http1(length="none", Transfer_Encoding="chunked")
    return push(target, *[lambda: (target.connect("http"), h2.repeated(head, b"1\r\nx\r\n" * 50_000))] * 4, reconnect=True,
                reads=65536)


@attack()
def frames_of_one_byte(target):
    """DATA frames of one byte, and of one byte with 255 bytes of padding."""
    head = h2.opening() + h2.headers(1, h2.block(TRACES), end=False) + h2.data(1, b"\0\3\0\0\0", end=False)
    padded = h2.frame(h2.DATA, h2.PADDED, 1, b"\xff" + b"x" + b"\0" * 255)
    return push(target, *[(lambda blob=blob: (target.connect(), h2.repeated(head, blob)))
                          for blob in (h2.data(1, b"x", end=False) * 20_000, padded * 5_000) * 2], reconnect=True, reads=65536)


@attack()
def a_refused_body_is_sent_all_the_same(target):
    """To an unknown path over HTTP/1 and over HTTP/2, as fast as possible."""
    over_1 = lambda: (target.connect("http"), h2.repeated(http1("/nothing", length=63 << 20), b"x" * 1_000_000))  # noqa: E731
    head = h2.opening() + h2.headers(1, h2.block("/nothing"), end=False)
    over_2 = lambda: (target.connect(), h2.repeated(head, h2.data(1, b"x" * 16_384, end=False) * 60))  # noqa: E731
    return push(target, over_1, over_2, over_1, over_2, reconnect=True, reads=65536)


@attack()
def a_refused_body_with_connection_close(target):
    """The answer announces the end of the connection, which must come within 3 s."""
    begun = time.monotonic()
    sock = opened(target, "http", http1("/nothing", length=1000, Connection="close"))
    assert b"404" in sock.recv(4096)
    sock.settimeout(3)
    try:
        time.sleep(0.3)
        sock.sendall(b"x" * 1000)
        while sock.recv(4096):
            pass
    except socket.timeout:
        raise AssertionError("still open 3 s after Connection: close was answered") from None
    except OSError:
        pass
    return f"closed after {time.monotonic() - begun:.1f} s"


