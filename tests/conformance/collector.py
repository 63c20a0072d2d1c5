"""Runs the release binary with a configuration on free ports, for tests over real sockets."""
import json
import os
import signal
import socket
import subprocess
import tempfile
import time

BINARY = os.environ.get("MILLRACE", os.path.join(os.path.dirname(__file__), "../../build/release/millrace"))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, seconds=20.0, what="condition"):
    """Polls: a deadline for hung programs, never what decides a test's outcome."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError(f"not reached in {seconds} s: {what}")


def accepts(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


class Collector:
    """`exporters` and extras are merged into a configuration with one otlp receiver and all three
    signals to all exporters; JSON is YAML, so the file is written as JSON."""

    def __init__(self, exporters, grpc=None, http=None, processors=None, extra=None, environment=None):
        self.grpc_port, self.http_port = free_port(), free_port()
        self.metrics_port = free_port()
        protocols = {}
        if grpc is not False:
            protocols["grpc"] = {"endpoint": f"127.0.0.1:{self.grpc_port}", **(grpc or {})}
        if http is not False:
            protocols["http"] = {"endpoint": f"127.0.0.1:{self.http_port}", **(http or {})}
        processors = processors or {}
        pipeline = {"receivers": ["otlp"], "processors": list(processors), "exporters": list(exporters)}
        self.config = {
            "receivers": {"otlp": {"protocols": protocols}},
            "processors": processors,
            "exporters": exporters,
            "service": {
                "pipelines": {"traces": pipeline, "metrics": pipeline, "logs": pipeline},
                "telemetry": {"metrics": {"readers": [{"pull": {"exporter": {"prometheus": {
                    "host": "127.0.0.1", "port": self.metrics_port}}}}]}},
            },
        }
        if not processors:
            del self.config["processors"]
        for path, value in (extra or {}).items():
            node = self.config
            *parents, last = path.split("/")
            for parent in parents:
                node = node.setdefault(parent, {})
            node[last] = value
        self.environment = environment
        self.ports = [p for p, on in ((self.grpc_port, grpc is not False), (self.http_port, http is not False)) if on]

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        path = os.path.join(self.folder.name, "config.yaml")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(self.config, file, indent=1)
        self.log_path = os.path.join(self.folder.name, "log")
        self.log = open(self.log_path, "w+", encoding="utf-8")
        self.process = subprocess.Popen([BINARY, "--config", path], stdout=self.log, stderr=self.log,
                                        env={**os.environ, **(self.environment or {})})
        for port in self.ports:
            wait_until(lambda: accepts(port) or self.process.poll() is not None, what=f"port {port} open")
        if self.process.poll() is not None:
            raise AssertionError("the collector did not start:\n" + self.output())
        return self

    def output(self):
        with open(self.log_path, encoding="utf-8") as file:
            return file.read()

    def metrics(self):
        """name{labels} -> value of the metrics page, by a request of our own."""
        with socket.create_connection(("127.0.0.1", self.metrics_port), timeout=10) as connection:
            connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            text = b""
            while piece := connection.recv(65536):
                text += piece
        series = {}
        for line in text.decode().split("\r\n\r\n", 1)[1].splitlines():
            if line and not line.startswith("#") and " " in line:
                name, value = line.rsplit(" ", 1)
                try:
                    series[name] = float(value)
                except ValueError:
                    continue
        return series

    def metric(self, name, **labels):
        """Sum over the series of that name that carry these labels."""
        total = 0.0
        for key, value in self.metrics().items():
            if key == name or key.startswith(name + "{"):
                if all(f'{label}="{wanted}"' in key for label, wanted in labels.items()):
                    total += value
        return total

    def stop(self, seconds=20):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(seconds)
        return self.process.returncode

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()
        self.folder.cleanup()
