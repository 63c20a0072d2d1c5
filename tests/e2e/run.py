#!/usr/bin/env python3
"""Real clients through the real program: OpenTelemetry SDKs (Python, JavaScript), telemetrygen and
our own generator, to sinks that record what comes. Every id must arrive, and what nobody edits
must arrive byte for byte.

    tests/e2e/run.py [--millrace FILE] [WORD …]     only the cases whose name has a WORD

Prints what was skipped and why, then "N passed, M failed". Exits 1 when one failed."""
import argparse
import os
import struct
import subprocess
import sys
import tempfile
import time
import traceback

import environment

sys.path.insert(0, os.path.join(environment.ROOT, "bench"))
from processes import Process, free_port, wait_for_port  # noqa: E402

SPANS = 500
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
    """Ours, recording; `records()` are the bodies of the requests it has accepted so far."""

    def __init__(self, case):
        self.port = free_port()
        self.path = os.path.join(case.folder, f"sink{self.port}.bin")
        case.keep(Process([case.millrace, "sink", "--endpoint", f"127.0.0.1:{self.port}",
                           "--interval", "0", "--record", self.path, "--check-ids"],
                          log=self.path + ".log"))
        wait_for_port(self.port)

    def records(self):
        with open(self.path, "rb") as recorded:
            data = recorded.read()
        bodies, at = [], 0
        while at + 4 <= len(data):
            size = struct.unpack_from(">I", data, at)[0]
            if at + 4 + size > len(data):
                break  # being written
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
        """Each exactly once, and no others."""
        assert len(wanted) == len(set(wanted)), "the client sent an id twice"
        wait_until(lambda: len(self.span_ids()) >= len(wanted),
                   lambda: f"{len(self.span_ids())} of {len(wanted)} spans arrived")
        assert sorted(self.span_ids()) == sorted(wanted), "other spans arrived than were sent"


class Case:
    """What one test starts, and ends with it."""

    def __init__(self, millrace, folder):
        self.millrace, self.folder, self.processes = millrace, folder, []

    def keep(self, process):
        self.processes.append(process)
        return process

    def stop(self):
        for process in reversed(self.processes):
            process.stop()

    def collector(self, sinks, protocol="grpc", compression="none"):
        """Its (gRPC port, HTTP port)."""
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

    def generate(self, port, total, **more):
        arguments = [self.millrace, "generate", "--endpoint", f"127.0.0.1:{port}", "--total",
                     str(total), "--items-per-request", "25", "--retries", "20"]
        for name, value in more.items():
            arguments += ["--" + name, str(value)]
        return client_lines(arguments)

    def expecting_sink(self, total):
        """A sink that ends with success when exactly `total` numbered items have come."""
        port = free_port()
        sink = self.keep(Process([self.millrace, "sink", "--endpoint", f"127.0.0.1:{port}",
                                  "--interval", "0", "--expect", str(total), "--check-ids",
                                  "--duration", str(DEADLINE_S), "--summary", "json"]))
        wait_for_port(port)
        return port, sink


def wait_until(true, describe):
    deadline = time.monotonic() + DEADLINE_S
    while not true():
        if time.monotonic() > deadline:
            raise AssertionError(describe())
        time.sleep(0.05)


def client_lines(arguments):
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=DEADLINE_S)
    if done.returncode != 0:
        raise AssertionError(f"{arguments[:3]} exited {done.returncode}: "
                             f"{(done.stdout + done.stderr)[-2000:]}")
    return done.stdout.split()


def expect_complete(sink, total):
    summary = sink.summary(DEADLINE_S + 5)
    assert summary["items"] == total and summary["duplicates"] == 0, summary
    assert sink.child.returncode == 0, summary


# --- the cases; the name is the fact ---

def python_sdk(protocol, compression):
    def run(case):
        sink = Sink(case)
        grpc, http = case.collector([sink.port])
        ids = client_lines([sys.executable, os.path.join(environment.HERE, "send_python.py"),
                            protocol, compression,
                            f"127.0.0.1:{grpc if protocol == 'grpc' else http}", str(SPANS)])
        assert len(ids) >= SPANS
        sink.await_ids(ids)
    return run


def javascript_sdk(protocol, compression):
    def run(case):
        sink = Sink(case)
        grpc, http = case.collector([sink.port])
        folder = environment.javascript()
        ids = client_lines(["node", os.path.join(folder, "send.mjs"), protocol, compression,
                            f"127.0.0.1:{grpc if protocol == 'grpc' else http}", str(SPANS)])
        assert len(ids) >= SPANS
        sink.await_ids(ids)
    return run


def telemetrygen(program, protocol):
    def run(case):
        sink = Sink(case)
        grpc, http = case.collector([sink.port])
        arguments = [program, "traces", "--otlp-insecure", "--traces", "50", "--rate", "0",
                     "--otlp-endpoint", f"127.0.0.1:{grpc if protocol == 'grpc' else http}"]
        client_lines(arguments + (["--otlp-http"] if protocol == "http" else []))
        wait_until(lambda: len(sink.span_ids()) >= 100,  # each trace has a parent and a child
                   lambda: f"{len(sink.span_ids())} of 100 spans arrived")
        assert len(set(sink.span_ids())) == len(sink.span_ids()) == 100
    return run


def own_generator(signal, **how):
    def run(case):
        port, sink = case.expecting_sink(5000)
        grpc, http = case.collector([port])
        case.generate(http if how.get("protocol") == "http" else grpc, 5000, signal=signal, **how)
        expect_complete(sink, 5000)
    return run


def two_collectors_in_a_row(first_protocol, compression):
    def run(case):
        port, sink = case.expecting_sink(20_000)
        second = case.collector([port])
        first, _ = case.collector([second[1] if first_protocol == "http" else second[0]],
                                  first_protocol, compression)
        case.generate(first, 20_000)
        expect_complete(sink, 20_000)
    return run


def one_source_to_two_sinks(case):
    sinks = [case.expecting_sink(20_000) for _ in range(2)]
    grpc, _ = case.collector([port for port, _ in sinks])
    case.generate(grpc, 20_000)
    for _, sink in sinks:
        expect_complete(sink, 20_000)


def generator_over_tls(protocol):
    def run(case):
        cert, key = (os.path.join(case.folder, name) for name in ("cert.pem", "key.pem"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                        "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key,
                        "-out", cert], check=True, capture_output=True)
        port = free_port()
        sink = case.keep(Process([case.millrace, "sink", "--endpoint", f"localhost:{port}",
                                  "--interval", "0", "--expect", "5000", "--check-ids",
                                  "--duration", str(DEADLINE_S), "--summary", "json",
                                  "--tls-cert-file", cert, "--tls-key-file", key]))
        wait_for_port(port)
        client_lines([case.millrace, "generate", "--endpoint", f"https://localhost:{port}",
                      "--total", "5000", "--protocol", protocol, "--ca-file", cert])
        expect_complete(sink, 5000)
    return run


def untouched_bodies():
    """Requests with what a decoder would lose or write differently: unknown fields, fields out of
    order, a length in more bytes than it needs, an empty request's worth of nothing."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
    bodies = []
    for number in range(1, 40):
        request = ExportTraceServiceRequest()
        span = request.resource_spans.add().scope_spans.add().spans.add()
        span.name, span.span_id = "é" * number, struct.pack(">Q", number)
        span.trace_id = struct.pack(">QQ", 7, number)
        plain = request.SerializeToString()
        unknown = b"\xa2\x06\x03abc"             # field 100, a string
        long_length = b"\x0a\x80\x80\x00"          # resource_spans of length 0, in three bytes
        bodies.append([plain, plain + unknown, long_length + plain, unknown + plain][number % 4])
    return bodies


def grpc_bodies_are_untouched(case):
    import grpc as library
    sink = Sink(case)
    grpc, _ = case.collector([sink.port])
    sent = untouched_bodies()
    with library.insecure_channel(f"127.0.0.1:{grpc}") as channel:
        export = channel.unary_unary(
            "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
            request_serializer=bytes, response_deserializer=bytes)
        for body in sent:
            assert export(body, timeout=DEADLINE_S) == b"", "a success is an empty message"
    await_bytes(sink, sent)


def http_bodies_are_untouched(case):
    import urllib.request
    sink = Sink(case)
    _, http = case.collector([sink.port], "http")
    sent = untouched_bodies()
    for body in sent:
        request = urllib.request.Request(f"http://127.0.0.1:{http}/v1/traces", data=body,
                                         headers={"Content-Type": "application/x-protobuf"})
        with urllib.request.urlopen(request, timeout=DEADLINE_S) as answer:
            assert answer.status == 200
            assert answer.headers["Content-Type"] == "application/x-protobuf"
    await_bytes(sink, sent)


def await_bytes(sink, sent):
    # Requests may be joined under way, which is putting one behind the other; with one consumer
    # their order stays.
    wanted = b"".join(sent)
    wait_until(lambda: sum(map(len, sink.records())) >= len(wanted),
               lambda: f"{sum(map(len, sink.records()))} of {len(wanted)} bytes arrived")
    assert b"".join(sink.records()) == wanted, "the bytes have changed"


def cases():
    yield "grpc bodies are untouched", grpc_bodies_are_untouched
    yield "http bodies are untouched", http_bodies_are_untouched
    for signal in ("traces", "metrics", "logs"):
        yield f"generator {signal} grpc", own_generator(signal)
        yield f"generator {signal} http protobuf", own_generator(signal, protocol="http")
        yield f"generator {signal} http json", own_generator(signal, protocol="http", format="json")
    for coding in ("gzip", "zstd"):
        yield f"generator grpc {coding}", own_generator("traces", compression=coding)
        yield f"generator http {coding}", own_generator("traces", compression=coding,
                                                        protocol="http")
    for protocol in ("grpc", "http"):
        yield f"generator to sink over tls {protocol}", generator_over_tls(protocol)
        for coding in ("none", "gzip"):
            yield f"python sdk {protocol} {coding}", python_sdk(protocol, coding)
            yield f"two collectors in a row {protocol} {coding}", two_collectors_in_a_row(protocol,
                                                                                       coding)
    for protocol in ("grpc", "http", "json"):
        for coding in ("none", "gzip"):
            yield f"javascript sdk {protocol} {coding}", javascript_sdk(protocol, coding)
    yield "one source to two sinks", one_source_to_two_sinks


def show_logs(folder):
    for name in sorted(os.listdir(folder)):
        if name.endswith(".log"):
            with open(os.path.join(folder, name), errors="replace") as log:
                text = log.read()[-1500:]
            if text:
                print(f"     --- {name}\n{text}")


def run_case(name, run, millrace):
    with tempfile.TemporaryDirectory(prefix="millrace-e2e.") as folder:
        case = Case(millrace, folder)
        begun = time.monotonic()
        try:
            run(case)
            print(f"ok   {name} ({time.monotonic() - begun:.1f} s)", flush=True)
            return True
        except Exception:
            print(f"FAIL {name}\n{traceback.format_exc()}", flush=True)
            case.stop()
            show_logs(folder)
            return False
        finally:
            case.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--millrace", default=os.path.join(environment.ROOT,
                                                           "build/release/millrace"))
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()
    interpreter = environment.python()
    if os.path.realpath(sys.prefix) != os.path.realpath(os.path.join(environment.BUILD, "venv")):
        os.execv(interpreter, [interpreter, *sys.argv])
    todo, skipped = list(cases()), []
    wants = [word.lower() for word in options.words]
    if not wants or any("telemetrygen".startswith(word) for word in wants):
        program, why_not = environment.telemetrygen()
        if program is None:
            skipped.append(f"telemetrygen ({why_not})")
        else:
            todo += [(f"telemetrygen {protocol}", telemetrygen(program, protocol))
                     for protocol in ("grpc", "http")]
    if wants:
        todo = [(name, run) for name, run in todo if any(word in name for word in wants)]
    passed = sum(run_case(name, run, os.path.abspath(options.millrace)) for name, run in todo)
    for line in skipped:
        print(f"skipped: {line}")
    print(f"{passed} passed, {len(todo) - passed} failed")
    return 0 if passed == len(todo) and todo else 1


if __name__ == "__main__":
    sys.exit(main())
