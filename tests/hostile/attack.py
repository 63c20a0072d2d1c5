"""An attack and the functions that it may use. It runs in a process of its own beside the honest senders.

    @attack(counts=("flood",), logs=True)
    def pings_are_never_read(target): ...        the name and the docstring describe it

An attack returns when the time is over (target.running()) or when it has nothing more to try. Its
result is printed; an AssertionError makes it fail."""
import selectors
import socket
import ssl
import time
from dataclasses import dataclass, field


@dataclass
class Attack:
    name: str
    family: str
    play: object
    what: str             # its docstring
    seconds: float
    config: str           # a name of rig.CONFIGS
    counts: tuple         # one of these reasons must have counted a refusal
    logs: bool            # and the log has a line with it and the peer's address
    refused_max: float    # share of the honest senders' requests that may be refused
    serves: object        # for back ends: runs in a process of its own, given a listening socket
    is_check: bool        # starts its own collector and asserts
    turns_are_short: bool = False  # no turn of a loop takes long (run.TURN_SECONDS)


ATTACKS = []


def attack(seconds=1.2, config="server", counts=(), logs=False, refused_max=0.02, is_check=False,
           turns_are_short=False):
    def note(play):
        ATTACKS.append(Attack(play.__name__, play.__module__, play, (play.__doc__ or "").strip(), seconds, config,
                              counts, logs, refused_max, None, is_check, turns_are_short))
        return play
    return note


def check(play):
    """A case that starts its own collector: play(millrace, folder)."""
    return attack(is_check=True)(play)


def backend(seconds=1.2, protocol="grpc", refused_max=0.02, **exporter):
    """play(connection, running) serves one connection of the exporter in a thread of a separate process."""
    def note(play):
        ATTACKS.append(Attack(play.__name__, play.__module__, None, (play.__doc__ or "").strip(), seconds,
                              "backend", (), False, refused_max, (play, protocol, exporter), False))
        return play
    return note


@dataclass
class Target:
    """The collector's ports and the time limit of the attack."""
    ports: dict = field(default_factory=dict)
    until: float = 0.0

    def running(self):
        return time.monotonic() < self.until

    def connect(self, port="otlp", tls=False, receive_buffer=None, source="127.0.0.2"):
        """Connects from another address than the honest senders', unless `source` is theirs."""
        sock = socket.socket()
        sock.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT: connect() chooses it
        sock.bind((source, 0))
        if receive_buffer is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.settimeout(3)
        sock.connect(("127.0.0.1", self.ports[port]))
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.set_alpn_protocols(["h2"] if tls == "h2" else ["http/1.1"])
            sock = context.wrap_socket(sock)
        return sock


@dataclass
class Pushed:
    bytes: int = 0
    ended: int = 0         # connections that the peer has closed
    first_end: float = 0.0  # seconds until the first of them was closed


def push(target, *makers, reconnect=False, reads=0):
    """Each maker returns (socket, iterator of bytes). Sends the bytes as fast as the peer accepts them and reads
    nothing (or `reads` bytes at a time, as they arrive). `reconnect` replaces connections that ended."""
    begun, pushed = time.monotonic(), Pushed()
    with selectors.DefaultSelector() as selector:
        for make in makers:
            add(selector, make, reads)
        while target.running() and selector.get_map():
            for key, ready in selector.select(0.1):
                if key.data.step(key.fileobj, ready, reads, pushed):
                    continue
                selector.unregister(key.fileobj)
                key.fileobj.close()
                pushed.ended += 1
                pushed.first_end = pushed.first_end or time.monotonic() - begun
                if reconnect and target.running():
                    time.sleep(0.002)
                    add(selector, key.data.make, reads)
    return pushed


def add(selector, make, reads):
    try:
        sock, source = make()
    except OSError:
        return
    sock.setblocking(False)
    selector.register(sock, selectors.EVENT_WRITE | (selectors.EVENT_READ if reads else 0), Feed(make, iter(source)))


class Feed:
    def __init__(self, make, source):
        self.make, self.source, self.left = make, source, memoryview(b"")

    def step(self, sock, ready, reads, pushed):
        """Returns False when the connection has ended."""
        try:
            if ready & selectors.EVENT_WRITE:
                if not self.left:
                    self.left = memoryview(next(self.source, b""))
                    if not self.left:
                        time.sleep(0.001)
                        return True
                count = sock.send(self.left[:1 << 20])
                self.left = self.left[count:]
                pushed.bytes += count
            if reads and ready & selectors.EVENT_READ and not sock.recv(reads):
                return False
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return True
        except OSError:
            return False
        return True


def hold(target, makers, poke=None, pause=0.2):
    """Opens all connections and keeps them; sends `poke` on each from time to time. Returns how many were accepted
    and how many were still open at the end."""
    held = []
    for make in makers:
        if not target.running():
            break
        try:
            held.append(make())
        except OSError:
            pass
    while target.running():
        time.sleep(pause)
        if poke is not None:
            for sock in held:
                try:
                    sock.send(poke)
                except OSError:
                    pass
    opened = len(held)
    for sock in held:
        sock.setblocking(False)
    alive = sum(1 for sock in held if is_open(sock))
    for sock in held:
        sock.close()
    return f"{opened} opened, {alive} open at the end"


def is_open(sock):
    try:
        return sock.recv(1) != b""
    except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return True
    except OSError:
        return False
