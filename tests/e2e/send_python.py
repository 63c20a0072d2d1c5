"""Sends telemetry with the OpenTelemetry SDK for Python and prints the id of each item, one a line:
   send_python.py grpc|http none|gzip ENDPOINT COUNT [traces|metrics|logs]
ENDPOINT is host:port, or https://host:port with the certificates in OTEL_EXPORTER_OTLP_…"""
import importlib
import logging
import sys

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

RESOURCE = Resource.create({"service.name": "e2e-python"})


class Ids(SpanProcessor):
    def __init__(self):
        self.ids = []

    def on_end(self, span):
        self.ids.append(f"{span.context.trace_id:032x}{span.context.span_id:016x}")


def make_exporter(protocol, compression, endpoint, signal):
    module, name, path = {"traces": ("trace_exporter", "OTLPSpanExporter", "/v1/traces"),
                          "metrics": ("metric_exporter", "OTLPMetricExporter", "/v1/metrics"),
                          "logs": ("_log_exporter", "OTLPLogExporter", "/v1/logs")}[signal]
    exporter = getattr(importlib.import_module(f"opentelemetry.exporter.otlp.proto.{protocol}."
                                               + module), name)
    is_secure = endpoint.startswith("https://")
    if protocol == "grpc":
        import grpc
        how = grpc.Compression.Gzip if compression == "gzip" else grpc.Compression.NoCompression
        return exporter(endpoint=endpoint, insecure=not is_secure, compression=how)
    from opentelemetry.exporter.otlp.proto.http import Compression
    how = Compression.Gzip if compression == "gzip" else Compression.NoCompression
    return exporter(endpoint=(endpoint if is_secure else f"http://{endpoint}") + path,
                    compression=how)


def send_traces(exporter, count):
    ids = Ids()
    provider = TracerProvider(resource=RESOURCE)
    provider.add_span_processor(ids)
    provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=65536,
                                                   max_export_batch_size=100))
    tracer = provider.get_tracer("e2e", "1.0")
    while len(ids.ids) < count:
        with tracer.start_as_current_span("parent", attributes={"text": "Жанна 東京", "n": 7}):
            with tracer.start_as_current_span("child") as child:
                child.add_event("happened", {"list": [1, 2, 3], "deep": "yes"})
    provider.force_flush()
    provider.shutdown()
    return ids.ids


def send_metrics(exporter, count):
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=3_600_000)
    provider = MeterProvider([reader], resource=RESOURCE)
    counter = provider.get_meter("e2e").create_counter("e2e.count", unit="{thing}")
    ids = [f"point-{number}" for number in range(count)]
    for id in ids:
        counter.add(3, {"id": id})
    provider.shutdown()  # collects and sends once
    return ids


def send_logs(exporter, count):
    from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
    provider = LoggerProvider(resource=RESOURCE)
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter, max_queue_size=65536))
    logger = logging.getLogger("e2e")
    logger.propagate = False
    logger.addHandler(LoggingHandler(logger_provider=provider))
    ids = [f"record-{number}" for number in range(count)]
    for id in ids:
        logger.warning(id)
    provider.force_flush()
    provider.shutdown()
    return ids


def main(protocol, compression, endpoint, count, signal="traces"):
    exporter = make_exporter(protocol, compression, endpoint, signal)
    send = {"traces": send_traces, "metrics": send_metrics, "logs": send_logs}[signal]
    print("\n".join(send(exporter, int(count))))


if __name__ == "__main__":
    main(*sys.argv[1:])
