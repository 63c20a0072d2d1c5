"""The collectors, recording sinks and generators of a case; all of them end with the case."""
import json
import os
import signal
import struct
import subprocess
import sys
import time

import environment

sys.path.insert(0, os.path.join(environment.ROOT, "bench"))
from processes import Process, free_port, wait_for_port  # noqa: E402

DEADLINE_S = 60

RECEIVERS = """\
receivers:
  otlp:
    protocols:
      grpc:
        endpoint: 127.0.0.1:{grpc}
      http:
        endpoint: 127.0.0.1:{http}
"""
EXPORTER = """\
  otlp_{protocol}/{name}:
    endpoint: {endpoint}
    compression: {compression}
    tls:
      insecure: true
    sending_queue:
      num_consumers: 1
"""
SERVICE = """\
service:
  pipelines:
    traces:
      receivers: [otlp]
      exporters: [{names}]
    metrics:
      receivers: [otlp]
      exporters: [{names}]
    logs:
      receivers: [otlp]
      exporters: [{names}]
  telemetry:
    metrics:
      level: none
"""


class Sink:
    """A recording `millrace sink`; `records()` returns the bodies of the requests accepted so far."""

    def __init__(self, case, *more, port=None):
        self.port = port or free_port()
        self.path = os.path.join(case.folder, f"sink{self.port}.bin")
        self.process = case.keep(Process(
            [case.millrace, "sink", "--endpoint", f"127.0.0.1:{self.port}", "--interval", "0",
             "--record", self.path, "--check-ids", *more], log=self.path + ".log"))
        wait_for_port(self.port)

    def records(self):
        with open(self.path, "rb") as recorded:
            data = recorded.read()
        bodies, at = [], 0
        while at + 4 <= len(data):
            size = struct.unpack_from(">I", data, at)[0]
            if at + 4 + size > len(data):
                break  # not completely written
            bodies.append(data[at + 4:at + 4 + size])
            at += 4 + size
        return bodies

    def span_ids(self):
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
            ExportTraceServiceRequest)
        return [(span.trace_id + span.span_id).hex()
                for body in self.records()
                for resource in ExportTraceServiceRequest.FromString(body).resource_spans
                for scope in resource.scope_spans for span in scope.spans]

    def await_ids(self, wanted):
        """Expects each wanted id exactly once, and no others."""
        assert len(wanted) == len(set(wanted)), "the client sent an id twice"
        wait_until(lambda: len(self.span_ids()) >= len(wanted),
                   lambda: f"{len(self.span_ids())} of {len(wanted)} spans arrived")
        assert sorted(self.span_ids()) == sorted(wanted), "other spans arrived than were sent"


class Case:
    """The processes of one test, which end with it."""

    def __init__(self, millrace, folder):
        self.millrace, self.folder, self.processes = millrace, folder, []

    def keep(self, process):
        self.processes.append(process)
        return process

    def stop(self):
        for process in reversed(self.processes):
            process.stop()

    def collector(self, sinks, protocol="grpc", compression="none"):
        """Starts a collector and returns its (gRPC port, HTTP port)."""
        grpc, http = free_port(), free_port()
        scheme = "http://" if protocol == "http" else ""
        config = RECEIVERS.format(grpc=grpc, http=http) + "exporters:\n" + "".join(
            EXPORTER.format(protocol=protocol, name=i, endpoint=f"{scheme}127.0.0.1:{port}",
                            compression=compression) for i, port in enumerate(sinks))
        config += SERVICE.format(
            names=", ".join(f"otlp_{protocol}/{i}" for i in range(len(sinks))))
        path = os.path.join(self.folder, f"collector{grpc}.yaml")
        with open(path, "w") as out:
            out.write(config)
        self.keep(Process([self.millrace, "--config", path], log=path + ".log"))
        wait_for_port(grpc)
        wait_for_port(http)
        return grpc, http

    def start(self, config):
        """Starts a collector with this configuration (a dict, since JSON is YAML) that has listeners."""
        path = os.path.join(self.folder, f"collector{len(self.processes)}.yaml")
        with open(path, "w") as out:
            json.dump(config, out, indent=1)
        process = self.keep(Process([self.millrace, "--config", path], log=path + ".log"))
        for protocol in config["receivers"]["otlp"]["protocols"].values():
            wait_for_port(int(protocol["endpoint"].rpartition(":")[2]))
        return process

    def generate(self, port, total, **more):
        arguments = [self.millrace, "generate", "--endpoint", f"127.0.0.1:{port}", "--total",
                     str(total), "--items-per-request", "25"]
        for name, value in {"retries": 20, **more}.items():
            arguments += ["--" + name, str(value)]
        return client_lines(arguments)

    def expecting_sink(self, total):
        """A sink that ends successfully when exactly `total` numbered items have arrived."""
        port = free_port()
        sink = self.keep(Process([self.millrace, "sink", "--endpoint", f"127.0.0.1:{port}",
                                  "--interval", "0", "--expect", str(total), "--check-ids",
                                  "--duration", str(DEADLINE_S), "--summary", "json"]))
        wait_for_port(port)
        return port, sink


def configuration(exporters, grpc=None, http=None, signals=("traces", "metrics", "logs"),
                  processors=None, protocol=None):
    """(configuration, gRPC port, HTTP port); `protocol` has further keys for both protocols."""
    grpc, http = grpc or free_port(), http or free_port()
    pipeline = {"receivers": ["otlp"], "processors": list(processors or {}),
                "exporters": list(exporters)}
    return {
        "receivers": {"otlp": {"protocols": {
            "grpc": {"endpoint": f"127.0.0.1:{grpc}", **(protocol or {})},
            "http": {"endpoint": f"127.0.0.1:{http}", **(protocol or {})}}}},
        "processors": processors or {},
        "exporters": exporters,
        "service": {"pipelines": {signal: pipeline for signal in signals},
                    "telemetry": {"metrics": {"level": "none"}}},
    }, grpc, http


def to_sink(port, **more):
    """An otlp_grpc exporter with short retry delays."""
    return {"endpoint": f"127.0.0.1:{port}", "tls": {"insecure": True}, "compression": "none",
            "retry_on_failure": {"initial_interval": "50ms", "max_interval": "200ms"}, **more}


def stop_and_read_ledger(process, deadline=DEADLINE_S):
    """Ends a collector with SIGTERM, as a service manager does; returns the numbers of its last line."""
    process.child.send_signal(signal.SIGTERM)
    assert process.child.wait(deadline) == 0, "the collector did not end on its own"
    with open(process.log_path) as log:
        text = log.read()
    # The audit of a running collector reports it as well.
    assert "bug: " not in text, text
    last = text.strip().splitlines()[-1]
    assert last.startswith("ledger: ") and "balance=ok" in last, last
    return {name: int(value) for name, value in
            (word.split("=") for word in last.split() if "=" in word and word[-1].isdigit())}


def wait_until(true, describe):
    deadline = time.monotonic() + DEADLINE_S
    while not true():
        if time.monotonic() > deadline:
            raise AssertionError(describe())
        time.sleep(0.05)


def client_lines(arguments, variables=None):
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=DEADLINE_S,
                          env={**os.environ, **(variables or {})})
    if done.returncode != 0:
        raise AssertionError(f"{arguments[:3]} exited {done.returncode}: "
                             f"{(done.stdout + done.stderr)[-2000:]}")
    return done.stdout.split()


def expect_complete(sink, total):
    summary = sink.summary(DEADLINE_S + 5)
    assert summary["items"] == total and summary["duplicates"] == 0, summary
    assert sink.child.returncode == 0, summary
