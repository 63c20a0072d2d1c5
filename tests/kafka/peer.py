"""Beside the kafka exporter and receiver of otelcol-contrib: each reads what the other wrote, and one key goes to
one partition whichever of them writes it."""
import collections
import json
import os
import shutil
import subprocess

from broker import BUILD, HERE, Missing
from case import ledger_of, python, tail

PARTITIONS = 7
# A line for each message: partition, key in hex ("none" without one).
READ_KEYS = """
import sys
from confluent_kafka import Consumer
consumer = Consumer({"bootstrap.servers": sys.argv[1], "group.id": "keys", "auto.offset.reset": "earliest"})
consumer.subscribe([sys.argv[2]])
empty = 0
while empty < 8:
    message = consumer.poll(1)
    if message is None or message.error():
        empty += 1
        continue
    empty = 0
    print(message.partition(), "none" if message.key() is None else message.key().hex())
consumer.close()
"""
MAKE_TOPIC = """
import sys
from confluent_kafka.admin import AdminClient, NewTopic
admin = AdminClient({"bootstrap.servers": sys.argv[1]})
admin.create_topics([NewTopic(sys.argv[2], int(sys.argv[3]), 1)])[sys.argv[2]].result(30)
"""


def otelcol():
    """The program that tests/kafka/otelcol.sh builds: minutes, the first time."""
    program = os.path.join(BUILD, "otelcol-kafka")
    if os.path.exists(program):
        return program
    if shutil.which("go") is None:
        raise Missing("go is not installed")
    done = subprocess.run([os.path.join(HERE, "otelcol.sh")], capture_output=True, text=True, timeout=3000)
    if done.returncode != 0:
        raise Missing("its modules cannot be had: " + done.stderr.strip()[-300:])
    return program


def exchange(signals, encoding, by_otelcol):
    """One of the two writes, the other reads."""
    def run(case):
        other = otelcol()
        writes, reads = (other, None) if by_otelcol else (None, other)
        topic = f"{signals}-{encoding}-{'of' if by_otelcol else 'to'}-otelcol"
        sink, sink_port = case.sink()
        case.reader(topic, sink_port, signals=signals, encoding=encoding, program=reads)
        _, port = case.writer(topic, signals=signals, encoding=encoding, program=writes)
        total = case.items // 10
        summary = case.finish(case.generate(port, total=total, signals=signals), sink, duplicates_allowed=False)
        assert summary["items"] == summary["acknowledged"] >= total, summary
    return run


def keys_of(case, topic, signals, exporter, program):
    subprocess.run([python(), "-c", MAKE_TOPIC, case.broker.address, topic, str(PARTITIONS)], check=True,
                   timeout=60)
    writer, port = case.writer(topic, signals=signals, exporter=exporter, program=program)
    generator = case.start([case.millrace, "generate", "--endpoint", f"127.0.0.1:{port}", "--total", "2000",
                            "--items-per-request", "100", "--signal", signals, "--seed", "7", "--retries", "100",
                            "--summary", "json"])
    assert generator.wait(120) == 0, tail(generator.log)
    assert json.loads(tail(generator.log).splitlines()[-1])["ok"] == 2000, tail(generator.log)
    if program is None:
        ledger_of(writer)
    else:
        writer.terminate()
        assert writer.wait(60) == 0, tail(writer.log)
    found = subprocess.run([python(), "-c", READ_KEYS, case.broker.address, topic], capture_output=True, text=True,
                           timeout=120, check=True)
    places = collections.defaultdict(set)
    for line in found.stdout.splitlines():
        partition, key = line.split()
        places[key].add(partition)
    return places


def same_partitions(signals, exporter):
    """The same data by both: the same keys, each on one partition, which is the same."""
    def run(case):
        name = f"keys-{signals}-{case.folder.rsplit('/', 1)[1]}"
        ours = keys_of(case, name + "-ours", signals, exporter, None)
        theirs = keys_of(case, name + "-theirs", signals, exporter, otelcol())
        ours.pop("none", None)  # what has no key goes anywhere
        theirs.pop("none", None)
        assert ours and ours == theirs, (len(ours), len(theirs), list(ours.items())[:3], list(theirs.items())[:3])
        assert all(len(partitions) == 1 for partitions in ours.values()), ours
        print(f"   {len(ours)} keys on {len(set.union(*ours.values()))} partitions")
    return run


MURMUR = {"record_partitioner": {"sticky_key": {"hasher": "murmur2"}}}
CASES = {
    **{f"otelcol reads our {signals} as {encoding}": exchange(signals, encoding, by_otelcol=False)
       for signals in ("traces", "logs") for encoding in ("otlp_proto", "otlp_json")},
    **{f"otelcol writes {signals} as {encoding}": exchange(signals, encoding, by_otelcol=True)
       for signals in ("traces", "logs") for encoding in ("otlp_proto", "otlp_json")},
    "otelcol: a trace has the same partition": same_partitions("traces", {"partition_traces_by_id": True}),
    "otelcol: a trace has the same partition by murmur2": same_partitions(
        "traces", {"partition_traces_by_id": True, **MURMUR}),
    "otelcol: a log's trace has the same partition": same_partitions("logs", {"partition_logs_by_trace_id": True}),
    "otelcol: a log's resource has the same partition": same_partitions(
        "logs", {"partition_logs_by_resource_attributes": True}),
    "otelcol: a metric's resource has the same partition": same_partitions(
        "metrics", {"partition_metrics_by_resource_attributes": True}),
}
