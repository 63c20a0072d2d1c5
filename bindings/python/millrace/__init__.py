"""Millrace: an OpenTelemetry collector inside the process.

See README.md for an example. Any number of threads may use a Collector; a Span belongs to one.
"""
import ctypes
import os
import threading

from . import _c
from ._types import (Batching, Compression, Endpoint, Error, OnFull, Protocol, Severity, Signal,
                     SpanKind, Statistics, StatusCode, Temporality)
from ._values import Arena

__all__ = ["Batching", "Collector", "Compression", "Endpoint", "Error", "OnFull", "Protocol",
           "Severity", "Signal", "Span", "SpanKind", "Statistics", "StatusCode", "Temporality",
           "version"]

# Callbacks of collectors that ended while a call might still run: C may still return into them.
_left_alone = []

_library = None
_library_lock = threading.Lock()


def _lib():
    """Loads the library when it is first needed, so that importing the package never fails."""
    global _library
    with _library_lock:
        if _library is None:
            _library = _c.Library()
        return _library


def version():
    """The library's version."""
    return _lib().version().decode()


def _check(code, message=""):
    if code != 0:
        raise Error(_lib().code_name(code).decode(), message)


def _random(function, size):
    data = (ctypes.c_uint8 * size)()
    function(data)
    return bytes(data)


class Span:
    """A unit of work. `with` starts, ends and collects it. An exception that leaves the block is
    recorded as an event, and sets the status."""

    def __init__(self, collector, name, attributes=None, *, kind=SpanKind.INTERNAL, trace_id=None,
                 parent_span_id=None, start_time_unix_nano=None):
        library = _lib()
        self._collector = collector
        self.name = name
        self.kind = kind
        self.trace_id = trace_id or _random(library.random_trace_id, 16)
        self.span_id = _random(library.random_span_id, 8)
        self.parent_span_id = parent_span_id or bytes(8)
        self.start_time_unix_nano = start_time_unix_nano or library.now_unix_nano()
        self.attributes = dict(attributes or {})
        self.events = []
        self.links = []
        self.status = (StatusCode.UNSET, "")
        self.trace_state = ""
        self.flags = 0

    def child(self, name, attributes=None, **more):
        """Returns a child span of the same trace."""
        return Span(self._collector, name, attributes, trace_id=self.trace_id,
                    parent_span_id=self.span_id, **more)

    def set(self, key, value):
        self.attributes[key] = value
        return self

    def add_event(self, name, attributes=None, time_unix_nano=None):
        self.events.append((name, dict(attributes or {}), time_unix_nano or _lib().now_unix_nano()))
        return self

    def add_link(self, trace_id, span_id, attributes=None):
        self.links.append((trace_id, span_id, dict(attributes or {})))
        return self

    def set_status(self, code, message=""):
        self.status = (code, message)
        return self

    def end(self, end_time_unix_nano=None):
        """Collects the span. False: the buffer was full, and the span was not collected."""
        return self._collector._collect_span(self, end_time_unix_nano or _lib().now_unix_nano())

    def __enter__(self):
        return self

    def __exit__(self, kind, what, _):
        if kind is not None:
            self.add_event("exception", {"exception.type": kind.__qualname__,
                                         "exception.message": str(what)})
            self.set_status(StatusCode.ERROR, str(what))
        self.end()
        return False


class Collector:
    """millrace/config.h describes the settings. `exporter`, if given, is called with
    (Signal, item count, bytes of the Export…ServiceRequest) for each batch; None or True means
    delivered; False or an exception means that the batch is retried. `log` is called with
    (level, line), level 0 (debug) to 3 (error)."""

    def __init__(self, endpoint="http://localhost:4317", *, endpoints=(), service_name=None,
                 resource=None, scope=None, yaml=None, from_environment=False, exporter=None,
                 log=None, on_full=OnFull.REJECT, batching=None, batch_size=None,
                 batch_timeout_ms=None, buffer_capacity=None, buffer_bytes=None,
                 memory_budget_bytes=None, linger_ms=None, storage_directory=None,
                 storage_bytes_max=None, item_bytes_max=None, attribute_value_length_max=None,
                 shutdown_timeout=2.0):
        self._lib = _lib()
        self._handle = None
        self._shutdown_timeout = shutdown_timeout
        self._ended_well = False
        self._callbacks = []  # C calls these while the collector lives
        config = self._lib.config_new()
        if not config:
            raise MemoryError
        try:
            numbers = {"batch_size": batch_size, "batch_timeout_ms": batch_timeout_ms,
                       "buffer_capacity": buffer_capacity, "buffer_bytes": buffer_bytes,
                       "memory_budget_bytes": memory_budget_bytes, "linger_ms": linger_ms,
                       "item_bytes_max": item_bytes_max, "on_full": on_full, "batching": batching,
                       "storage_bytes_max": storage_bytes_max,
                       "attribute_value_length_max": attribute_value_length_max}
            for name, value in numbers.items():
                if value is not None:
                    _check(getattr(self._lib, "config_set_" + name)(config, value), name)
            if storage_directory is not None:
                path = os.fsencode(storage_directory)
                _check(self._lib.config_set_storage_directory(config, path))
            self._set_where_to(config, endpoint, endpoints)
            self._describe(config, service_name, resource, scope)
            if from_environment:
                self._explained(config, self._lib.config_from_environment(config))
            if yaml is not None:
                text = yaml.encode()
                self._explained(config, self._lib.config_from_yaml(config, text, len(text)))
            if exporter is not None:
                self._add_exporter(config, exporter)
            if log is not None:
                function = _c.LogFunction(
                    lambda _, level, line, size: log(level, line[:size].decode(errors="replace")))
                self._callbacks.append(function)
                _check(self._lib.config_set_log(config, function, None))
            handle = ctypes.c_void_p()
            self._explained(config, self._lib.create(config, ctypes.byref(handle)))
            self._handle = handle
        finally:
            self._lib.config_free(config)

    def _explained(self, config, code):
        _check(code, self._lib.config_message(config).decode() if code else "")

    def _set_where_to(self, config, endpoint, endpoints):
        first = endpoint if isinstance(endpoint, Endpoint) else Endpoint(endpoint or "")
        _check(self._lib.config_set_endpoint(config, first.url.encode()))
        self._fill(self._lib.config_endpoint(config), first)
        for one in endpoints:
            one = one if isinstance(one, Endpoint) else Endpoint(one)
            self._fill(self._lib.config_add_endpoint(config, one.url.encode()), one)

    def _fill(self, handle, endpoint):
        library = self._lib
        _check(library.endpoint_set_protocol(handle, endpoint.protocol), "protocol")
        _check(library.endpoint_set_compression(handle, endpoint.compression), "compression")
        for name, value in endpoint.headers.items():
            _check(library.endpoint_add_header(handle, name.encode(), value.encode()))
        if endpoint.ca_file is not None:
            _check(library.endpoint_set_ca_file(handle, endpoint.ca_file.encode()))
        if endpoint.certificate_file is not None:
            _check(library.endpoint_set_certificate(handle, endpoint.certificate_file.encode(),
                                                    (endpoint.key_file or "").encode()))
        if endpoint.server_name is not None:
            _check(library.endpoint_set_server_name(handle, endpoint.server_name.encode()))
        _check(library.endpoint_set_skip_verification(handle, int(endpoint.skip_verification)))
        _check(library.endpoint_set_required(handle, int(endpoint.required)))
        if endpoint.timeout_ms is not None:
            _check(library.endpoint_set_timeout_ms(handle, endpoint.timeout_ms))
        if endpoint.concurrency_max is not None:
            _check(library.endpoint_set_concurrency_max(handle, endpoint.concurrency_max))
        if endpoint.retry_ms is not None:
            _check(library.endpoint_set_retry(handle, *endpoint.retry_ms))

    def _describe(self, config, service_name, resource, scope):
        if service_name is not None:
            _check(self._lib.config_set_service_name(config, service_name.encode()))
        if scope is not None:
            name, scope_version = scope if isinstance(scope, tuple) else (scope, "")
            _check(self._lib.config_set_scope(config, name.encode(), scope_version.encode()))
        for key, thing in (resource or {}).items():
            arena = Arena()
            value = arena.value(thing)
            _check(self._lib.config_add_resource_attribute(config, key.encode(),
                                                           ctypes.byref(value)))

    def _add_exporter(self, config, exporter):
        library = self._lib

        def export(_, batch, timeout_ms, outcome):
            try:
                size = library.batch_byte_count(batch)
                data = ctypes.create_string_buffer(size or 1)
                library.batch_copy(batch, data, size)
                answer = exporter(Signal(library.batch_signal(batch)),
                                  library.batch_item_count(batch), data.raw[:size])
                return 1 if answer is False else 0
            except Exception as why:  # noqa: BLE001  no Python exception may pass through C
                outcome.contents.message = str(why).encode(errors="replace")[:255]
                return 1

        functions = _c.Exporter()
        functions.struct_size = ctypes.sizeof(functions)
        functions.name = b"python"
        functions.export_batch = _c.ExportFunction(export)
        self._callbacks.append(functions)
        _check(library.config_add_exporter(config, ctypes.byref(functions)))

    # ------------------------------------------------------------------------------- collecting

    def span(self, name, attributes=None, **more):
        """Returns a root span, for `with` or to be ended by its end(); see Span."""
        return Span(self, name, attributes, **more)

    def _collect_span(self, span, end_time_unix_nano):
        arena = Arena()
        c = _c.Span()
        c.struct_size = ctypes.sizeof(c)
        c.trace_id[:] = span.trace_id
        c.span_id[:] = span.span_id
        c.parent_span_id[:] = span.parent_span_id
        c.name = arena.text(span.name)
        c.trace_state = arena.text(span.trace_state)
        c.kind, c.flags = span.kind, span.flags
        c.start_time_unix_nano, c.end_time_unix_nano = span.start_time_unix_nano, end_time_unix_nano
        c.attributes, c.attribute_count = arena.attributes(span.attributes), len(span.attributes)
        events = [_c.SpanEvent(time, arena.text(name), arena.attributes(attributes),
                               len(attributes)) for name, attributes, time in span.events]
        c.events, c.event_count = arena.structures(_c.SpanEvent, events), len(events)
        links = [_c.SpanLink((ctypes.c_uint8 * 16)(*trace_id), (ctypes.c_uint8 * 8)(*span_id),
                             arena.text(""), arena.attributes(attributes), len(attributes))
                 for trace_id, span_id, attributes in span.links]
        c.links, c.link_count = arena.structures(_c.SpanLink, links), len(links)
        c.status_code, c.status_message = span.status[0], arena.text(span.status[1])
        return self._taken(self._lib.collect_span(self._open(), ctypes.byref(c)))

    def log(self, body, severity=Severity.INFO, attributes=None, *, span=None, event_name=""):
        """Collects a log record, with the ids of `span` if given. False: the buffer was full."""
        arena = Arena()
        c = _c.LogRecord()
        c.struct_size = ctypes.sizeof(c)
        c.time_unix_nano = c.observed_time_unix_nano = self._lib.now_unix_nano()
        c.severity, c.body = severity, arena.value(body)
        c.attributes, c.attribute_count = arena.attributes(attributes), len(attributes or {})
        c.event_name = arena.text(event_name)
        if span is not None:
            c.trace_id[:] = span.trace_id
            c.span_id[:] = span.span_id
        return self._taken(self._lib.collect_log(self._open(), ctypes.byref(c)))

    def gauge(self, name, value, attributes=None, *, unit="", description=""):
        """Collects one point of a gauge."""
        return self._metric(0, name, attributes, unit, description, value=value)

    def sum(self, name, value, attributes=None, *, unit="", description="", is_monotonic=True,
            temporality=Temporality.CUMULATIVE, start_time_unix_nano=0):
        """Collects one point of a sum: by default the total since the collector was created."""
        return self._metric(1, name, attributes, unit, description, value=value,
                            is_monotonic=int(is_monotonic), temporality=temporality,
                            start_time_unix_nano=start_time_unix_nano)

    def histogram(self, name, count, sum=None, attributes=None, *, min=None, max=None, bounds=(),
                  bucket_counts=(), unit="", description="", temporality=Temporality.CUMULATIVE,
                  start_time_unix_nano=0):
        """Collects one point of a histogram: one more bucket count than bounds, or neither."""
        known = {"sum": sum, "min": min, "max": max}
        optional = {name: value for name, value in known.items() if value is not None}
        return self._metric(2, name, attributes, unit, description, count=count,
                            temporality=temporality, start_time_unix_nano=start_time_unix_nano,
                            bucket_counts=(ctypes.c_uint64 * len(bucket_counts))(*bucket_counts),
                            bucket_count=len(bucket_counts),
                            explicit_bounds=(ctypes.c_double * len(bounds))(*bounds),
                            bound_count=len(bounds), **optional,
                            **{"has_" + name: 1 for name in optional})

    def _metric(self, kind, name, attributes, unit, description, value=0, **fields):
        arena = Arena()
        c = _c.MetricPoint()
        c.struct_size = ctypes.sizeof(c)
        c.kind, c.temporality = kind, Temporality.CUMULATIVE
        c.name, c.unit = arena.text(name), arena.text(unit)
        c.description = arena.text(description)
        c.time_unix_nano = self._lib.now_unix_nano()
        c.attributes, c.attribute_count = arena.attributes(attributes), len(attributes or {})
        c.value = arena.value(value)
        for field, what in fields.items():
            setattr(c, field, what)
        return self._taken(self._lib.collect_metric(self._open(), ctypes.byref(c)))

    def _taken(self, code):
        """False for a full buffer, which is only counted; an exception for every other error."""
        if code == 1:
            return False
        _check(code)
        return True

    # ----------------------------------------------------------------------------------- ending

    def _open(self):
        if self._handle is None:
            raise Error("SHUT_DOWN", "the collector is closed")
        return self._handle

    def flush(self, timeout=10.0):
        """False when not everything was answered within that many seconds."""
        return self._in_time(self._lib.flush(self._open(), int(timeout * 1000)))

    def shutdown(self, timeout=None):
        """False when something had to be dropped. Statistics stay available."""
        seconds = self._shutdown_timeout if timeout is None else timeout
        self._ended_well = self._in_time(self._lib.shutdown(self._open(), int(seconds * 1000)))
        return self._ended_well

    def _in_time(self, code):
        if code == 5:
            return False
        _check(code)
        return True

    def close(self):
        """Ends the collector and its thread. A `with` block does so after shutdown()."""
        if self._handle is not None:
            handle, self._handle = self._handle, None
            self._lib.destroy(handle)
            if not self._ended_well:
                _left_alone.extend(self._callbacks)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.close()

    def __del__(self):
        if getattr(self, "_handle", None) is not None:
            self.close()

    def statistics(self):
        """Returns a snapshot; see Statistics."""
        snapshot = self._lib.statistics_of(self._open())
        if not snapshot:
            raise MemoryError
        try:
            totals = _c.Totals()
            totals.struct_size = ctypes.sizeof(totals)
            _check(self._lib.statistics_totals(snapshot, ctypes.byref(totals)))
            return Statistics(totals.collected, totals.refused, totals.exported, totals.failed,
                              totals.queued, self._reasons(totals.dropped), bool(totals.balances),
                              self._destinations(snapshot), totals.repaired_texts,
                              totals.truncated_values, totals.skipped_attributes)
        finally:
            self._lib.statistics_free(snapshot)

    def _reasons(self, counts):
        return {self._lib.drop_reason_name(reason).decode(): count
                for reason, count in enumerate(counts) if count}

    def _destinations(self, snapshot):
        found = []
        for index in range(self._lib.statistics_destination_count(snapshot)):
            one = _c.DestinationStatistics()
            one.struct_size = ctypes.sizeof(one)
            _check(self._lib.statistics_destination(snapshot, index, ctypes.byref(one)))
            found.append({"name": one.name.decode(), "signal": Signal(one.signal),
                          "delivered": one.delivered, "rejected_by_peer": one.rejected_by_peer,
                          "filtered": one.filtered, "queued": one.queued, "retries": one.retries,
                          "recovered": one.recovered,
                          "dropped": self._reasons(one.dropped),
                          "last_error": one.last_error.decode(errors="replace")})
        return found
