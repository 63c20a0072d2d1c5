#!/usr/bin/env python3
"""Numbered items through a real Kafka: a collector writes them to a topic, another reads them and sends them
on. No item that the first one acknowledged may be missing, whatever happens to the broker, the consumer group and
the collectors.

    tests/kafka/run.py [--millrace FILE] [--items N] [WORD …]     only the cases whose name has a WORD

Prints "skipped: …" where Java, Maven or the broker is missing, then "N passed, M failed"."""
import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import traceback

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "bench"))
from broker import BUILD, Broker, Missing  # noqa: E402
from processes import free_port, wait_for_port  # noqa: E402

SETTLE_S = 6  # without a new item, so that the end of a case is seen
LIMIT_S = 240


def python():
    """An interpreter with confluent-kafka, made once."""
    venv = os.path.join(BUILD, "venv")
    interpreter = os.path.join(venv, "bin", "python3")
    if not os.path.exists(os.path.join(venv, "complete")):
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        subprocess.run([interpreter, "-m", "pip", "install", "-q", "-r",
                        os.path.join(os.path.dirname(__file__), "requirements.txt")], check=True)
        open(os.path.join(venv, "complete"), "w").close()
    return interpreter


class Case:
    """The processes of one case, which end with it."""

    def __init__(self, millrace, broker, folder, items):
        self.millrace, self.broker, self.folder, self.items = millrace, broker, folder, items
        self.processes, self.names = [], 0

    def start(self, arguments):
        self.names += 1
        log = os.path.join(self.folder, f"{self.names}.log")
        with open(log, "wb") as out:
            process = subprocess.Popen(arguments, stdout=out, stderr=out)
        process.log = log
        self.processes.append(process)
        return process

    def collector(self, config):
        self.names += 1
        path = os.path.join(self.folder, f"{self.names}.yaml")
        with open(path, "w") as out:
            json.dump(config, out, indent=1)
        process = self.start([self.millrace, "--config", path])
        process.arguments = [self.millrace, "--config", path]
        return process

    def writer(self, topic, acknowledge="durable", port=None, exporter=None, queue=None):
        """otlp in, Kafka out; returns (process, port)."""
        port = port or free_port()
        process = self.collector({
            "receivers": {"otlp": {"protocols": {"grpc": {"endpoint": f"127.0.0.1:{port}",
                                                          "acknowledge": acknowledge}}}},
            "exporters": {"kafka": {"brokers": [self.broker.address],
                                    "traces": {"topic": topic},
                                    "retry_on_failure": {"initial_interval": "100ms",
                                                         "max_interval": "1s",
                                                         "max_elapsed_time": 0},
                                    "sending_queue": {"queue_size": 100000, **(queue or {})},
                                    **(exporter or {})}},
            "service": {"pipelines": {"traces": {"receivers": ["otlp"], "exporters": ["kafka"]}},
                        "telemetry": {"metrics": {"level": "none"}}}})
        wait_for_port(port, 30)
        return process, port

    def reader(self, topic, sink, receiver=None):
        """Kafka in, otlp out."""
        return self.collector({
            "receivers": {"kafka": {"brokers": [self.broker.address], "initial_offset": "earliest",
                                    "group_id": "g-" + topic, "session_timeout": "6s",
                                    "heartbeat_interval": "500ms",
                                    "traces": {"topics": [topic]}, **(receiver or {})}},
            "exporters": {"otlp_grpc": {"endpoint": f"127.0.0.1:{sink}", "compression": "none",
                                        "tls": {"insecure": True},
                                        "retry_on_failure": {"initial_interval": "50ms",
                                                             "max_interval": "500ms",
                                                             "max_elapsed_time": 0}}},
            "service": {"pipelines": {"traces": {"receivers": ["kafka"],
                                                 "exporters": ["otlp_grpc"]}},
                        "telemetry": {"metrics": {"level": "none"}}}})

    def sink(self):
        port = free_port()
        self.acknowledged = os.path.join(self.folder, "acknowledged")
        process = self.start([self.millrace, "sink", "--endpoint", f"127.0.0.1:{port}",
                              "--interval", "500ms", "--acknowledged", self.acknowledged,
                              "--summary", "json"])
        wait_for_port(port)
        return process, port

    def generate(self, port, total=None, rate=0, retries=200):
        return self.start([self.millrace, "generate", "--endpoint", f"127.0.0.1:{port}",
                           "--total", str(total or self.items), "--rate", str(rate),
                           "--items-per-request", "100", "--retries", str(retries),
                           "--timeout", "30s", "--acknowledged", self.acknowledged,
                           "--summary", "json"])

    def finish(self, generator, sink, duplicates_allowed):
        """Waits for the end of the generator and for the last items; returns the sink's summary."""
        assert generator.wait(LIMIT_S) in (0, 1), tail(generator.log)
        end = time.monotonic() + LIMIT_S
        last, since = None, time.monotonic()
        while time.monotonic() < end and time.monotonic() - since < SETTLE_S:
            seen = progress(sink.log)
            if seen != last:
                last, since = seen, time.monotonic()
            time.sleep(0.3)
        sink.send_signal(signal.SIGINT)
        code = sink.wait(60)
        summary = json.loads(tail(sink.log).splitlines()[-1])
        assert code == 0, f"acknowledged items are missing: {summary}"
        assert summary["acknowledged"] > 0, summary
        assert summary["lost"] == 0, summary
        assert duplicates_allowed or summary["duplicates"] == 0, summary
        return summary

    def stop(self):
        for process in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def tail(log, size=4000):
    with open(log, "rb") as text:
        return text.read().decode(errors="replace").strip()[-size:]


def progress(log):
    """The numbers of items that a sink printed last."""
    return re.findall(r"total (\d+)", tail(log, 1000).splitlines()[-1])


def await_progress(sink):
    end = time.monotonic() + 60
    while not progress(sink.log):
        assert time.monotonic() < end, "nothing arrives"
        time.sleep(0.2)


def ledger_of(process):
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0, tail(process.log)
    last = tail(process.log).splitlines()[-1]
    assert last.startswith("ledger: ") and "balance=ok" in last, last


# --- the cases; the name is the fact ---

def both_ways(case):
    sink, sink_port = case.sink()
    reader = case.reader("both", sink_port)
    writer, port = case.writer("both")
    began = time.monotonic()
    generator = case.generate(port)
    summary = case.finish(generator, sink, duplicates_allowed=False)
    print(f"   {summary['items']} items in {time.monotonic() - began - SETTLE_S:.0f} s")
    ledger_of(writer)
    ledger_of(reader)


def broker_restarted(case):
    sink, sink_port = case.sink()
    case.reader("restarted", sink_port)
    _, port = case.writer("restarted")
    generator = case.generate(port, rate=case.items / 20)
    await_progress(sink)
    time.sleep(2)
    case.broker.stop()
    time.sleep(5)
    case.broker.start()
    case.finish(generator, sink, duplicates_allowed=True)


def group_rebalanced(case):
    sink, sink_port = case.sink()
    first = case.reader("rebalanced", sink_port)
    _, port = case.writer("rebalanced")
    generator = case.generate(port, rate=case.items / 25)
    await_progress(sink)
    time.sleep(2)
    case.reader("rebalanced", sink_port)
    time.sleep(6)
    ledger_of(first)
    time.sleep(4)
    case.reader("rebalanced", sink_port)
    summary = case.finish(generator, sink, duplicates_allowed=True)
    print(f"   {summary['acknowledged']} acknowledged, {summary['duplicates']} came twice")


def collectors_killed(case):
    sink, sink_port = case.sink()
    reader = case.reader("killed", sink_port)
    writer, port = case.writer("killed", acknowledge="delivered")
    generator = case.generate(port, rate=case.items / 25)
    await_progress(sink)
    time.sleep(2.4)  # between two commits
    reader.kill()
    time.sleep(2)
    case.start(reader.arguments)
    time.sleep(4)
    writer.kill()
    time.sleep(1)
    case.start(writer.arguments)
    summary = case.finish(generator, sink, duplicates_allowed=True)
    print(f"   {summary['acknowledged']} acknowledged, {summary['duplicates']} came twice")


def limit_learned(case):
    """The topic takes less than configured: records are cut below its limit, none is refused."""
    subprocess.run([python(), "-c", """
import sys
from confluent_kafka.admin import AdminClient, NewTopic
admin = AdminClient({"bootstrap.servers": sys.argv[1]})
topic = NewTopic("small", 2, 1, config={"max.message.bytes": "20000"})
admin.create_topics([topic])["small"].result(30)
""", case.broker.address], check=True, timeout=60)
    sink, sink_port = case.sink()
    case.reader("small", sink_port)
    writer, port = case.writer("small", exporter={"producer": {"max_message_bytes": 5000000}})
    generator = case.generate(port)
    case.finish(generator, sink, duplicates_allowed=False)
    assert "kafka records are made smaller" in tail(writer.log, 100000), tail(writer.log)


def compressed(compression):
    def run(case):
        topic = "compressed-" + compression
        sink, sink_port = case.sink()
        case.reader(topic, sink_port)
        _, port = case.writer(topic, exporter={
            "producer": {"compression": compression, "required_acks": "all"}})
        case.finish(case.generate(port, total=case.items // 10), sink, duplicates_allowed=False)
    return run


def sasl(case):
    topic = "sasl"
    sink, sink_port = case.sink()
    login = {"sasl": {"mechanism": "PLAIN", "username": "writer", "password": "secret"}}
    case.reader(topic, sink_port, {"brokers": [case.broker.sasl_address], "auth": login})
    _, port = case.writer(topic, exporter={"brokers": [case.broker.sasl_address], "auth": login})
    case.finish(case.generate(port, total=case.items // 10), sink, duplicates_allowed=False)


def read_by_another_client(case):
    """confluent-kafka finds every request as a message that ends with OTLP's bytes, and the keys' headers."""
    sink, _ = case.sink()
    writer, port = case.writer("foreign", exporter={"record_headers": {"Origin": "millrace"},
                                                    "signal_header": True})
    generator = case.generate(port, total=10000)
    assert generator.wait(60) == 0, tail(generator.log)
    ledger_of(writer)
    found = subprocess.run([python(), "-c", """
import re, sys
from confluent_kafka import Consumer
consumer = Consumer({"bootstrap.servers": sys.argv[1], "group.id": "foreign",
                     "auto.offset.reset": "earliest"})
consumer.subscribe(["foreign"])
spans, empty = 0, 0
while empty < 20:
    message = consumer.poll(0.5)
    if message is None or message.error():
        empty += 1
        continue
    headers = dict(message.headers())
    assert headers == {"Origin": b"millrace", "otelcol.signal": b"traces"}, headers
    # Each span of the generator begins with its ids: fields 1 (16 bytes) and 2 (8 bytes).
    spans += len(re.findall(rb"\\x0a\\x10.{16}\\x12\\x08", message.value(), re.S))
consumer.close()
print(spans)
""", case.broker.address], capture_output=True, text=True, timeout=120)
    assert found.stdout.strip() == "10000", found.stdout + found.stderr


def poison(case):
    """Messages of another program that are no OTLP go to the dead letters, and the next ones follow."""
    sink, sink_port = case.sink()
    letters = os.path.join(case.folder, "letters.jsonl")
    subprocess.run([python(), "-c", """
import sys
from confluent_kafka import Producer
producer = Producer({"bootstrap.servers": sys.argv[1], "message.max.bytes": 5000000})
for message in (b"no OTLP", b"{}", b"\\x0a\\xff\\xff\\xff\\xff\\x0f", b"", b"\\xff" * 900000):
    producer.produce("poison", message, headers={"X-A": "1"}, partition=0)
producer.flush(30)
""", case.broker.address], check=True, timeout=60)
    case.reader("poison", sink_port, {"dead_letter": {"path": letters}})
    _, port = case.writer("poison")
    case.finish(case.generate(port, total=10000), sink, duplicates_allowed=False)
    with open(letters) as lines:
        kept = [json.loads(line) for line in lines]
    assert len(kept) == 4, kept
    assert all(letter["destination"] == "kafka" for letter in kept), kept


CASES = {
    "every item arrives once, both ways": both_ways,
    "a broker that is restarted loses nothing": broker_restarted,
    "a group that is rebalanced loses nothing": group_rebalanced,
    "collectors that are killed lose nothing": collectors_killed,
    "a topic's smaller limit is learned": limit_learned,
    **{f"{name} and acks from all replicas": compressed(name)
       for name in ("gzip", "snappy", "lz4", "zstd")},
    "SASL": sasl,
    "another client reads every span": read_by_another_client,
    "poison goes to the dead letters": poison,
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--millrace", default=os.path.join(ROOT, "build/release/millrace"))
    parser.add_argument("--items", type=int, default=100000)
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()
    chosen = {name: run for name, run in CASES.items()
              if not options.words or any(word in name for word in options.words)}
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        try:
            broker = Broker(folder, free_port(), free_port(), free_port())
            broker.start()
        except Missing as missing:
            print(f"skipped: Kafka: {missing}")
            print("0 passed, 0 failed")
            return 0
        try:
            for number, (name, run) in enumerate(chosen.items()):
                own = os.path.join(folder, str(number))
                os.makedirs(own)
                case = Case(options.millrace, broker, own, options.items)
                began = time.monotonic()
                try:
                    run(case)
                    passed += 1
                    print(f"ok   {name} ({time.monotonic() - began:.0f} s)", flush=True)
                except Exception:  # the next case still runs
                    failed += 1
                    print(f"FAIL {name}", flush=True)
                    traceback.print_exc(file=sys.stdout)
                    for process in case.processes:
                        print(f"--- {process.args[:2]}\n{tail(process.log, 1500)}")
                finally:
                    case.stop()
        finally:
            broker.stop()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
