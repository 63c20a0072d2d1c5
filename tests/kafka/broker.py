"""A Kafka broker of one node (KRaft), from the jars of Maven Central under build/kafka. Bounded: 384 MiB
of heap. Listens on 127.0.0.1 only."""
import glob
import os
import shutil
import signal
import socket
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get("MILLRACE_KAFKA_HOME", os.path.join(ROOT, "build", "kafka"))
START_S = 120
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}{listeners}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}{listeners}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT
sasl.enabled.mechanisms=PLAIN
listener.name.sasl_plaintext.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_writer="secret";
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs={data}
num.partitions=4
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
"""


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


class Broker:
    def __init__(self, folder, port, controller, sasl):
        if shutil.which("java") is None:
            raise Missing("java is not installed")
        self.classes = os.path.join(libraries(), "*")
        self.address, self.port = f"127.0.0.1:{port}", port
        self.sasl_address = f"127.0.0.1:{sasl}"
        self.log = os.path.join(folder, "broker.log")
        self.properties = os.path.join(folder, "server.properties")
        self.process = None
        with open(self.properties, "w") as out:
            out.write(PROPERTIES.format(port=port, controller=controller,
                                        listeners=f",SASL_PLAINTEXT://127.0.0.1:{sasl}",
                                        data=os.path.join(folder, "broker-data")))
        self.run("kafka.tools.StorageTool", "format", "-t", "MkU3OEVBNTcwNTJENDM2Qg", "-c",
                 self.properties)

    def run(self, name, *arguments):
        done = subprocess.run(["java", "-Xmx128m", "-cp", self.classes, name, *arguments],
                              capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise RuntimeError(f"{name}: {done.stdout}{done.stderr}")
        return done.stdout

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                ["java", "-Xms128m", "-Xmx384m", "-XX:+UseSerialGC", "-cp", self.classes,
                 "kafka.Kafka", self.properties], stdout=log, stderr=log)
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
