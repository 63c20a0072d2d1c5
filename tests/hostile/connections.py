"""Connections that are many, half open, renewed, or full of frames that cost their sender nothing."""
import itertools
import selectors
import socket
import struct
import subprocess
import time

import h2
from attack import attack, hold, is_open, push
from payloads import ONE_SPAN, http1

TRACES = h2.EXPORT["traces"]
FEW = 0.1  # the share of honest requests that may be refused while connections are scarce


def client_hello():
    """The first bytes of a TLS client, produced by the library and read from its buffer."""
    import ssl
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        context.wrap_bio(incoming, outgoing).do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def opened(target, port, first=b"", **where):
    sock = target.connect(port, **where)
    if first:
        sock.sendall(first)
    return sock


@attack(seconds=2.5, counts=("evicted",), logs=True)
def tls_handshakes_that_stop_half_way(target):
    """5,000 clients that send a ClientHello, receive the answer, and send nothing more."""
    hello = client_hello()
    return hold(target, [lambda: opened(target, "tls", hello)] * 5000)


@attack(seconds=2.5, counts=("evicted",), logs=True)
def tls_hellos_that_stop_half_way(target):
    """3,000 clients that send the first 200 bytes of a ClientHello."""
    hello = client_hello()[:200]
    return hold(target, [lambda: opened(target, "tls", hello)] * 3000)


@attack()
def tls_handshakes_again_and_again(target):
    """Each handshake costs the server a signature; the client then closes the connection."""
    hello, done = client_hello(), 0
    while target.running():
        try:
            with opened(target, "tls", hello) as sock:
                sock.recv(100)
        except OSError:
            pass
        done += 1
    return f"{done} handshakes"


@attack(seconds=3)
def tls_handshakes_from_two_hundred_at_once(target):
    """The same by 200 connections side by side, each made anew as soon as it was answered."""
    hello, done = client_hello(), 0
    with selectors.DefaultSelector() as selector:
        def add():
            try:
                sock = opened(target, "tls", hello)
            except OSError:
                return
            sock.setblocking(False)
            selector.register(sock, selectors.EVENT_READ)
        while target.running():
            for _ in range(200 - len(selector.get_map())):
                add()
            for key, _ in selector.select(0.05):
                selector.unregister(key.fileobj)
                key.fileobj.close()
                done += 1
    return f"{done} handshakes"


@attack()
def tls_records_of_one_byte(target):
    """Each request is sent in a thousand records."""
    def send(sock):
        sock.setblocking(True)
        for byte in itertools.cycle(http1("/nothing")):
            if not target.running():
                return
            sock.send(bytes([byte]))
    try:
        send(target.connect("tls_http", tls=True))
    except OSError as error:
        return str(error)
    return ""


def tells_openssl(target, command, *options):
    """Repeats a command to a client of openssl: K requests new keys, R another handshake."""
    client = subprocess.Popen(["openssl", "s_client", "-connect", f"127.0.0.1:{target.ports['tls_http']}", *options],
                              stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    told = 0
    try:
        while target.running() and client.poll() is None:
            client.stdin.write(command)
            client.stdin.flush()
            told += 1
    except OSError:
        pass
    client.kill()
    client.wait()
    return told


@attack()
def tls_keys_are_renewed_again_and_again(target):
    """TLS 1.3: each update requires one of the server's."""
    return f"{tells_openssl(target, b'K' + bytes([10]))} commands"


@attack()
def tls_is_renegotiated_again_and_again(target):
    """TLS 1.2 renegotiation."""
    return f"{tells_openssl(target, b'R' + bytes([10]), '-tls1_2')} commands"


@attack(seconds=2, refused_max=FEW, counts=("evicted",), logs=True)
def three_thousand_connections_of_one_byte(target):
    """In clear text; they stay as long as the server permits."""
    return hold(target, [lambda: opened(target, "http", b"P")] * 3000)


@attack(seconds=2, refused_max=0.3)
def three_thousand_connections_from_an_honest_address(target):
    """The same from the honest senders' address, as behind a common gateway."""
    return hold(target, [lambda: opened(target, "http", b"P", source="127.0.0.1")] * 3000)


@attack(seconds=2, refused_max=FEW)
def three_thousand_silent_connections(target):
    return hold(target, [lambda: opened(target, "otlp")] * 3000)


@attack(seconds=2, refused_max=FEW, counts=("evicted",), logs=True)
def three_thousand_connections_that_send_the_preface(target):
    """And no request: each costs an HTTP/2 session."""
    return hold(target, [lambda: opened(target, "otlp", h2.opening())] * 3000)


@attack(seconds=2, refused_max=FEW)
def connections_to_the_pages(target):
    """To the pages of metrics and health, which share the budget with the senders."""
    return hold(target, [lambda: opened(target, "health", b"G"), lambda: opened(target, "metrics", b"G")] * 1500)


@attack()
def connections_that_are_reset_at_once(target):
    """SO_LINGER 0, with and without a first byte."""
    done, hard = 0, struct.pack("ii", 1, 0)
    while target.running():
        try:
            sock = opened(target, "otlp", b"P" if done % 2 else b"")
        except OSError:
            continue
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, hard)
        sock.close()
        done += 1
    return f"{done} connections"


@attack(counts=("reset_flood",), logs=True)
def requests_that_are_reset_at_once(target):
    """Rapid reset: HEADERS and RST_STREAM as fast as possible."""
    return push(target, *[lambda: (target.connect(), h2.request_feed(TRACES, reset_code=8))] * 4, reconnect=True, reads=65536)


@attack(refused_max=0.5)
def whole_requests_that_are_reset_at_once(target):
    """A message and then a reset: the request stays admitted."""
    message = h2.grpc_message(ONE_SPAN)
    return push(target, *[lambda: (target.connect(), h2.request_feed(TRACES, message, reset_code=8))] * 4, reconnect=True,
                reads=65536)


@attack(refused_max=FEW)
def streams_that_stay_open(target):
    """60 connections with 1,000 open requests each."""
    first = h2.opening() + h2.numbered([(h2.HEADERS, h2.END_HEADERS, h2.block(TRACES))], 1, 1000)
    return hold(target, [lambda: opened(target, "otlp", first)] * 60)


def floods(target, *blobs, first=None, port="otlp"):
    return push(target, *[(lambda blob=blob: (target.connect(port), h2.repeated(first or h2.opening(), blob)))
                          for blob in blobs], reconnect=True, reads=65536)


@attack(counts=("frame_flood", "too_many_pings"), logs=True)
def frames_that_cost_nothing(target):
    """PING, SETTINGS, PRIORITY, WINDOW_UPDATE, unknown frames, empty DATA; each answer is read."""
    head = h2.opening() + h2.headers(1, h2.block(TRACES), end=False)
    priority = h2.frame(h2.PRIORITY, 0, 3, b"\0\0\0\0\x10")
    blobs = [h2.ping(), h2.ping(h2.ACK), h2.settings(INITIAL_WINDOW=100), priority, h2.frame(99, 0, 0, b"x"),
             h2.data(1, b"", end=False), h2.frame(h2.SETTINGS, h2.ACK)]
    return floods(target, *[blob * 5000 for blob in blobs], first=head)


@attack()
def window_updates_without_end(target):
    """For the connection and for an open stream, one byte each."""
    head = h2.PREFACE + h2.settings() + h2.headers(1, h2.block(TRACES), end=False)
    return floods(target, h2.window_update(0, 1) * 20_000, h2.window_update(1, 1) * 20_000, first=head)


@attack()
def windows_are_changed_under_a_thousand_streams(target):
    """Each SETTINGS frame changes the window of all open streams."""
    head = h2.opening() + h2.numbered([(h2.HEADERS, h2.END_HEADERS, h2.block(TRACES))], 1, 1000)
    change = h2.settings(INITIAL_WINDOW=1000) + h2.settings(INITIAL_WINDOW=2000)
    return floods(target, change * 2000, change * 2000, first=head)


@attack()
def priorities_in_a_long_chain(target):
    """A thousand open streams, each depending on the one before, reordered repeatedly."""
    chain = b"".join(h2.frame(h2.PRIORITY, 0, s, struct.pack(">IB", s - 2, 16)) for s in range(3, 2001, 2))
    back = b"".join(h2.frame(h2.PRIORITY, 0, s - 2, struct.pack(">IB", 1 << 31 | s, 16)) for s in range(2001, 3, -2))
    head = h2.opening() + h2.numbered([(h2.HEADERS, h2.END_HEADERS, h2.block(TRACES))], 1, 1000)
    return floods(target, chain + back, chain + back, first=head)


@attack(counts=("not_http",), logs=True)
def what_is_no_http(target):
    """Noise, TLS on a clear-text port, half a preface, gRPC frames without HTTP, an HTTP/2 client on the pages."""
    firsts = [bytes(range(256)) * 100, client_hello(), b"PRI * HTTP/2.0\r\n\r\nXX" * 100, h2.grpc_message(ONE_SPAN) * 100,
              b"\0" * 1000, b"\r\n" * 100_000, b"PRI * HTTP/1.1\r\n\r\n" * 1000]
    return push(target, *[(lambda first=first: (target.connect("otlp"), h2.repeated(first, first)))
                          for first in firsts * 4], reconnect=True, reads=65536)


def bytes_taken_after_the_end(target, first):
    """The number of bytes that the server reads in 1.5 s from a connection that it has ended."""
    sock = opened(target, "otlp", first)
    sock.settimeout(0.2)
    blob, taken, begun = h2.data(1, b"x" * 16_384, end=False) * 60, 0, time.monotonic()
    seen = b""
    try:
        while b"\x07\x00\x00\x00\x00\x00" not in seen and time.monotonic() - begun < 1:
            seen += sock.recv(65536)
    except OSError:
        pass
    sock.setblocking(False)
    begun = time.monotonic()
    while time.monotonic() - begun < 1.5:
        try:
            taken += sock.send(blob)
        except BlockingIOError:
            time.sleep(0.001)
        except OSError:
            break
    return taken


@attack()
def goaway_is_ignored(target):
    """A protocol error, and then data as fast as possible: only the socket's buffers may accept it."""
    taken = bytes_taken_after_the_end(target, h2.opening() + h2.data(1, b"x"))
    assert taken < 16 << 20, f"{taken >> 20} MiB were read after GOAWAY"
    return f"{taken >> 10} KiB after GOAWAY"


@attack()
def http_1_goes_on_after_the_last_answer(target):
    """A malformed request ends the connection; the peer continues to send."""
    sock = opened(target, "http", b"GET / HTTP/9.9\r\n\r\n")
    sock.recv(4096)
    sock.setblocking(False)
    taken, begun = 0, time.monotonic()
    while time.monotonic() - begun < 1.5 and is_open(sock):
        try:
            taken += sock.send(b"x" * 1_000_000)
        except BlockingIOError:
            time.sleep(0.001)
        except OSError:
            break
    assert taken < 16 << 20, f"{taken >> 20} MiB were read after the last answer"
    return f"{taken >> 10} KiB"
