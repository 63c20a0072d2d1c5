"""Full queues and exhausted memory: senders are slowed, every loss is reported, the process lives."""
import base64
import gzip
import threading

from collector import Collector, wait_until
from messages import RetryInfo, detail, status_of, trace_request
from peers import GrpcPeer
from table import shows
from wire import H2Client, http_request

SENT = "otelcol_exporter_sent_spans"
QUEUE = "otelcol_exporter_queue_size"


def exporter(peer, **queue):
    return {"otlp": {"endpoint": f"127.0.0.1:{peer.port}", "tls": {"insecure": True}, "timeout": "60s",
                     "compression": "none", "sending_queue": {"num_consumers": 1, "batch": {"min_size": 1}, **queue}}}


def message(number):
    return trace_request(first=number, name=f"span-{number}.").SerializeToString()


def numbers_received(peer):
    """The numbers of all spans that the back end has received, in order."""
    numbers = []
    for received in list(peer.received):
        request = type(trace_request())()
        request.ParseFromString(gzip.decompress(received.body) if received.compressed else received.body)
        for resource in request.resource_spans:
            numbers += [int.from_bytes(s.trace_id, "big") for scope in resource.scope_spans for s in scope.spans]
    return numbers


class Gate:
    """A back end that answers nothing until open() is called."""

    def __init__(self):
        self.opened = threading.Event()
        self.peer = GrpcPeer(self.script)

    def script(self, received, number):
        self.opened.wait(60)
        return {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.opened.set()
        self.peer.close()


@shows(role="overload")
def blocked_senders_wait_in_line_and_are_served_when_there_is_room():
    with Gate() as gate, Collector(exporter(gate.peer, queue_size=2, on_full="block")) as collector:
        answers = []

        def send(number):
            answers.append(http_request(collector.http_port, "/v1/traces", message(number)).status)

        threads = [threading.Thread(target=send, args=(number,)) for number in range(1, 7)]
        for thread in threads:
            thread.start()
        wait_until(lambda: len(answers) == 2 and collector.metric(QUEUE) == 2, what="a full queue")
        # The queue has two requests; a waiting sender has no answer, and other workers' requests are read.
        assert collector.metric("otelcol_receiver_accepted_spans") == 2
        gate.opened.set()
        for thread in threads:
            thread.join(20)
        assert answers == [200] * 6
        wait_until(lambda: collector.metric(SENT) == 6, what="all six")
        assert sorted(numbers_received(gate.peer)) == list(range(1, 7))


@shows(role="overload")
def blocked_sender_waits_no_longer_than_its_deadline():
    with Gate() as gate, Collector(exporter(gate.peer, queue_size=1, block_on_overflow=True)) as collector:
        with H2Client(collector.grpc_port) as client:
            assert client.grpc("traces", message(1)).grpc_status == 0
            answer = client.grpc("traces", message(2), grpc_timeout="100m")
            assert answer.grpc_status in (4, 14), answer
        gate.opened.set()
        wait_until(lambda: collector.metric(SENT) == 1, what="the first")
        assert collector.stop() == 0
        assert numbers_received(gate.peer) == [1]  # the second was refused


@shows(role="overload")
def blocked_sender_without_a_deadline_waits_no_longer_than_the_block_timeout():
    queue = {"queue_size": 1, "on_full": "block", "block_timeout": "200ms"}
    with Gate() as gate, Collector(exporter(gate.peer, **queue)) as collector:
        assert http_request(collector.http_port, "/v1/traces", message(1)).status == 200
        answer = http_request(collector.http_port, "/v1/traces", message(2))
        assert answer.status == 503 and "Retry-After" in {name.title() for name in answer.headers}, answer


@shows(role="overload")
def drop_oldest_takes_the_new_and_counts_the_old():
    with Gate() as gate, Collector(exporter(gate.peer, queue_size=4, on_full="drop_oldest")) as collector:
        assert http_request(collector.http_port, "/v1/traces", message(1)).status == 200
        wait_until(lambda: gate.peer.count() == 1, what="the first in flight")
        for number in range(2, 11):
            assert http_request(collector.http_port, "/v1/traces", message(number)).status == 200
        dropped = collector.metric("millrace_ledger_items", state="dropped_drop_oldest")
        assert dropped == 6, dropped
        gate.opened.set()
        wait_until(lambda: collector.metric(SENT) == 4, what="what is left")
        assert collector.stop() == 0
        assert numbers_received(gate.peer)[0] == 1 and sorted(numbers_received(gate.peer)[1:]) == [8, 9, 10]
        assert collector.ledger()["drop_oldest"] == 6 and collector.ledger()["admitted"] == 10


@shows(2, 22, 26, 40, role="overload")
def memory_that_runs_out_refuses_and_nothing_else_stops():
    limiter = {"memory_limiter": {"check_interval": "1s", "limit_mib": 40, "spike_limit_mib": 8}}
    large = trace_request(spans=10, padding=100_000).SerializeToString()
    with Gate() as gate, Collector(exporter(gate.peer, queue_size=1000), processors=limiter) as collector:
        with H2Client(collector.grpc_port) as client:
            answers = [client.grpc("traces", large) for _ in range(80)]
            refused = [a for a in answers if a.grpc_status != 0]
            accepted = len(answers) - len(refused)
            assert 10 <= accepted <= 40 and len(refused) >= 40, (accepted, len(refused))
            assert all(a.grpc_status == 14 for a in refused), refused[0]
            delay = detail(status_of(base64.b64decode(refused[0].grpc_details + "==")), RetryInfo)
            assert 0 < delay.retry_delay.ToMilliseconds() <= 60_000
            over_http = http_request(collector.http_port, "/v1/traces", large)
            assert over_http.status == 503 and int(over_http.headers["retry-after"]) >= 1, over_http.status
            # Announced messages leave an eighth of the memory to reading: some bodies of unknown size still fit.
            packed = [http_request(collector.http_port, "/v1/traces", gzip.compress(large),
                                   headers={"Content-Encoding": "gzip"}).status for _ in range(10)]
            assert set(packed) <= {200, 503} and packed[-1] == 503, packed
            accepted += packed.count(200)
            client.connection.ping(b"12345678")
            client.flush()
            while not client.pings:
                client.pump()
        assert collector.metric("otelcol_process_memory_rss") < 100 << 20
        assert collector.metric("millrace_memory_refusals") >= 40
        # Ten spans a request. Those over HTTP may use a worker that has no average yet.
        limited = collector.metric("otelcol_processor_memory_limiter_refused_spans", processor="memory_limiter")
        over_http = 1 + packed.count(503)
        assert 10 * len(refused) + over_http <= limited <= 10 * (len(refused) + over_http), (limited, len(refused))
        assert collector.metric("otelcol_receiver_refused_spans") == limited
        gate.opened.set()
        wait_until(lambda: collector.metric(SENT) == 10 * accepted, what="all that was accepted")
        wait_until(lambda: http_request(collector.http_port, "/v1/traces", large).status == 200, what="room again")


@shows(role="overload")
def announced_bytes_that_never_come_do_not_shut_others_out():
    limiter = {"memory_limiter": {"check_interval": "1s", "limit_mib": 40, "spike_limit_mib": 8}}
    with Collector({"nop": None}, processors=limiter) as collector:
        with H2Client(collector.grpc_port) as liar:
            headers = [(":method", "POST"), (":scheme", "http"), (":path", "/opentelemetry.proto.collector.trace.v1."
                       "TraceService/Export"), (":authority", "x"), ("content-type", "application/grpc"),
                       ("te", "trailers")]
            for _ in range(20):  # 600 MiB announced, nothing sent
                stream = liar.start(headers)
                liar.send(stream, b"\0" + (30 << 20).to_bytes(4, "big"), end=False)
            with H2Client(collector.grpc_port) as client:
                assert client.grpc("traces", message(1)).grpc_status == 0
        assert collector.metric("otelcol_process_memory_rss") < 100 << 20


@shows(role="client")
def dead_back_end_is_probed_by_one_batch():
    """With the breaker open one of eight senders probes, and the first answer closes it."""
    alive = threading.Event()
    with GrpcPeer(lambda received, number: {} if alive.is_set() else {"status": 14, "message": "dead"}) as peer:
        retry = {"initial_interval": "200ms", "multiplier": 1, "randomization_factor": 0, "breaker_failures": 8}
        exporter = {"otlp": {"endpoint": f"127.0.0.1:{peer.port}", "tls": {"insecure": True},
                             "sending_queue": {"num_consumers": 8}, "retry_on_failure": retry}}
        with Collector(exporter) as collector:
            for number in range(1, 101):
                message = trace_request(first=number).SerializeToString()
                assert http_request(collector.http_port, "/v1/traces", message).status == 200
            wait_until(lambda: collector.metric("millrace_exporter_breaker_open", data_type="traces") == 1,
                       what="an open breaker")
            before = peer.count()
            wait_until(lambda: peer.count() >= before + 5, what="five probes")
            # Eight senders would have tried forty times meanwhile.
            assert peer.count() <= before + 8, peer.count() - before
            alive.set()
            wait_until(lambda: collector.metric("otelcol_exporter_sent_spans") == 100, what="everything at the back end")
            assert collector.metric("millrace_exporter_breaker_open") == 0
            assert collector.metric("millrace_exporter_breaker_opened", data_type="traces") >= 1
