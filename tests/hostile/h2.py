"""HTTP/2 frames and HPACK blocks encoded by hand (RFC 9113, RFC 7541), so that they can be invalid.

Everything returns bytes. Large floods are made once, as one blob of many frames, and sent whole:
`requests()` and `frames()` number the streams."""
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED = 1, 1, 4, 8
HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_STREAMS, INITIAL_WINDOW, MAX_FRAME, MAX_HEADER_LIST = range(1, 7)
FRAME_MAX = 16384
WINDOW_MAX = (1 << 31) - 1

EXPORT = {"traces": "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
          "metrics": "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
          "logs": "/opentelemetry.proto.collector.logs.v1.LogsService/Export"}


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack(">HBBBI", len(payload) >> 8, len(payload) & 255, kind, flags, stream) + payload


def settings(**values):
    names = globals()
    return frame(SETTINGS, payload=b"".join(struct.pack(">HI", names[name], value)
                                            for name, value in values.items()))


def window_update(stream, bytes_more):
    return frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", bytes_more))


def reset(stream, code=8):
    return frame(RST_STREAM, 0, stream, struct.pack(">I", code))


def ping(ack=0):
    return frame(PING, ack, 0, b"12345678")


def opening(window=WINDOW_MAX, **more):
    """The first bytes of a client. With a large window only the socket delays the answers. The server's
    settings are not acknowledged, so its limit on streams does not apply yet: streams beyond it are reset."""
    return PREFACE + settings(INITIAL_WINDOW=window, **more) + window_update(0, WINDOW_MAX - 65535)


# --- HPACK ---

def integer(value, bits, first=0):
    """An integer with a prefix of `bits` bits (RFC 7541, section 5.1)."""
    most = (1 << bits) - 1
    if value < most:
        return bytes([first | value])
    out, value = bytearray([first | most]), value - most
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def text(value):
    value = value if isinstance(value, bytes) else value.encode()
    return integer(len(value), 7) + value


def field(name, value, indexing=0):
    """Not added to the table; with indexing=0x40 it is added as index 62 (older entries move up)."""
    return bytes([indexing]) + text(name) + text(value)


def indexed(index):
    return integer(index, 7, 0x80)


def table_size(size):
    return integer(size, 5, 0x20)


# Indices of the static table.
GET, POST, HTTP, HTTPS = indexed(2), indexed(3), indexed(6), indexed(7)
NEWEST = indexed(62)


def block(path, method="POST", content_type="application/grpc", indexing=0, **more):
    """The fields of a request, all literal."""
    fields = [(":method", method), (":scheme", "http"), (":path", path), (":authority", "x")]
    if content_type:
        fields += [("content-type", content_type), ("te", "trailers")]
    fields += [(name.replace("_", "-"), value) for name, value in more.items()]
    return b"".join(field(name, value, indexing) for name, value in fields)


def learned(path, **more):
    """Returns (a block that fills the table, the short block that repeats the same request)."""
    first = block(path, indexing=0x40, **more)
    count = 6 if more.get("content_type", "x") else 4
    count += len([name for name in more if name not in ("method", "content_type")])
    return first, b"".join(indexed(62 + i) for i in reversed(range(count)))


def headers(stream, fields, end=True, end_headers=True):
    return frame(HEADERS, (END_STREAM if end else 0) | (END_HEADERS if end_headers else 0), stream, fields)


def data(stream, payload, end=True):
    return frame(DATA, END_STREAM if end else 0, stream, payload)


def body(stream, payload):
    """DATA frames for a body of any length."""
    pieces = [payload[at:at + FRAME_MAX] for at in range(0, len(payload), FRAME_MAX)] or [b""]
    return b"".join(data(stream, piece, piece is pieces[-1]) for piece in pieces)


def grpc_message(message, compressed=0):
    return struct.pack(">BI", compressed, len(message)) + message


# --- floods ---

def numbered(parts, first, count):
    """Repeats the frames `parts`, [(kind, flags, payload)], `count` times on the streams first, first + 2, …"""
    heads = [(struct.pack(">HBBB", len(p) >> 8, len(p) & 255, kind, flags), p) for kind, flags, p in parts]
    out = []
    for stream in range(first, first + 2 * count, 2):
        number = stream.to_bytes(4, "big")
        for head, payload in heads:
            out.append(head + number + payload)
    return b"".join(out)


def request_feed(path, body=None, window=WINDOW_MAX, reset_code=None, blob=2000, more_settings=None, **more):
    """The bytes of a connection that repeats one request: an iterator of blobs."""
    first, short = learned(path, **more)
    last = END_STREAM if body is None else 0
    parts = [(HEADERS, last | END_HEADERS, short)]
    if body is not None:
        parts.append((DATA, END_STREAM, body))
    if reset_code is not None:
        parts.append((RST_STREAM, 0, struct.pack(">I", reset_code)))
    yield (opening(window, **(more_settings or {})) + frame(HEADERS, last | END_HEADERS, 1, first)
           + (data(1, body) if body is not None else b""))
    stream = 3
    while stream < WINDOW_MAX - 2 * blob:
        yield numbered(parts, stream, blob)
        stream += 2 * blob


def repeated(first, blob):
    """Yields `first` once, then the same blob forever."""
    yield first
    while True:
        yield blob
