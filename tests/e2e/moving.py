"""An old configuration of otelcol, unchanged: what was removed works, zpages lead to the pages, own metrics and spans are pushed."""
import os
import subprocess
import time
import urllib.request

from harness import Sink, client_lines, configuration, stop_and_read_ledger, to_sink, wait_until
from operating import page
from processes import free_port

SENT = 50


def an_old_configuration(case):
    """logging, jaeger, memory_ballast and metrics::address run by translation, and `migrate` prints what validates
    without a word about them."""
    jaeger, zpages, metrics = Sink(case), free_port(), free_port()
    config, grpc, _ = configuration(
        {"logging": {"loglevel": "info"},
         "jaeger": {"endpoint": f"127.0.0.1:{jaeger.port}", "insecure": True, "batcher": {"flush_timeout": "10ms"}}},
        signals=("traces",))
    config["extensions"] = {"memory_ballast": {"size_mib": 64}, "pprof": {},
                            "zpages": {"endpoint": f"127.0.0.1:{zpages}"}}
    config["service"]["extensions"] = ["memory_ballast", "zpages", "pprof"]
    config["service"]["telemetry"] = {"metrics": {"address": f"127.0.0.1:{metrics}"}}
    process = case.start(config)
    client_lines([case.millrace, "generate", "--endpoint", f"127.0.0.1:{grpc}", "--total", str(SENT)])
    wait_until(lambda: len(jaeger.span_ids()) >= SENT, lambda: f"{len(jaeger.span_ids())} of {SENT} spans arrived")
    status, text = page(zpages, "/debug/pipelinez")
    assert status == 200 and f"http://127.0.0.1:{metrics}/metrics" in text, (status, text)
    assert page(zpages, "/readyz")[0] == 200
    assert "otelcol_exporter_sent_spans" in page(metrics, "/metrics")[1]
    stop_and_read_ledger(process)
    with open(process.log_path) as log:
        text = log.read()
    assert "            verbosity: normal\n" in text, "the log shows the lines to write"
    assert text.count("there are no Go profiles of this process") == 1, text
    old = process.child.args[-1]
    new = old + ".new.yaml"
    with open(new, "w") as out:
        subprocess.run([case.millrace, "migrate", "--config", old], check=True, stdout=out, stderr=subprocess.DEVNULL)
    done = subprocess.run([case.millrace, "validate", "--config", new], capture_output=True, text=True)
    assert done.returncode == 0 and "removed" not in done.stderr and "replaced" not in done.stderr, done


def own_metrics(case):
    """A back end gets the collector's own metrics; one that does not answer changes nothing for the data."""
    data, own = Sink(case), Sink(case)
    config, grpc, _ = configuration({"otlp_grpc": to_sink(data.port)}, signals=("traces",))
    reader = {"interval": 300, "exporter": {"otlp": {"protocol": "grpc", "endpoint": f"http://127.0.0.1:{own.port}"}}}
    dead = {"interval": 300, "exporter": {"otlp": {"endpoint": f"http://127.0.0.1:{free_port()}"}}}
    config["service"]["telemetry"] = {"metrics": {"readers": [{"periodic": reader}, {"periodic": dead}]},
                                      "resource": {"k8s.pod.name": "pod-7"}}
    process = case.start(config)
    case.generate(grpc, SENT)
    wait_until(lambda: len(data.span_ids()) >= SENT, lambda: f"{len(data.span_ids())} of {SENT} spans arrived")
    wait_until(lambda: any(b"otelcol_exporter_sent_spans" in body for body in own.records()),
               lambda: f"no counter of spans in {len(own.records())} requests")
    assert all(b"k8s.pod.name" in body and b"pod-7" in body for body in own.records())
    ledger = stop_and_read_ledger(process)
    assert ledger["admitted"] > SENT, ledger


def own_spans(sink):
    """The spans that a collector tells of itself, by name."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
    return [span for body in sink.records() for resource in ExportTraceServiceRequest.FromString(body).resource_spans
            if any(attribute.key == "k8s.pod.name" for attribute in resource.resource.attributes)
            for scope in resource.scope_spans for span in scope.spans]


def number(span, key):
    return next(attribute.value.int_value for attribute in span.attributes if attribute.key == key)


def post_trace(http, flags):
    """One span, with the sender's traceparent; the id of its trace."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
    trace = os.urandom(16)
    request = ExportTraceServiceRequest()
    span = request.resource_spans.add().scope_spans.add().spans.add()
    span.trace_id, span.span_id, span.name = os.urandom(16), os.urandom(8), "sent"
    urllib.request.urlopen(urllib.request.Request(
        f"http://127.0.0.1:{http}/v1/traces", data=request.SerializeToString(),
        headers={"Content-Type": "application/x-protobuf", "traceparent": f"00-{trace.hex()}-00f067aa0ba902b7-{flags}"}),
        timeout=10).read()
    return trace


def own_traces(case):
    """A back end gets spans of requests and attempts, which go on in the sender's traces and make no spans of their own;
    one that does not answer changes nothing for the data."""
    data, own = Sink(case), Sink(case)
    config, _, http = configuration({"otlp_grpc": to_sink(data.port)}, signals=("traces",))
    batch = {"schedule_delay": 100, "exporter": {"otlp": {"protocol": "http/protobuf", "endpoint": f"http://127.0.0.1:{own.port}"}}}
    dead = {"schedule_delay": 100, "exporter": {"otlp": {"protocol": "grpc", "endpoint": f"http://127.0.0.1:{free_port()}"}}}
    config["service"]["telemetry"] = {"metrics": {"level": "none"},
                                      "traces": {"propagators": ["tracecontext"], "processors": [{"batch": batch}, {"batch": dead}]},
                                      "resource": {"k8s.pod.name": "pod-7"}}
    process = case.start(config)
    sampled, unsampled = post_trace(http, "01"), post_trace(http, "00")
    wait_until(lambda: len(data.span_ids()) == 2, lambda: f"{len(data.span_ids())} of 2 spans arrived")
    wait_until(lambda: {span.name for span in own_spans(own)}
               == {"receiver/otlp/TraceDataReceived", "exporter/otlp_grpc/traces"}, lambda: f"{own_spans(own)}")
    received = [span for span in own_spans(own) if span.name.startswith("receiver/")]
    assert [span.trace_id for span in received] == [sampled], received
    assert received[0].parent_span_id.hex() == "00f067aa0ba902b7" and number(received[0], "accepted_spans") == 1
    wait_until(lambda: sum(number(span, "items.sent") for span in own_spans(own) if span.name.startswith("exporter/")) == 2,
               lambda: f"{own_spans(own)}")
    assert all(span.trace_id != unsampled for span in own_spans(own))
    before = len(own_spans(own))
    time.sleep(1)
    assert len(own_spans(own)) == before, "sending spans makes spans"
    ledger = stop_and_read_ledger(process)
    assert ledger["admitted"] >= 2 + 2 * before, ledger


def cases():
    yield "moving over with an old configuration", an_old_configuration
    yield "own metrics over OTLP", own_metrics
    yield "own traces over OTLP", own_traces
