"""The C interface for ctypes: structures and functions of millrace.h, nothing else."""
import ctypes
import ctypes.util
import os
from ctypes import (CFUNCTYPE, POINTER, Structure, Union, c_char, c_char_p, c_double, c_int,
                    c_int32, c_int64, c_size_t, c_uint8, c_uint32, c_uint64, c_void_p)

SONAME = "libmillrace.so.0.1"
DROP_REASON_ROOM = 16


class Text(Structure):
    _fields_ = [("data", c_void_p), ("size", c_size_t)]


class Array(Structure):
    _fields_ = [("items", c_void_p), ("count", c_size_t)]


class As(Union):
    _fields_ = [("text", Text), ("boolean", c_uint64), ("integer", c_int64), ("number", c_double),
                ("array", Array), ("map", Array)]


class Value(Structure):
    _fields_ = [("type", c_uint32), ("reserved", c_uint32), ("as_", As)]


class Attribute(Structure):
    _fields_ = [("key", Text), ("value", Value)]


class SpanEvent(Structure):
    _fields_ = [("time_unix_nano", c_uint64), ("name", Text), ("attributes", POINTER(Attribute)),
                ("attribute_count", c_size_t), ("dropped_attributes_count", c_uint32),
                ("reserved", c_uint32)]


class SpanLink(Structure):
    _fields_ = [("trace_id", c_uint8 * 16), ("span_id", c_uint8 * 8), ("trace_state", Text),
                ("attributes", POINTER(Attribute)), ("attribute_count", c_size_t),
                ("dropped_attributes_count", c_uint32), ("flags", c_uint32)]


class Span(Structure):
    _fields_ = [("struct_size", c_size_t), ("trace_id", c_uint8 * 16), ("span_id", c_uint8 * 8),
                ("parent_span_id", c_uint8 * 8), ("trace_state", Text), ("name", Text),
                ("kind", c_uint32), ("flags", c_uint32), ("start_time_unix_nano", c_uint64),
                ("end_time_unix_nano", c_uint64), ("attributes", POINTER(Attribute)),
                ("attribute_count", c_size_t), ("events", POINTER(SpanEvent)),
                ("event_count", c_size_t), ("links", POINTER(SpanLink)), ("link_count", c_size_t),
                ("dropped_attributes_count", c_uint32), ("dropped_events_count", c_uint32),
                ("dropped_links_count", c_uint32), ("status_code", c_uint32),
                ("status_message", Text)]


class LogRecord(Structure):
    _fields_ = [("struct_size", c_size_t), ("time_unix_nano", c_uint64),
                ("observed_time_unix_nano", c_uint64), ("severity", c_uint32), ("flags", c_uint32),
                ("severity_text", Text), ("body", Value), ("attributes", POINTER(Attribute)),
                ("attribute_count", c_size_t), ("trace_id", c_uint8 * 16), ("span_id", c_uint8 * 8),
                ("event_name", Text), ("dropped_attributes_count", c_uint32),
                ("reserved", c_uint32)]


class ExponentialBuckets(Structure):
    _fields_ = [("offset", c_int32), ("reserved", c_uint32), ("bucket_counts", POINTER(c_uint64)),
                ("bucket_count", c_size_t)]


class Quantile(Structure):
    _fields_ = [("quantile", c_double), ("value", c_double)]


class Exemplar(Structure):
    _fields_ = [("time_unix_nano", c_uint64), ("value", Value), ("trace_id", c_uint8 * 16),
                ("span_id", c_uint8 * 8), ("filtered_attributes", POINTER(Attribute)),
                ("filtered_attribute_count", c_size_t)]


class MetricPoint(Structure):
    _fields_ = [("struct_size", c_size_t), ("kind", c_uint32), ("temporality", c_uint32),
                ("name", Text), ("description", Text), ("unit", Text),
                ("start_time_unix_nano", c_uint64), ("time_unix_nano", c_uint64),
                ("attributes", POINTER(Attribute)), ("attribute_count", c_size_t),
                ("flags", c_uint32), ("is_monotonic", c_uint32), ("value", Value),
                ("count", c_uint64), ("sum", c_double), ("min", c_double), ("max", c_double),
                ("has_sum", c_uint32), ("has_min", c_uint32), ("has_max", c_uint32),
                ("reserved", c_uint32), ("bucket_counts", POINTER(c_uint64)),
                ("bucket_count", c_size_t), ("explicit_bounds", POINTER(c_double)),
                ("bound_count", c_size_t), ("scale", c_int32), ("reserved2", c_uint32),
                ("zero_count", c_uint64), ("zero_threshold", c_double),
                ("positive", ExponentialBuckets), ("negative", ExponentialBuckets),
                ("quantiles", POINTER(Quantile)), ("quantile_count", c_size_t),
                ("exemplars", POINTER(Exemplar)), ("exemplar_count", c_size_t)]


class ExportOutcome(Structure):
    _fields_ = [("struct_size", c_size_t), ("rejected_count", c_uint64),
                ("retry_after_ms", c_uint32), ("reserved", c_uint32), ("message", c_char * 256)]


ExportFunction = CFUNCTYPE(c_uint32, c_void_p, c_void_p, c_uint64, POINTER(ExportOutcome))
ContextFunction = CFUNCTYPE(None, c_void_p)
LogFunction = CFUNCTYPE(None, c_void_p, c_uint32, POINTER(c_char), c_size_t)


class Exporter(Structure):
    _fields_ = [("struct_size", c_size_t), ("name", c_char_p), ("context", c_void_p),
                ("export_batch", ExportFunction), ("shutdown", ContextFunction),
                ("destroy", ContextFunction)]


class Totals(Structure):
    _fields_ = [("struct_size", c_size_t), ("collected", c_uint64), ("refused", c_uint64),
                ("exported", c_uint64), ("failed", c_uint64), ("queued", c_uint64),
                ("dropped", c_uint64 * DROP_REASON_ROOM), ("repaired_texts", c_uint64),
                ("corrected_times", c_uint64), ("truncated_values", c_uint64),
                ("skipped_attributes", c_uint64), ("exporter_exceptions", c_uint64),
                ("buffer_bytes", c_uint64), ("thread_count", c_uint64), ("balances", c_uint32),
                ("reserved", c_uint32)]


class DestinationStatistics(Structure):
    _fields_ = [("struct_size", c_size_t), ("name", c_char_p), ("last_error", c_char_p),
                ("signal", c_uint32), ("reserved", c_uint32), ("delivered", c_uint64),
                ("rejected_by_peer", c_uint64), ("filtered", c_uint64), ("queued", c_uint64),
                ("retries", c_uint64), ("dropped", c_uint64 * DROP_REASON_ROOM),
                ("recovered", c_uint64)]


# By their names in the header, for the test that compares sizes.
STRUCTURES = {"text": Text, "value": Value, "attribute": Attribute, "span_event": SpanEvent,
              "span_link": SpanLink, "span": Span, "log_record": LogRecord,
              "exponential_buckets": ExponentialBuckets, "quantile": Quantile,
              "exemplar": Exemplar, "metric_point": MetricPoint, "export_outcome": ExportOutcome,
              "exporter": Exporter, "totals": Totals,
              "destination_statistics": DestinationStatistics}

_HANDLE = c_void_p
_FUNCTIONS = {
    "code_name": (c_char_p, [c_uint32]),
    "version": (c_char_p, []),
    "now_unix_nano": (c_uint64, []),
    "random_trace_id": (None, [POINTER(c_uint8)]),
    "random_span_id": (None, [POINTER(c_uint8)]),
    "config_new": (_HANDLE, []),
    "config_free": (None, [_HANDLE]),
    "config_message": (c_char_p, [_HANDLE]),
    "config_from_environment": (c_uint32, [_HANDLE]),
    "config_from_yaml": (c_uint32, [_HANDLE, c_char_p, c_size_t]),
    "config_set_batch_size": (c_uint32, [_HANDLE, c_uint32]),
    "config_set_batch_timeout_ms": (c_uint32, [_HANDLE, c_uint32]),
    "config_set_buffer_capacity": (c_uint32, [_HANDLE, c_uint64]),
    "config_set_buffer_bytes": (c_uint32, [_HANDLE, c_size_t]),
    "config_set_memory_budget_bytes": (c_uint32, [_HANDLE, c_size_t]),
    "config_set_on_full": (c_uint32, [_HANDLE, c_uint32]),
    "config_set_batching": (c_uint32, [_HANDLE, c_uint32]),
    "config_set_linger_ms": (c_uint32, [_HANDLE, c_uint32]),
    "config_set_storage_directory": (c_uint32, [_HANDLE, c_char_p]),
    "config_set_storage_bytes_max": (c_uint32, [_HANDLE, c_uint64]),
    "config_set_item_bytes_max": (c_uint32, [_HANDLE, c_size_t]),
    "config_set_attribute_value_length_max": (c_uint32, [_HANDLE, c_uint32]),
    "config_set_service_name": (c_uint32, [_HANDLE, c_char_p]),
    "config_set_scope": (c_uint32, [_HANDLE, c_char_p, c_char_p]),
    "config_set_endpoint": (c_uint32, [_HANDLE, c_char_p]),
    "config_endpoint": (_HANDLE, [_HANDLE]),
    "config_add_endpoint": (_HANDLE, [_HANDLE, c_char_p]),
    "config_set_log": (c_uint32, [_HANDLE, LogFunction, c_void_p]),
    "config_add_resource_attribute": (c_uint32, [_HANDLE, c_char_p, POINTER(Value)]),
    "config_add_exporter": (c_uint32, [_HANDLE, POINTER(Exporter)]),
    "endpoint_set_protocol": (c_uint32, [_HANDLE, c_uint32]),
    "endpoint_add_header": (c_uint32, [_HANDLE, c_char_p, c_char_p]),
    "endpoint_set_compression": (c_uint32, [_HANDLE, c_uint32]),
    "endpoint_set_ca_file": (c_uint32, [_HANDLE, c_char_p]),
    "endpoint_set_certificate": (c_uint32, [_HANDLE, c_char_p, c_char_p]),
    "endpoint_set_server_name": (c_uint32, [_HANDLE, c_char_p]),
    "endpoint_set_skip_verification": (c_uint32, [_HANDLE, c_int]),
    "endpoint_set_timeout_ms": (c_uint32, [_HANDLE, c_uint32]),
    "endpoint_set_required": (c_uint32, [_HANDLE, c_int]),
    "endpoint_set_concurrency_max": (c_uint32, [_HANDLE, c_uint32]),
    "endpoint_set_retry": (c_uint32, [_HANDLE, c_uint32, c_uint32, c_uint32]),
    "create": (c_uint32, [_HANDLE, POINTER(_HANDLE)]),
    "collect_span": (c_uint32, [_HANDLE, POINTER(Span)]),
    "collect_log": (c_uint32, [_HANDLE, POINTER(LogRecord)]),
    "collect_metric": (c_uint32, [_HANDLE, POINTER(MetricPoint)]),
    "flush": (c_uint32, [_HANDLE, c_uint64]),
    "shutdown": (c_uint32, [_HANDLE, c_uint64]),
    "destroy": (None, [_HANDLE]),
    "batch_signal": (c_uint32, [_HANDLE]),
    "batch_item_count": (c_uint32, [_HANDLE]),
    "batch_byte_count": (c_size_t, [_HANDLE]),
    "batch_copy": (c_size_t, [_HANDLE, c_void_p, c_size_t]),
    "drop_reason_name": (c_char_p, [c_uint32]),
    "statistics_of": (_HANDLE, [_HANDLE]),
    "statistics_free": (None, [_HANDLE]),
    "statistics_totals": (c_uint32, [_HANDLE, POINTER(Totals)]),
    "statistics_destination_count": (c_size_t, [_HANDLE]),
    "statistics_destination": (c_uint32, [_HANDLE, c_size_t, POINTER(DestinationStatistics)]),
}


class Library:
    """Loads libmillrace.so; its functions are attributes without their prefix."""

    def __init__(self):
        self._loaded = _load()
        for name, (result, arguments) in _FUNCTIONS.items():
            function = getattr(self._loaded, "millrace_" + name)
            function.restype, function.argtypes = result, arguments
            setattr(self, name, function)


def _load():
    here = os.path.join(os.path.dirname(os.path.abspath(__file__)), SONAME)
    named = os.environ.get("MILLRACE_LIBRARY")
    candidates = [named] if named else [here, SONAME, ctypes.util.find_library("millrace")]
    complaints = []
    for candidate in filter(None, candidates):
        try:
            return ctypes.CDLL(candidate)
        except OSError as why:
            complaints.append(str(why))
    raise ImportError("libmillrace is not found; set MILLRACE_LIBRARY to its path. Tried: " +
                      "; ".join(complaints))
