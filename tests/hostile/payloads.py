"""Bodies encoded by hand: protobuf, and small compressed bodies that become large."""
import struct
import zlib

# For unread answers and idle work: the largest decompressed body that admission accepts.
MOST = 63 << 20


def varint(value):
    out = bytearray()
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def sub(number, content):
    """Encodes a length-delimited field."""
    return varint(number << 3 | 2) + varint(len(content)) + content


SPAN = sub(1, b"\x11" * 16) + sub(2, b"\x22" * 8)
ONE_SPAN = sub(1, sub(2, sub(2, SPAN)))


def around(prefix_numbers, size):
    """The tags and lengths of nested messages, the innermost of which has `size` bytes."""
    out = b""
    for number in reversed(prefix_numbers):
        head = varint(number << 3 | 2) + varint(size)
        out, size = head + out, size + len(head)
    return out


# --- zstd (RFC 8878), without a compressor: raw blocks, RLE blocks, and one that repeats two bytes ---

ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
ZSTD_WINDOW = b"\x00\x68"  # a frame header: no checksum, no content size, a window of 8 MiB
BLOCK_MAX = 128 << 10


def zstd_block(kind, size, content, last=False):
    """kind 0: raw, 1: RLE (`content` is one byte, `size` its decoded length), 2: compressed."""
    return struct.pack("<I", size << 3 | kind << 1 | last)[:3] + content


def zstd_repeat(byte, size):
    """RLE blocks that decode to `size` times `byte`."""
    whole, rest = divmod(size, BLOCK_MAX)
    return zstd_block(1, BLOCK_MAX, byte) * whole + (zstd_block(1, rest, byte) if rest else b"")


def zstd_pair_block(pair):
    """14 bytes that decode to BLOCK_MAX: two literals, and one match of them at distance 2."""
    literals = bytes([len(pair) << 3]) + pair
    modes = b"\x01\x54" + bytes([2, 2, 52])  # one sequence; each of its three codes is given once
    match_extra = BLOCK_MAX - 2 - 65539
    bits = 1 << 18 | 1 << 16 | match_extra  # the end mark, offset value 4 + 1, length 65539 + extra
    content = literals + modes + bits.to_bytes(3, "little")
    return zstd_block(2, len(content), content)


def zstd_frame(*blocks):
    return ZSTD_MAGIC + ZSTD_WINDOW + b"".join(blocks) + zstd_block(0, 0, b"", last=True)


def zstd_pairs(numbers, pair, size):
    """A message of `size` bytes of `pair` inside others, as zstd: 9,000 times smaller."""
    size = size // BLOCK_MAX * BLOCK_MAX
    prefix = around(numbers, size)
    return zstd_frame(zstd_block(0, len(prefix), prefix), zstd_pair_block(pair) * (size // BLOCK_MAX))


def zstd_string(numbers, byte, size):
    """A message with one long string of one byte inside others, as zstd."""
    prefix = around(numbers, size)
    return zstd_frame(zstd_block(0, len(prefix), prefix), zstd_repeat(byte, size))


def gzipped(*pieces):
    """gzip of (bytes, repetitions) one after another, never in memory as a whole."""
    packer, out = zlib.compressobj(9, zlib.DEFLATED, 31), []
    for piece, times in pieces:
        block = piece * max(1, min(times, (1 << 20) // max(1, len(piece))))
        per_block = max(1, len(block) // max(1, len(piece)))
        for _ in range(times // per_block):
            out.append(packer.compress(block))
        out.append(packer.compress(piece * (times % per_block)))
    return b"".join(out) + packer.flush()


def http1(path="/v1/traces", body=b"", content_type="application/x-protobuf", method="POST", length=None, **more):
    """Encodes a request of HTTP/1.1."""
    lines = [f"{method} {path} HTTP/1.1", "Host: x", f"Content-Type: {content_type}"]
    if length != "none":
        lines.append(f"Content-Length: {len(body) if length is None else length}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in more.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body
