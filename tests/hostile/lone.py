"""One collector for a case that starts its own: its pipes, its signals, its files."""
import json
import os
import subprocess
import time

from rig import Prober, exporter, free_port, get, telemetry, wait_for_port


class Lone:
    """A collector with the given exporter; stdout and stderr go to files unless `options` say otherwise."""

    def __init__(self, millrace, folder, exporters, **options):
        self.folder, self.port = folder, {name: free_port() for name in ("otlp", "http", "metrics", "health")}
        self.out, self.err = (os.path.join(folder, f"lone.{self.port['otlp']}.{name}") for name in ("out", "log"))
        self.config = {
            "receivers": {"otlp": {"protocols": {
                "grpc": {"endpoint": f"127.0.0.1:{self.port['otlp']}"},
                "http": {"endpoint": f"127.0.0.1:{self.port['http']}", **options.pop("http", {})}}}},
            "exporters": exporters, "processors": options.pop("processors", {}),
            "extensions": {"health_check": {"endpoint": f"127.0.0.1:{self.port['health']}"}, **options.pop("extensions", {})},
            "service": {"telemetry": {**telemetry(self.port), "logs": options.pop("logs", {})}}}
        self.config["service"]["extensions"] = list(self.config["extensions"])
        self.config["service"]["pipelines"] = {"traces": {
            "receivers": ["otlp"], "processors": list(self.config["processors"]), "exporters": list(exporters)}}
        path = os.path.join(folder, f"lone.{self.port['otlp']}.yaml")
        with open(path, "w") as out:
            json.dump(self.config, out)
        stdout, stderr = options.pop("stdout", None), options.pop("stderr", None)
        with open(self.out, "wb") as out, open(self.err, "wb") as err:
            self.child = subprocess.Popen([millrace, "--config", path], stdout=stdout or out, stderr=stderr or err,
                                          **options)

    def ready(self, seconds=5):
        """Returns False when it ended on its own instead of becoming ready."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.child.poll() is not None:
                return False
            try:
                wait_for_port(self.port["http"], 0.1)
                get(self.port["health"], "/livez", 1)
                return True
            except (OSError, RuntimeError):
                pass
        raise AssertionError(f"neither ready nor ended after {seconds} s")

    def ends_within(self, seconds):
        try:
            self.child.wait(seconds)
            return True
        except subprocess.TimeoutExpired:
            return False

    def text(self, path):
        with open(path, "rb") as file:
            return file.read()

    def probe(self, seconds):
        """Sends small honest requests for `seconds`."""
        prober = Prober(self.port["http"])
        time.sleep(seconds)
        return prober.stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()


def nop():
    return {"nop": {}}


def to(port, **more):
    return {"otlp_grpc": exporter(port, **more)}
