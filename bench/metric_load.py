"""Load of the metrics' benchmark: a sender of known series over OTLP/HTTP, and targets that are scraped."""
import asyncio
import multiprocessing
import os
import socket
import struct
import time

from processes import free_port, wait_for_port

POINTS = 1000  # in a request
TIME_MARK = struct.pack("<Q", 0x1122334455667788)
ATTRIBUTES = {"http.request.method": "GET", "http.route": "/users/{id}", "http.response.status_code": "200",
              "network.protocol.version": "1.1"}
RESOURCE = {"service.name": "checkout", "service.instance.id": "pod-1", "host.name": "host-1"}


def varint(value):
    out = bytearray()
    while value > 0x7f:
        out.append(value & 0x7f | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number, content):
    return varint(number << 3 | 2) + varint(len(content)) + content


def attribute(number, key, value):
    return field(number, field(1, key.encode()) + field(2, field(1, value.encode())))


def requests_of(series_count):
    """Requests of cumulative sums with five attributes, one of which differs; the time is TIME_MARK."""
    begin = struct.pack("<BQ", 0x11, time.time_ns() - 10**9)
    head = b"".join(attribute(7, key, value) for key, value in ATTRIBUTES.items())
    marker = b"#######"
    point = field(1, head + attribute(7, "user.id", marker.decode()) + begin + b"\x19" + TIME_MARK
                  + struct.pack("<Bd", 0x21, 12345.5))
    before, _, after = point.partition(marker)
    resource = field(1, b"".join(attribute(1, key, value) for key, value in RESOURCE.items()))
    made = []
    for first in range(0, series_count, POINTS):
        points = b"".join(before + b"%07d" % number + after for number in range(first, first + POINTS))
        data = points + b"\x10\x02\x18\x01"  # cumulative, monotonic
        metric = field(1, b"http.server.requests") + field(3, b"{request}") + field(7, data)
        made.append(field(1, resource + field(2, field(1, field(1, b"bench")) + field(2, metric))))
    return made


class Connection:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""

    def send(self, body):
        self.socket.sendall(b"POST /v1/metrics HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\n"
                            b"Content-Length: %d\r\n\r\n" % len(body))
        self.socket.sendall(body)

    def status(self):
        while b"\r\n\r\n" not in self.received:
            more = self.socket.recv(65536)
            if not more:
                raise RuntimeError("the collector has closed the connection")
            self.received += more
        head, _, rest = self.received.partition(b"\r\n\r\n")
        length = 0
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        while len(rest) < length:
            rest += self.socket.recv(65536)
        self.received = rest[length:]
        return int(head.split(b" ", 2)[1])


class Sender:
    """Sends each request once per round with the time of the round, four in flight."""

    def __init__(self, port, requests):
        self.requests, self.connections = requests, [Connection(port) for _ in range(4)]

    def round(self):
        now = struct.pack("<Q", time.time_ns())
        waiting = {}
        for index, body in enumerate(self.requests):
            connection = self.connections[index % len(self.connections)]
            self.settle(waiting.pop(connection, None), connection)
            body = body.replace(TIME_MARK, now)
            connection.send(body)
            waiting[connection] = body
        for connection, body in waiting.items():
            self.settle(body, connection)

    @staticmethod
    def settle(body, connection):
        if body is None:
            return
        while (status := connection.status()) != 200:
            if status not in (429, 503):
                raise RuntimeError(f"the collector answered {status}")
            time.sleep(0.01)
            connection.send(body)


def latencies_while(port, body, holds, pause_s=0.005):
    """Milliseconds of each answer to one request after the other, as long as `holds()`."""
    connection, found = Connection(port), []
    while holds():
        stamped = body.replace(TIME_MARK, struct.pack("<Q", time.time_ns()))
        begun = time.monotonic()
        connection.send(stamped)
        connection.status()
        found.append((time.monotonic() - begun) * 1000)
        time.sleep(pause_s)
    return found


def page_of(series_count):
    lines = []
    for family in range(series_count // 10):
        lines.append(f"# HELP app_requests_{family}_total Requests.\n# TYPE app_requests_{family}_total counter\n")
        lines += [f'app_requests_{family}_total{{method="GET",code="200",handler="/api/v{number}"}} {family + number}.5\n'
                  for number in range(10)]
    return "".join(lines).encode()


def serve_page(port, page, processors):
    os.sched_setaffinity(0, processors)
    answer = (b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: %d\r\n\r\n"
              % len(page)) + page

    class Target(asyncio.Protocol):
        def connection_made(self, transport):
            self.transport, self.received = transport, b""

        def data_received(self, data):
            self.received += data
            while b"\r\n\r\n" in self.received:
                self.received = self.received.partition(b"\r\n\r\n")[2]
                self.transport.write(answer)

    async def serve():
        server = await asyncio.get_running_loop().create_server(Target, "0.0.0.0", port, backlog=2000)
        await server.serve_forever()
    asyncio.run(serve())


class Targets:
    """Each of `count` addresses of loopback is a target with the same page."""

    def __init__(self, count, series_count, processors):
        port = free_port()
        self.addresses = [f"127.0.{number // 250}.{number % 250 + 1}:{port}" for number in range(count)]
        self.process = multiprocessing.Process(target=serve_page, args=(port, page_of(series_count), processors),
                                               daemon=True)
        self.process.start()
        wait_for_port(port)

    def stop(self):
        self.process.kill()
        self.process.join()
