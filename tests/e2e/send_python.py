"""Sends spans with the OpenTelemetry SDK for Python and prints the id of each, one a line:
   send_python.py grpc|http none|gzip ENDPOINT COUNT"""
import sys

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor


class Ids(SpanProcessor):
    def __init__(self):
        self.ids = []

    def on_end(self, span):
        self.ids.append(f"{span.context.trace_id:032x}{span.context.span_id:016x}")


def make_exporter(protocol, compression, endpoint):
    if protocol == "grpc":
        import grpc
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
        how = grpc.Compression.Gzip if compression == "gzip" else grpc.Compression.NoCompression
        return OTLPSpanExporter(endpoint=endpoint, insecure=True, compression=how)
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    how = Compression.Gzip if compression == "gzip" else Compression.NoCompression
    return OTLPSpanExporter(endpoint=f"http://{endpoint}/v1/traces", compression=how)


def main(protocol, compression, endpoint, count):
    ids = Ids()
    provider = TracerProvider(resource=Resource.create({"service.name": "e2e-python"}))
    provider.add_span_processor(ids)
    provider.add_span_processor(BatchSpanProcessor(make_exporter(protocol, compression, endpoint),
                                                   max_queue_size=65536,
                                                   max_export_batch_size=100))
    tracer = provider.get_tracer("e2e", "1.0")
    while len(ids.ids) < int(count):
        with tracer.start_as_current_span("parent", attributes={"text": "Жанна 東京", "n": 7}):
            with tracer.start_as_current_span("child") as child:
                child.add_event("happened", {"list": [1, 2, 3], "deep": "yes"})
    provider.force_flush()
    provider.shutdown()
    print("\n".join(ids.ids))


if __name__ == "__main__":
    main(*sys.argv[1:])
