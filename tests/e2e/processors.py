"""Processors as people configure them, with spans of real SDKs: what is edited, what is filtered, and the ledger."""
import os
import sys

import environment
from harness import Sink, client_lines, configuration, stop_and_read_ledger, to_sink, wait_until
from zipkin import attributes, spans_of

SPANS = 200

PROCESSORS = {
    "memory_limiter": {"check_interval": "1s", "limit_mib": 128},
    "resource_detection": {"detectors": ["env", "system"], "timeout": "2s"},
    "resource": {"attributes": [{"key": "deployment.environment.name", "value": "e2e", "action": "upsert"}]},
    "filter": {"error_mode": "ignore", "traces": {"span": ['name == "child"']}},
    "transform": {"error_mode": "ignore", "trace_statements": [
        'replace_pattern(span.name, "^par(.*)$", "PAR$$1")',
        'set(span.attributes["service"], resource.attributes["service.name"]) where span.attributes["n"] == 7',
        'delete_key(span.attributes, "r")']},
    "redaction": {"allow_all_keys": True, "blocked_values": ["Жанна"], "summary": "info"},
    "batch": {},
}


def sdk(language, protocol):
    def run(case):
        sink = Sink(case)
        config, grpc, http = configuration({"otlp_grpc": to_sink(sink.port)}, signals=("traces",),
                                           processors=PROCESSORS)
        collector = case.start(config)
        program = ([sys.executable, os.path.join(environment.HERE, "send_python.py")] if language == "python"
                   else ["node", os.path.join(environment.javascript(), "send.mjs")])
        sent = client_lines(program + [protocol, "none", f"127.0.0.1:{grpc if protocol == 'grpc' else http}",
                                       str(SPANS)])
        wait_until(lambda: len(sink.span_ids()) >= len(sent) // 2,
                   lambda: f"{len(sink.span_ids())} of {len(sent) // 2} spans arrived")
        for resource, span in spans_of(sink):
            about = attributes(resource.resource)
            assert about["service.name"] == f"e2e-{language}" and about["deployment.environment.name"] == "e2e", about
            assert about["host.name"] and about["os.type"] == "linux", about
            said = attributes(span)
            assert span.name == "PARent", span
            assert said["service"] == f"e2e-{language}" and said["n"] == 7 and "r" not in said, said
            assert said["text"] == "**** 東京" and said["redaction.masked.count"] == 1, said
        ledger = stop_and_read_ledger(collector)
        assert len(sink.span_ids()) == len(set(sink.span_ids())) == len(sent) // 2
        assert ledger["admitted"] == len(sent) and ledger["filtered"] == len(sent) // 2, ledger
        assert ledger["delivered"] == len(sent) // 2, ledger
    return run


def cases():
    yield "processors edit and filter spans of the Python SDK over grpc", sdk("python", "grpc")
    yield "processors edit and filter spans of the JavaScript SDK over http", sdk("javascript", "http")
