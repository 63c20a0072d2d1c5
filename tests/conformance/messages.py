"""OTLP messages for the conformance lines, by the published Python classes."""
from google.rpc import error_details_pb2, status_pb2
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as logs
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as metrics
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as traces

RESPONSE = {
    "traces": traces.ExportTraceServiceResponse,
    "metrics": metrics.ExportMetricsServiceResponse,
    "logs": logs.ExportLogsServiceResponse,
}


def trace_request(spans=1, name="op", first=1, padding=0):
    request = traces.ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    attribute = resource.resource.attributes.add()
    attribute.key, attribute.value.string_value = "service.name", "conformance"
    scope = resource.scope_spans.add()
    scope.scope.name = "lines"
    for number in range(first, first + spans):
        span = scope.spans.add()
        span.trace_id = number.to_bytes(16, "big")
        span.span_id = number.to_bytes(8, "big")
        span.name = name + "x" * padding
        span.start_time_unix_nano, span.end_time_unix_nano = 1, 2
    return request


def metric_request(points=1):
    request = metrics.ExportMetricsServiceRequest()
    metric = request.resource_metrics.add().scope_metrics.add().metrics.add()
    metric.name = "requests"
    for number in range(points):
        point = metric.gauge.data_points.add()
        point.as_int, point.time_unix_nano = number, 5
    return request


def log_request(records=1):
    request = logs.ExportLogsServiceRequest()
    scope = request.resource_logs.add().scope_logs.add()
    for number in range(records):
        record = scope.log_records.add()
        record.body.string_value, record.time_unix_nano = f"line {number}", 7
    return request


def sample(signal):
    return {"traces": trace_request, "metrics": metric_request, "logs": log_request}[signal]()


def status_of(data):
    status = status_pb2.Status()
    status.ParseFromString(data)
    return status


def detail(status, kind):
    for packed in status.details:
        message = kind()
        if packed.Unpack(message):
            return message
    return None


def retry_info_status(code, message, seconds):
    status = status_pb2.Status(code=code, message=message)
    info = error_details_pb2.RetryInfo()
    info.retry_delay.FromNanoseconds(int(seconds * 1e9))
    status.details.add().Pack(info)
    return status.SerializeToString()


BadRequest = error_details_pb2.BadRequest
RetryInfo = error_details_pb2.RetryInfo
