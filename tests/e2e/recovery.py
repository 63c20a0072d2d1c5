"""The time until a recovered back end gets its first batch: one backoff, for any length of outage."""
import http.client
import os
import socket
import threading
import time

from harness import Sink, configuration, stop_and_read_ledger, wait_until
from processes import free_port

MAX_INTERVAL_S = 1.0
RANDOMIZATION = 0.5
# max_interval * (1 + randomization_factor) + 0.5 s for a busy machine to start a sink.
BOUND_S = MAX_INTERVAL_S * (1 + RANDOMIZATION) + 0.5
RETRY = {"initial_interval": "200ms", "max_interval": f"{MAX_INTERVAL_S:g}s", "max_elapsed_time": "0s",
         "randomization_factor": RANDOMIZATION}
# Longer than the channel's own backoff needs to exceed the bound.
OUTAGES_S = (3, 12)
SPAN = b"\x0a\x07\x12\x05\x12\x03\x2a\x01n"  # a request with one span that has a name


def collector_to(case, port, protocol, **more):
    exporter = {"retry_on_failure": RETRY, "compression": "none", "tls": {"insecure": True}, **more}
    exporter["endpoint"] = ("http://" if protocol == "http" else "") + f"127.0.0.1:{port}"
    config, _, port = configuration({f"otlp_{protocol}/away": exporter})
    return case.start(config), port


def export(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("POST", "/v1/traces", SPAN,
                       {"Content-Type": "application/x-protobuf"})
    assert connection.getresponse().status == 200
    connection.close()


def await_spans(sink, count):
    arrived = lambda: sum(map(len, sink.records())) // len(SPAN)
    wait_until(lambda: arrived() >= count, lambda: f"{arrived()} of {count} spans arrived")


def after_each_outage(protocol):
    def run(case):
        port = free_port()
        collector, intake = collector_to(case, port, protocol)
        for outage_s in OUTAGES_S:
            export(intake)
            time.sleep(outage_s)
            sink = Sink(case, port=port)
            begun = time.monotonic()
            await_spans(sink, 1)
            took = time.monotonic() - begun
            assert took <= BOUND_S, f"{took:.2f} s after an outage of {outage_s} s"
            sink.process.stop()
            os.remove(sink.path)
        assert stop_and_read_ledger(collector)["delivered"] == len(OUTAGES_S)
    return run


def what_swallows_the_first_packet(case):
    """Attempts hang while the queue of unaccepted connections is full. The system repeats a lost packet
    after growing delays, up to 8 s here; a new attempt must not wait for that."""
    port = free_port()
    full = socket.socket()
    full.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    full.bind(("127.0.0.1", port))
    full.listen(0)
    fillers = []
    for _ in range(4):
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex(("127.0.0.1", port))
        fillers.append(filler)
    collector, intake = collector_to(case, port, "grpc", timeout="2s")
    export(intake)
    time.sleep(13)
    full.close()
    for filler in fillers:
        filler.close()
    sink = Sink(case, port=port)
    begun = time.monotonic()
    await_spans(sink, 1)
    took = time.monotonic() - begun
    # A current attempt may hang until its time limit, or until its request has timed out.
    assert took <= BOUND_S + 2, f"{took:.2f} s"
    assert stop_and_read_ledger(collector)["delivered"] == 1


def what_goes_silent_is_left_for_another_connection(case):
    """A proxy that stops forwarding and closes nothing, like a firewall that lost its state."""
    sink = Sink(case)
    listener = socket.create_server(("127.0.0.1", 0))
    connections = []
    silent_count = 0  # the number of silent connections, from the first

    def pump(source, target, muted):
        try:
            while data := source.recv(65536):
                if not muted():
                    target.sendall(data)
        except OSError:
            pass

    def accept():
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            number = len(connections)
            server = socket.create_connection(("127.0.0.1", sink.port))
            connections.append((client, server))
            muted = lambda number=number: number < silent_count
            for pair in ((client, server), (server, client)):
                threading.Thread(target=pump, args=(*pair, muted), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    collector, intake = collector_to(case, listener.getsockname()[1], "grpc", timeout="2s")
    for count in range(1, 11):  # so that each worker has a connection
        export(intake)
        await_spans(sink, count)
        time.sleep(0.05)  # for the answer
    silent_count = len(connections)
    begun = time.monotonic()
    for _ in range(10):
        export(intake)
    await_spans(sink, 20)
    took = time.monotonic() - begun
    assert took <= 2 + BOUND_S, f"{took:.2f} s"
    assert stop_and_read_ledger(collector)["delivered"] == 20
    listener.close()
    for pair in connections:
        for end in pair:
            end.close()


def cases():
    for protocol in ("grpc", "http"):
        yield f"recovery within one back-off {protocol}", after_each_outage(protocol)
    yield "recovery where the first packet is swallowed", what_swallows_the_first_packet
    yield "recovery from a connection that went silent", what_goes_silent_is_left_for_another_connection
