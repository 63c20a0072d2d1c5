"""The processes of one case, which end with it, and what is read off them."""
import glob
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request

from broker import BUILD
from processes import free_port, wait_for_port

STALL_S = 60  # without a new item: what is missing then is lost
SETTLE_S = 4  # for duplicates, once every item has arrived
LIMIT_S = 240
RETRY = {"initial_interval": "50ms", "max_interval": "500ms", "max_elapsed_time": 0}


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


def newer_librdkafka(folder):
    """The environment in which librdkafka.so.1 is the one that confluent-kafka brings."""
    python()
    found = glob.glob(os.path.join(BUILD, "venv", "lib", "*", "site-packages", "confluent_kafka.libs", "librdkafka-*"))
    os.symlink(found[0], os.path.join(folder, "librdkafka.so.1"))
    return {"LD_LIBRARY_PATH": folder + ":" + os.path.dirname(found[0])}


def pipeline(signals, receiver, exporter):
    return {"pipelines": {signals: {"receivers": [receiver], "exporters": [exporter]}},
            "telemetry": {"metrics": {"level": "none"}}}


class Case:
    """The processes of one case, which end with it."""

    def __init__(self, millrace, broker, folder, items):
        self.millrace, self.broker, self.folder, self.items = millrace, broker, folder, items
        self.limit_s = LIMIT_S + items / 5000
        self.processes, self.names, self.environment = [], 0, {}

    def path(self, name):
        self.names += 1
        return os.path.join(self.folder, f"{self.names}.{name}")

    def start(self, arguments):
        log = self.path("log")
        with open(log, "wb") as out:
            process = subprocess.Popen(arguments, stdout=out, stderr=out, env={**os.environ, **self.environment})
        process.log = log
        self.processes.append(process)
        return process

    def collector(self, config, program=None):
        """Millrace, or another program that takes --config."""
        path = self.path("yaml")
        with open(path, "w") as out:
            json.dump(config, out, indent=1)
        arguments = [program or self.millrace, "--config", path]
        process = self.start(arguments)
        process.arguments, process.config, process.path = arguments, config, path
        return process

    def restart(self, process):
        """Ends the process and starts it with its changed `config`."""
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0, tail(process.log)
        return self.collector(process.config)

    def writer(self, topic, acknowledge="durable", exporter=None, signals="traces", encoding="otlp_proto",
               health=False, storage=None, program=None):
        """otlp in, Kafka out; returns (process, port). With a storage there is a health page as well."""
        port = free_port()
        protocol = {"endpoint": f"127.0.0.1:{port}", **({} if program else {"acknowledge": acknowledge})}
        config = {
            "receivers": {"otlp": {"protocols": {"grpc": protocol}}},
            "exporters": {"kafka": {"brokers": [self.broker.address],
                                    signals: {"topic": topic, "encoding": encoding},
                                    "retry_on_failure": RETRY, "sending_queue": {"queue_size": 100000},
                                    **(exporter or {})}},
            "service": pipeline(signals, "otlp", "kafka")}
        if health or storage:
            self.with_health(config, storage)
        process = self.collector(config, program)
        wait_for_port(port, 60)
        return process, port

    def reader(self, topic, sink, receiver=None, signals="traces", encoding="otlp_proto", health=False,
               program=None):
        """Kafka in, otlp out."""
        config = {
            "receivers": {"kafka": {"brokers": [self.broker.address], "initial_offset": "earliest",
                                    "group_id": "g-" + topic, "session_timeout": "6s",
                                    "heartbeat_interval": "500ms",
                                    signals: {"topics": [topic], "encoding": encoding},
                                    **(receiver or {})}},
            "exporters": {"otlp_grpc": {"endpoint": f"127.0.0.1:{sink}", "compression": "none",
                                        "tls": {"insecure": True}, "retry_on_failure": RETRY}},
            "service": pipeline(signals, "kafka", "otlp_grpc")}
        return self.collector(self.with_health(config) if health else config, program)

    def with_health(self, config, more=None):
        """Adds extensions: `process.config["extensions"]` then has the address for health()."""
        config["extensions"] = {"health_check": {"endpoint": f"127.0.0.1:{free_port()}"}, **(more or {})}
        config["service"]["extensions"] = list(config["extensions"])
        return config

    def sink(self):
        port = free_port()
        self.acknowledged = os.path.join(self.folder, "acknowledged")
        process = self.start([self.millrace, "sink", "--endpoint", f"127.0.0.1:{port}",
                              "--interval", "500ms", "--acknowledged", self.acknowledged,
                              "--summary", "json"])
        wait_for_port(port)
        return process, port

    def generate(self, port, total=None, rate=0, retries=1000, signals="traces"):
        return self.start([self.millrace, "generate", "--endpoint", f"127.0.0.1:{port}",
                           "--total", str(total or self.items), "--rate", str(rate), "--signal", signals,
                           "--items-per-request", "100", "--retries", str(retries),
                           "--timeout", "30s", "--acknowledged", self.acknowledged,
                           "--summary", "json"])

    def finish(self, generator, sink, duplicates_allowed):
        """Waits for the end of the generator and for the last items; returns the sink's summary."""
        assert generator.wait(self.limit_s) in (0, 1), tail(generator.log)
        expected = json.loads(tail(generator.log).splitlines()[-1])["ok"]
        end = time.monotonic() + self.limit_s
        last, since = None, time.monotonic()
        while time.monotonic() < end and time.monotonic() - since < STALL_S:
            seen = progress(sink.log)
            if sum(map(int, seen)) >= expected:
                time.sleep(SETTLE_S)
                break
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
    return re.findall(r"total (\d+)", (tail(log, 1000).splitlines() or [""])[-1])


def await_progress(sink):
    await_true(lambda: progress(sink.log), "nothing arrives")


def health(process):
    """The verbose page of a process that was started with `health`."""
    endpoint = process.config["extensions"]["health_check"]["endpoint"]
    with urllib.request.urlopen(f"http://{endpoint}/?verbose", timeout=10) as page:
        return json.load(page)


def await_true(condition, what, seconds=60):
    """The condition's value, once it is true."""
    end = time.monotonic() + seconds
    while True:
        try:
            value = condition()
        except OSError:  # a page that is not served yet
            value = None
        if value:
            return value
        assert time.monotonic() < end, what() if callable(what) else what
        time.sleep(0.2)


def ledger_of(process):
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0, tail(process.log)
    last = tail(process.log).splitlines()[-1]
    assert last.startswith("ledger: ") and "balance=ok" in last, last
