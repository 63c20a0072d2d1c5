"""What arrives, whatever happens to the broker, the group and the collectors."""
import json
import os
import subprocess
import time

from case import SETTLE_S, await_progress, await_true, health, ledger_of, python, tail

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


def shown_while_it_runs(case):
    """The health page names the brokers, and the partitions with what is behind their last message."""
    sink, sink_port = case.sink()
    writer, port = case.writer("shown", health=True)
    reader = case.reader("shown", sink_port, health=True)
    case.finish(case.generate(port, total=10000), sink, duplicates_allowed=False)

    def shows(process, wanted):
        return lambda: wanted(health(process)["components"])

    def connected(states, kind):
        """The clients of the broker, one for each worker; None: it is not known."""
        return next((state["connected"] for state in states
                     if state.get("broker") == case.broker.address and state["kind"] == kind), None)

    for process, kind in ((writer, "exporter"), (reader, "receiver")):
        await_true(shows(process, lambda states, kind=kind: connected(states, kind)),
                   lambda process=process: health(process), 30)
    partitions = await_true(shows(reader, lambda states: [
        state for state in states if state.get("topic") == "shown" and state["current_offset"] > 0]),
        lambda: health(reader), 30)
    assert all(state["offset_lag"] == 0 for state in partitions), partitions
    case.broker.stop()
    await_true(shows(writer, lambda states: connected(states, "exporter") == 0),
               lambda: health(writer), 60)
    case.broker.start()


CASES = {
    "every item arrives once, both ways": both_ways,
    "a broker that is restarted loses nothing": broker_restarted,
    "a group that is rebalanced loses nothing": group_rebalanced,
    "collectors that are killed lose nothing": collectors_killed,
    "a topic's smaller limit is learned": limit_learned,
    **{f"{name} and acks from all replicas": compressed(name)
       for name in ("gzip", "snappy", "lz4", "zstd")},
    "another client reads every span": read_by_another_client,
    "poison goes to the dead letters": poison,
    "brokers, partitions and lag are shown": shown_while_it_runs,
}
