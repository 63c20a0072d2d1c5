"""Sends spans with Jaeger's client libraries and prints the id of each, trace id and span id, one a line:
   send_jaeger.py otel_http|otel_udp|client_udp PORT COUNT"""
import sys
import time


def send_otel(over, port, count):
    """OpenTelemetry's exporter for Jaeger: Thrift over HTTP, or compact packets to an agent."""
    from opentelemetry.sdk import environment_variables
    for name in ("AGENT_HOST", "AGENT_PORT", "AGENT_SPLIT_OVERSIZED_BATCHES", "ENDPOINT", "PASSWORD", "TIMEOUT", "USER"):
        # The SDK has dropped the names that the exporter, whose last release is older, imports.
        setattr(environment_variables, "OTEL_EXPORTER_JAEGER_" + name, "OTEL_EXPORTER_JAEGER_" + name)
    from opentelemetry.exporter.jaeger.thrift import JaegerExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.trace import SpanKind, Status, StatusCode
    where = ({"collector_endpoint": f"http://127.0.0.1:{port}/api/traces?format=jaeger.thrift"} if over == "http"
             else {"agent_host_name": "127.0.0.1", "agent_port": port})
    provider = TracerProvider(resource=Resource({"service.name": "shop", "host.name": "node-1"}))
    provider.add_span_processor(SimpleSpanProcessor(JaegerExporter(**where)))
    tracer, ids = provider.get_tracer("lib", "1.2"), []
    while len(ids) < count:
        with tracer.start_as_current_span("checkout", kind=SpanKind.SERVER,
                                          attributes={"text": "Жанна \"東京\"", "n": 7, "ok": True, "share": 0.5}) as parent:
            parent.add_event("cache miss", {"key": "k"})
            with tracer.start_as_current_span("select", kind=SpanKind.CLIENT) as child:
                child.set_status(Status(StatusCode.ERROR, "broken"))
            for span in (parent, child):
                context = span.get_span_context()
                ids.append(f"{context.trace_id:032x}{context.span_id:016x}")
        if over == "udp":
            time.sleep(0.002)  # packets have no flow control
    provider.shutdown()
    return ids


def send_client(port, count):
    """Jaeger's own client of OpenTracing times."""
    import jaeger_client
    tracer = jaeger_client.Config(
        {"sampler": {"type": "const", "param": 1}, "generate_128bit_trace_id": True,
         "local_agent": {"reporting_host": "127.0.0.1", "reporting_port": port}, "tags": {"region": "eu"}},
        service_name="shop").initialize_tracer()
    ids = []
    while len(ids) < count:
        with tracer.start_span("checkout", tags={"span.kind": "server", "text": "Жанна \"東京\"", "n": 7}) as parent:
            parent.log_kv({"event": "cache miss", "key": "k"})
            with tracer.start_span("select", child_of=parent, tags={"span.kind": "client", "error": True}) as child:
                pass
            ids += [f"{span.trace_id:032x}{span.span_id:016x}" for span in (parent, child)]
        time.sleep(0.002)
    sent, end = tracer.close(), time.monotonic() + 30
    while not sent.done() and time.monotonic() < end:
        time.sleep(0.01)
    return ids


def main():
    how, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    ids = send_client(port, count) if how == "client_udp" else send_otel(how.removeprefix("otel_"), port, count)
    print("\n".join(ids))


main()
