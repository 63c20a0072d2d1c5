"""Three nodes: partitions that get another leader while data flows."""
import os
import signal
import subprocess
import time

from broker import Cluster
from case import await_progress, await_true, python

LEADERS = """
import sys
from confluent_kafka.admin import AdminClient
topic = AdminClient({"bootstrap.servers": sys.argv[1]}).list_topics(sys.argv[2], timeout=20).topics[sys.argv[2]]
print(" ".join(str(partition.leader) for partition in topic.partitions.values()))
"""


def leaders(cluster, topic):
    """The number of the node that leads each partition; -1: none does."""
    found = subprocess.run([python(), "-c", LEADERS, ",".join(cluster.addresses), topic], capture_output=True,
                           text=True, timeout=60, check=True)
    return [int(number) for number in found.stdout.split()]


def leader_goes_away(case):
    """The node that leads most partitions is killed and comes back, when others lead them; then another one is
    stopped and comes back."""
    folder = os.path.join(case.folder, "cluster")
    os.makedirs(folder)
    cluster = Cluster(folder)
    try:
        cluster.start()
        sink, sink_port = case.sink()
        client = {"brokers": cluster.addresses}
        case.reader("three", sink_port, client)
        _, port = case.writer("three", acknowledge="delivered",
                              exporter={**client, "producer": {"required_acks": "all"}})
        generator = case.generate(port, rate=case.items / 30)
        await_progress(sink)
        before = leaders(cluster, "three")
        first = max(set(before), key=before.count)
        cluster.nodes[first - 1].stop(signal.SIGKILL)
        await_true(lambda: not {first, -1} & set(leaders(cluster, "three")), "the killed node still leads")
        after = leaders(cluster, "three")
        cluster.nodes[first - 1].start()
        time.sleep(3)
        cluster.nodes[first % 3].stop()
        time.sleep(3)
        cluster.nodes[first % 3].start()
        summary = case.finish(generator, sink, duplicates_allowed=True)
        print(f"   leaders {before} -> {after}; {summary['acknowledged']} acknowledged, "
              f"{summary['duplicates']} came twice")
    finally:
        cluster.stop()


CASES = {"of three nodes a leader goes away and comes back, and nothing is lost": leader_goes_away}
