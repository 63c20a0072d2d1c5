"""A Kafka broker (KRaft) from the jars of Maven Central under build/kafka, on 127.0.0.1 only: one node with listeners
for every kind of login. Bounded: 384 MiB of heap."""
import glob
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(ROOT, "bench"), os.path.join(ROOT, "tests", "conformance")]
from certificates import Authority  # noqa: E402
from processes import free_port  # noqa: E402

BUILD = os.environ.get("MILLRACE_KAFKA_HOME", os.path.join(ROOT, "build", "kafka"))
START_S = 180
CLUSTER_ID = "MkU3OEVBNTcwNTJENDM2Qg"
LOGIN = {"username": "writer", "password": "secret"}
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
PROPERTIES = """\
process.roles=broker,controller
node.id={node}
controller.quorum.voters={voters}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}{listeners}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}{advertised}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL:SASL_PLAINTEXT,SASLTLS:SASL_SSL,TLS:SSL,EXPIRED:SSL,MUTUAL:SSL
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs={data}
num.partitions=4
default.replication.factor={replicas}
min.insync.replicas={in_sync}
offsets.topic.replication.factor={replicas}
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=6000
"""
PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule required user_writer=\"secret\";"
SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule required;"


class Missing(Exception):
    """Java, Maven or the jars are not here."""


def libraries():
    folder = os.path.join(BUILD, "libs")
    if glob.glob(os.path.join(folder, "kafka_*.jar")):
        return folder
    for program in ("java", "mvn"):
        if shutil.which(program) is None:
            raise Missing(f"{program} is not installed")
    os.makedirs(BUILD, exist_ok=True)
    shutil.copy(os.path.join(HERE, "pom.xml"), BUILD)
    done = subprocess.run(["mvn", "-q", "dependency:copy-dependencies", "-DoutputDirectory=libs",
                           "-DincludeScope=runtime"], cwd=BUILD, capture_output=True, text=True,
                          timeout=600)
    if done.returncode != 0:
        raise Missing("Maven cannot fetch the broker: " + done.stdout.strip()[-300:])
    return folder


class Node:
    """One process that is broker and controller."""

    def __init__(self, folder, number, port, controller, voters, replicas=1, in_sync=1, heap_mb=384,
                 listeners=None, more=""):
        if shutil.which("java") is None:
            raise Missing("java is not installed")
        self.classes = os.path.join(libraries(), "*")
        self.folder, self.number, self.port, self.heap_mb = folder, number, port, heap_mb
        self.address = f"127.0.0.1:{port}"
        self.log = os.path.join(folder, f"broker.{number}.log")
        self.properties = os.path.join(folder, f"server.{number}.properties")
        self.process = None
        self.prefix = []  # of its command: ["taskset", …]
        named = "".join(f",{name}://127.0.0.1:{at}" for name, at in (listeners or {}).items())
        with open(self.properties, "w") as out:
            out.write(PROPERTIES.format(node=number, voters=voters, port=port, controller=controller,
                                        listeners=named, advertised=named, replicas=replicas,
                                        in_sync=in_sync,
                                        data=os.path.join(folder, f"data.{number}")) + more)
        scram = [word for mechanism in MECHANISMS if mechanism.startswith("SCRAM")
                 for word in ("--add-scram",
                              f"{mechanism}=[name=\"{LOGIN['username']}\",password=\"{LOGIN['password']}\"]")]
        self.run("kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", self.properties, *scram)

    def run(self, name, *arguments):
        done = subprocess.run(["java", "-Xmx128m", "-cp", self.classes, name, *arguments],
                              capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise RuntimeError(f"{name}: {done.stdout}{done.stderr}")
        return done.stdout

    def start(self):
        self.begin()
        self.await_start()

    def begin(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*self.prefix, "java", f"-Xms{self.heap_mb // 2}m", f"-Xmx{self.heap_mb}m", "-XX:+UseSerialGC", "-cp",
                 self.classes, "kafka.Kafka", self.properties], stdout=log, stderr=log)

    def await_start(self):
        end = time.monotonic() + START_S
        while time.monotonic() < end:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            if self.process.poll() is not None:
                break
            time.sleep(0.2)
        raise RuntimeError(f"the broker did not start; see {self.log}")

    def stop(self, how=signal.SIGTERM):
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(how)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def tls_properties(authority):
    """Certificates of the listeners: as PEM files, the key in front."""
    def store(listener, certificate, key):
        path = authority.path(f"{listener}.store.pem")
        with open(path, "w") as out:
            for part in (key, certificate):
                with open(part) as text:
                    out.write(text.read())
        prefix = f"listener.name.{listener}.ssl"
        return f"{prefix}.keystore.type=PEM\n{prefix}.keystore.location={path}\n"

    good, expired = authority.issue("broker"), authority.issue_expired("expired-broker")
    text = "".join(store(listener, *good) for listener in ("tls", "sasltls", "mutual"))
    text += store("expired", *expired)
    mutual = "listener.name.mutual.ssl"
    return text + (f"{mutual}.client.auth=required\n{mutual}.truststore.type=PEM\n"
                   f"{mutual}.truststore.location={authority.ca}\n")


def sasl_properties():
    text = f"sasl.enabled.mechanisms={','.join(MECHANISMS)}\n"
    for listener in ("sasl", "sasltls"):
        for mechanism in MECHANISMS:
            text += (f"listener.name.{listener}.{mechanism.lower()}.sasl.jaas.config="
                     f"{PLAIN if mechanism == 'PLAIN' else SCRAM}\n")
    return text


class Broker(Node):
    """One node. `listening` has the address of each kind of login: sasl, sasltls, tls, expired, mutual."""

    def __init__(self, folder):
        self.authority = Authority(folder)
        ports = {name: free_port() for name in ("SASL", "SASLTLS", "TLS", "EXPIRED", "MUTUAL")}
        self.listening = {name.lower(): f"127.0.0.1:{port}" for name, port in ports.items()}
        controller = free_port()
        super().__init__(folder, 1, free_port(), controller, f"1@127.0.0.1:{controller}", listeners=ports,
                         more=sasl_properties() + tls_properties(self.authority))


class Cluster:
    """Several nodes that replicate every topic; two of them must have a record before it is acknowledged."""

    HEAP_MB = 256

    def __init__(self, folder, count=3):
        needed, available = count * 3 * self.HEAP_MB, available_mb()
        if available < needed:
            raise Missing(f"{count} nodes need {needed} MiB of memory, {available} are available")
        numbers = range(1, count + 1)
        controllers = {number: free_port() for number in numbers}
        voters = ",".join(f"{number}@127.0.0.1:{controllers[number]}" for number in numbers)
        self.nodes = [Node(folder, number, free_port(), controllers[number], voters, replicas=count, in_sync=2,
                           heap_mb=self.HEAP_MB) for number in numbers]
        self.addresses = [node.address for node in self.nodes]

    def start(self):
        for node in self.nodes:  # a node is ready only when most are there
            node.begin()
        for node in self.nodes:
            node.await_start()

    def stop(self):
        for node in self.nodes:
            node.stop()


def available_mb():
    with open("/proc/meminfo") as lines:
        return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("MemAvailable:"))
