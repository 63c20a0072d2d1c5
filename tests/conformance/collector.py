"""Runs the release binary with a configuration on free ports, for tests over real sockets."""
import itertools
import json
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time

BINARY = os.environ.get("MILLRACE", os.path.join(os.path.dirname(__file__), "../../build/release/millrace"))


# Below the range from which the system assigns ports, so that no connection of another test uses a
# port between its choice here and the collector's listening.
PORTS = itertools.cycle(range(20000 + os.getpid() % 1000 * 10, 32000))
PORTS_LOCK = threading.Lock()


def free_port():
    with PORTS_LOCK:
        for port in PORTS:
            with socket.socket() as probe:
                try:
                    probe.bind(("127.0.0.1", port))
                    return port
                except OSError:
                    continue


def wait_until(condition, seconds=20.0, what="condition"):
    """Polls until the condition holds. The deadline detects hung programs and decides no test."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError(f"not reached in {seconds} s: {what}")


def page(port, path, method="GET"):
    """The status and body of one of the collector's own pages."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        text = b""
        while piece := connection.recv(65536):
            text += piece
    head, _, body = text.partition(b"\r\n\r\n")
    return int(head.split()[1]), body.decode()


class Collector:
    """A configuration with one otlp receiver and `signals` to all exporters; JSON is YAML, so the
    file is written as JSON. `extra` sets values at paths ("service/telemetry/logs/level"); `more` are
    further files, merged over the first; `one_worker` confines it to one processor. The end of the
    block ends the collector, and its ledger must then balance."""

    def __init__(self, exporters, grpc=None, http=None, processors=None, extra=None, environment=None,
                 signals=("traces", "metrics", "logs"), more=(), one_worker=False):
        self.grpc_port, self.http_port, self.metrics_port = free_port(), free_port(), free_port()
        protocols = {}
        if grpc is not False:
            protocols["grpc"] = {"endpoint": f"127.0.0.1:{self.grpc_port}", **(grpc or {})}
        if http is not False:
            protocols["http"] = {"endpoint": f"127.0.0.1:{self.http_port}", **(http or {})}
        pipeline = {"receivers": ["otlp"], "processors": list(processors or {}), "exporters": list(exporters)}
        self.config = {
            "receivers": {"otlp": {"protocols": protocols}},
            "processors": processors or {},
            "exporters": exporters,
            "service": {
                "pipelines": {signal: pipeline for signal in signals},
                "telemetry": {"metrics": {"readers": [{"pull": {"exporter": {"prometheus": {
                    "host": "127.0.0.1", "port": self.metrics_port}}}}]}},
            },
        }
        for path, value in (extra or {}).items():
            node = self.config
            *parents, last = path.split("/")
            for parent in parents:
                node = node.setdefault(parent, {})
            node[last] = value
        self.was_killed = False  # by the test: no ledger line is expected
        self.more, self.one_worker, self.environment = more, one_worker, environment

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        arguments = []
        for number, config in enumerate([self.config, *self.more]):
            path = os.path.join(self.folder.name, f"config{number}.yaml")
            with open(path, "w", encoding="utf-8") as file:
                json.dump(config, file, indent=1)
            arguments += ["--config", path]
        if self.one_worker:
            processor = str(min(os.sched_getaffinity(0)))
            prefix = ["taskset", "-c", processor]
        else:
            prefix = []
        self.log_path = os.path.join(self.folder.name, "log")
        self.log = open(self.log_path, "w+", encoding="utf-8")
        self.process = subprocess.Popen(prefix + [BINARY] + arguments, stdout=self.log, stderr=self.log,
                                        env={**os.environ, **(self.environment or {})})
        # Its pages are served later than its receivers.
        wait_until(lambda: "everything is ready" in self.output() or self.process.poll() is not None, what="the start")
        if self.process.poll() is not None:
            raise AssertionError("the collector did not start:\n" + self.output())
        return self

    def output(self):
        with open(self.log_path, encoding="utf-8") as file:
            return file.read()

    def metrics(self):
        """name{labels} -> value of the metrics page, read by a request without a library."""
        _, text = page(self.metrics_port, "/metrics")
        series = {}
        for line in text.splitlines():
            if line and not line.startswith("#") and " " in line:
                name, value = line.rsplit(" ", 1)
                try:
                    series[name] = float(value)
                except ValueError:
                    continue
        return series

    def metric(self, name, **labels):
        """The sum over the series with that name and these labels."""
        total = 0.0
        for key, value in self.metrics().items():
            if key == name or key.startswith(name + "{"):
                if all(f'{label}="{wanted}"' in key for label, wanted in labels.items()):
                    total += value
        return total

    def ledger(self):
        """The numbers and the balance of the last line: {"admitted": 3, ..., "balance": "ok"}."""
        lines = [line for line in self.output().splitlines() if line.startswith("ledger:")]
        assert lines, "no ledger line:\n" + self.output()
        words = dict(word.split("=", 1) for word in lines[-1].replace("(", "").replace(")", "").split() if "=" in word)
        return {name: int(value) if value.isdigit() else value for name, value in words.items()}

    def signal(self):
        self.process.send_signal(signal.SIGTERM)

    def stop(self, seconds=20):
        """SIGTERM and the complete drain."""
        if self.process.poll() is None:
            self.signal()
            self.process.wait(seconds)
        return self.process.returncode

    def __exit__(self, kind, *_):
        try:
            if self.process.poll() is None:
                self.signal()
                try:
                    self.process.wait(0.5)
                except subprocess.TimeoutExpired:  # a back end of the test hangs: a second signal ends it
                    self.signal()
                    self.process.wait(20)
            if kind is None and not self.was_killed:
                assert self.process.returncode in (0, 3), (self.process.returncode, self.output())
                assert self.ledger()["balance"] == "ok", self.output()
                assert "bug: " not in self.output(), self.output()  # the audit while it ran
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            self.log.close()
            self.folder.cleanup()
