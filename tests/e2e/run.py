#!/usr/bin/env python3
"""Real clients with the real program: OpenTelemetry SDKs (Python, JavaScript), telemetrygen and
`millrace generate`, to sinks that record. Every id must arrive, and bodies that no processor edits
must arrive byte for byte.

    tests/e2e/run.py [--millrace FILE] [WORD …]     only the cases whose name has a WORD

Prints skipped cases with the reason, then "N passed, M failed". Exits 1 when a case failed."""
import argparse
import os
import subprocess
import sys
import tempfile
import time
import traceback

import console
import context
import dead_letters
import delivery
import doctor
import environment
import jaeger_receiver
import kubernetes
import moving
import observability
import operating
import outputs
import pages
import processors
import prometheus
import recovery
import remote_write
import scraping
import terminal
import well_known
import zipkin
from harness import (DEADLINE_S, Case, Process, Sink, client_lines, expect_complete, free_port,
                     wait_for_port, wait_until)

SPANS = 500


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


def python_sdk_signal(signal, protocol):
    def run(case):
        sink = Sink(case)
        grpc, http = case.collector([sink.port])
        ids = client_lines([sys.executable, os.path.join(environment.HERE, "send_python.py"),
                            protocol, "none", f"127.0.0.1:{grpc if protocol == 'grpc' else http}",
                            str(SPANS), signal])
        assert len(ids) == SPANS
        read = {"metrics": metric_ids, "logs": log_ids}[signal]
        wait_until(lambda: len(read(sink)) >= SPANS,
                   lambda: f"{len(read(sink))} of {SPANS} {signal} arrived")
        assert sorted(read(sink)) == sorted(ids)
    return run


def metric_ids(sink):
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
        ExportMetricsServiceRequest)
    return [attribute.value.string_value for body in sink.records()
            for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics
            for scope in resource.scope_metrics for metric in scope.metrics
            for point in metric.sum.data_points for attribute in point.attributes]


def log_ids(sink):
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
    return [record.body.string_value for body in sink.records()
            for resource in ExportLogsServiceRequest.FromString(body).resource_logs
            for scope in resource.scope_logs for record in scope.log_records]


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


def grpc_bodies_are_untouched(case):
    sink = Sink(case)
    grpc, _ = case.collector([sink.port])
    sent = delivery.untouched_bodies()
    delivery.export_over_grpc(grpc, "trace.v1.TraceService", sent)
    delivery.await_bytes(sink, sent)


def http_bodies_are_untouched(case):
    sink = Sink(case)
    _, http = case.collector([sink.port], "http")
    sent = delivery.untouched_bodies()
    delivery.export_over_http(http, "/v1/traces", sent)
    delivery.await_bytes(sink, sent)


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
    for signal in ("metrics", "logs"):
        for protocol in ("grpc", "http"):
            yield f"python sdk {signal} {protocol}", python_sdk_signal(signal, protocol)
    yield "one source to two sinks", one_source_to_two_sinks
    yield from delivery.cases()
    yield from console.cases()
    yield from terminal.cases()
    yield from context.cases()
    yield from dead_letters.cases()
    yield from recovery.cases()
    yield from outputs.cases()
    yield from moving.cases()
    yield from operating.cases()
    yield from doctor.cases()
    yield from kubernetes.cases()
    yield from pages.cases()
    yield from processors.cases()
    yield from well_known.cases()
    yield from scraping.cases()
    yield from zipkin.cases()
    yield from jaeger_receiver.cases()
    yield from prometheus.cases()
    yield from remote_write.cases()
    yield from observability.cases()


def show_logs(folder):
    for name in sorted(os.listdir(folder)):
        if name.endswith(".log"):
            with open(os.path.join(folder, name), errors="replace") as log:
                text = log.read()[-1500:]
            if text:
                print(f"     --- {name}\n{text}")


def run_case(name, run, millrace, skipped):
    """Whether the case passed; None: it was skipped."""
    with tempfile.TemporaryDirectory(prefix="millrace-e2e.") as folder:
        case = Case(millrace, folder)
        begun = time.monotonic()
        try:
            run(case)
            print(f"ok   {name} ({time.monotonic() - begun:.1f} s)", flush=True)
            return True
        except environment.Missing as missing:
            skipped.append(f"{name} ({missing})")
            return None
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
    results = [run_case(name, run, os.path.abspath(options.millrace), skipped) for name, run in todo]
    for line in skipped:
        print(f"skipped: {line}")
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    return 0 if results and False not in results else 1


if __name__ == "__main__":
    sys.exit(main())
