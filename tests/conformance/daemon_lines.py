"""The program: configurations, its pages, its own metrics, its end."""
import json
import signal
import subprocess
import tempfile
import threading

from hyperframe.frame import GoAwayFrame

from collector import BINARY, Collector, free_port, page, wait_until
from messages import sample, trace_request
from peers import GrpcPeer
from table import shows
from wire import Frames, H2Client, http_request

NOP = {"nop": None}
MESSAGE = trace_request().SerializeToString()
PATH = {"traces": "/v1/traces", "metrics": "/v1/metrics", "logs": "/v1/logs"}
ITEMS = {"traces": "spans", "metrics": "metric_points", "logs": "log_records"}


def hanging(peer, **more):
    return {"otlp": {"endpoint": f"127.0.0.1:{peer.port}", "tls": {"insecure": True}, "timeout": "60s", **more}}


@shows(role="daemon")
def two_configurations_are_merged_the_later_over_the_earlier():
    other = free_port()
    second = {"receivers": {"otlp": {"protocols": {"http": {"endpoint": f"127.0.0.1:{other}"}}}},
              "exporters": {"debug": {"verbosity": "basic"}},
              "service": {"pipelines": {"traces": {"exporters": ["nop", "debug"]}}}}
    with Collector(NOP, more=[second]) as collector:
        assert http_request(other, "/v1/traces", MESSAGE).status == 200
        assert http_request(other, "/v1/logs", sample("logs").SerializeToString()).status == 200
        wait_until(lambda: collector.metric("otelcol_exporter_sent_spans", exporter="debug") == 1, what="debug's span")
        # A list is replaced, a map is merged: logs still go to nop alone.
        assert not [s for s in collector.metrics() if "debug" in s and "log_records" in s]


@shows(role="daemon")
def bash_completes_commands_and_flags():
    def completed(*words):
        script = f'source <("{BINARY}" completion bash); COMP_WORDS=({" ".join(words)}); ' \
                 f'COMP_CWORD={len(words) - 1}; _millrace; echo "${{COMPREPLY[*]}}"'
        return subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=20, check=True).stdout
    assert completed("millrace", "val").split() == ["validate"]
    assert completed("millrace", "print-config", "--fo").split() == ["--format"]
    assert {"--config", "generate", "sink"} <= set(completed("millrace", "''").split())


@shows(role="daemon")
def mistaken_configuration_is_named_with_its_place():
    text = "receivers: {otlp: {protocols: {grpc: {endpont: 'localhost:1'}}}}\nexporters: {nop: }\n" \
           "service: {pipelines: {traces: {receivers: [otlp], exporters: [nop]}}}\n"
    done = subprocess.run([BINARY, "--config", "yaml:" + text], capture_output=True, text=True, timeout=20)
    assert done.returncode == 1 and "endpont" in done.stderr and "endpoint" in done.stderr, done.stderr
    done = subprocess.run([BINARY, "validate", "--config", "yaml:" + text], capture_output=True, text=True, timeout=20)
    assert done.returncode == 1 and "endpont" in done.stderr, done.stderr


@shows(role="daemon")
def port_that_is_taken_is_named():
    with Collector(NOP) as first:
        config = json.dumps({**first.config, "receivers": {"otlp": {"protocols": {"grpc": {
            "endpoint": f"127.0.0.1:{first.metrics_port}"}}}}})
        done = subprocess.run([BINARY, "--config", "yaml:" + config], capture_output=True, text=True, timeout=20)
        assert done.returncode == 1 and str(first.metrics_port) in done.stderr and "in use" in done.stderr, done.stderr


@shows(role="daemon")
def health_check_tells_of_service_and_of_the_drain():
    port, strict = free_port(), free_port()
    extra = {"extensions": {"health_check": {"endpoint": f"127.0.0.1:{port}"},
                            "health_check/strict": {"endpoint": f"127.0.0.1:{strict}", "require": ["queues"]}},
             "service/extensions": ["health_check", "health_check/strict"]}
    with GrpcPeer(lambda r, n: "hang") as peer:
        exporter = hanging(peer, sending_queue={"queue_size": 1})
        with Collector(exporter, extra=extra) as collector:
            status, body = page(port, "/")
            assert status == 200 and json.loads(body)["status"] == "Server available"
            assert {"upSince", "uptime"} <= set(json.loads(body))
            assert page(port, "/livez")[0] == 200 and page(port, "/readyz")[0] == 200
            assert page(port, "/nothing")[0] == 404 and page(port, "/", "POST")[0] == 405
            assert http_request(collector.http_port, "/v1/traces", MESSAGE).status == 200
            # A full queue of one signal: alive and ready, but not ready where queues are required.
            status, body = page(strict, "/readyz?verbose")
            assert status == 503 and "full" in json.loads(body)["reasons"][0], body
            assert json.loads(body)["destinations"][0]["queueSize"] == 1
            status, body = page(port, "/readyz?verbose")
            assert status == 200 and "full" in json.loads(body)["receivers"][0]["refusals"][0], body
            # Full queues of all signals: no request can be admitted.
            for signal_name in ("metrics", "logs"):
                assert http_request(collector.http_port, PATH[signal_name], sample(signal_name).SerializeToString()).status == 200
            status, body = page(port, "/readyz")
            assert status == 503 and json.loads(body)["reasons"][0] == "no receiver accepts data", body
            assert page(port, "/")[0] == 200 and page(port, "/livez")[0] == 200
            collector.signal()
            wait_until(lambda: page(port, "/")[0] == 503, what="a page that reports the drain")
            assert json.loads(page(port, "/")[1])["status"] == "Server not available"


@shows(role="daemon")
def metrics_have_otelcols_names_and_labels():
    with GrpcPeer() as peer:
        processors = {"memory_limiter": {"check_interval": "1s", "limit_mib": 200},
                      "attributes": {"actions": [{"key": "k", "value": "v", "action": "upsert"}]},
                      "batch": {"timeout": "10ms"}}
        with Collector(hanging(peer), processors=processors) as collector:
            with H2Client(collector.grpc_port) as client:
                for signal_name in PATH:
                    assert client.grpc(signal_name, sample(signal_name).SerializeToString()).grpc_status == 0
                    assert http_request(collector.http_port, PATH[signal_name],
                                        sample(signal_name).SerializeToString()).status == 200
            for items in ITEMS.values():
                wait_until(lambda: collector.metric(f"otelcol_exporter_sent_{items}") == 2, what=f"{items} sent")
            series = collector.metrics()
    expected = {"otelcol_process_cpu_seconds", "otelcol_process_uptime", "otelcol_process_memory_rss",
                "otelcol_process_runtime_heap_alloc_bytes", "otelcol_process_runtime_total_sys_memory_bytes"}
    for signal_name, items in ITEMS.items():
        for outcome, count in (("accepted", 1), ("refused", 0), ("failed", 0)):
            for transport in ("grpc", "http"):  # the labels sorted, as Prometheus' clients write them
                name = f'otelcol_receiver_{outcome}_{items}{{receiver="otlp",transport="{transport}"}}'
                assert series.get(name) == count, name
        expected.add(f'otelcol_processor_memory_limiter_accepted_{items}{{processor="memory_limiter"}}')
        for direction in ("incoming", "outgoing"):
            name = f'otelcol_processor_{direction}_items{{otel_signal="{signal_name}",processor="attributes"}}'
            assert series.get(name) == 2, name
        for outcome in ("sent", "send_failed"):
            expected.add(f'otelcol_exporter_{outcome}_{items}{{exporter="otlp",server_address="127.0.0.1",'
                         f'server_port="{peer.port}"}}')
        expected.add(f'otelcol_exporter_enqueue_failed_{items}{{exporter="otlp"}}')
        for gauge in ("queue_size", "queue_capacity", "in_flight_requests"):
            expected.add(f'otelcol_exporter_{gauge}{{data_type="{signal_name}",exporter="otlp"}}')
    expected |= {'otelcol_processor_batch_batch_send_size_count{processor="batch"}',
                 'otelcol_processor_batch_batch_send_size_bucket{processor="batch",le="+Inf"}'}
    assert expected <= set(series), sorted(expected - set(series))
    info = [name for name in series if name.startswith("target_info{")]
    assert len(info) == 1 and 'service_name="millrace"' in info[0], info
    assert "service_instance_id=" in info[0] and "service_version=" in info[0], info


@shows(role="daemon")
def counters_end_in_total_when_the_reader_asks_for_it():
    port = free_port()
    reader = {"host": "127.0.0.1", "port": port, "without_type_suffix": False}
    extra = {"service/telemetry": {"metrics": {"readers": [{"pull": {"exporter": {"prometheus": reader}}}]}}}
    with Collector(NOP, extra=extra) as collector:
        assert http_request(collector.http_port, "/v1/traces", MESSAGE).status == 200
        _, text = page(port, "/metrics")
        assert 'otelcol_receiver_accepted_spans_total{receiver="otlp",transport="http"} 1' in text, text
        assert "otelcol_exporter_queue_size{" in text and "queue_size_total" not in text


@shows(21, role="daemon")
def sigterm_drains_and_says_that_the_ledger_balances():
    opened = threading.Event()

    def script(received, number):
        opened.wait(60)
        return {}

    with GrpcPeer(script) as peer, Collector(hanging(peer)) as collector:
        for number in range(1, 21):
            message = trace_request(first=number).SerializeToString()
            assert http_request(collector.http_port, "/v1/traces", message).status == 200
        collector.signal()
        wait_until(lambda: "stopping" in collector.output(), what="the line about the stop")
        opened.set()
        assert collector.process.wait(20) == 0
        ledger = collector.ledger()
        assert ledger["admitted"] == ledger["delivered"] == 20 and ledger["balance"] == "ok", ledger
        assert ledger["held"] == ledger["dropped"] == 0


@shows(role="daemon")
def senders_under_way_are_answered_before_the_end():
    with Collector(NOP) as collector:
        client = Frames(collector.grpc_port)
        client.start_export(1)
        client.finish_export(1, MESSAGE)
        assert client.read_status(1) == 0  # served, not only in the kernel's backlog
        client.start_export(3)
        collector.signal()
        while not isinstance(frame := client.read(), GoAwayFrame):
            assert frame is not None
        client.finish_export(3, MESSAGE)
        assert client.read_status(3) == 0
        client.close()
        assert collector.process.wait(20) == 0 and collector.ledger()["delivered"] == 2


@shows(role="daemon")
def second_sigterm_ends_at_once_and_still_accounts():
    with GrpcPeer(lambda r, n: "hang") as peer, Collector(hanging(peer)) as collector:
        for number in range(1, 6):
            message = trace_request(first=number).SerializeToString()
            assert http_request(collector.http_port, "/v1/traces", message).status == 200
        collector.signal()
        wait_until(lambda: "stopping" in collector.output(), what="the line about the stop")
        collector.signal()
        assert collector.process.wait(20) == 3
        ledger = collector.ledger()
        assert ledger["admitted"] == 5 and ledger["held"] + ledger["dropped"] == 5, ledger
        assert ledger["balance"] == "ok"


@shows(role="daemon")
def sighup_ends_nothing():
    with Collector(NOP) as collector:
        collector.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "SIGHUP" in collector.output(), what="the line about it")
        assert http_request(collector.http_port, "/v1/traces", MESSAGE).status == 200


def failover_extra(storage_in=None, **connector):
    """Traces through a failover to otlp/near, then to otlp/far."""
    extra = {"connectors": {"failover": {"priority_levels": [["traces/near"], ["traces/far"]], **connector}},
             "service/pipelines": {"traces": {"receivers": ["otlp"], "exporters": ["failover"]},
                                   "traces/near": {"receivers": ["failover"], "exporters": ["otlp/near"]},
                                   "traces/far": {"receivers": ["failover"], "exporters": ["otlp/far"]}}}
    if storage_in is not None:
        extra["extensions"] = {"file_storage": {"directory": storage_in}}
        extra["service/extensions"] = ["file_storage"]
    return extra


@shows(role="daemon")
def failover_takes_over_what_is_queued_and_comes_back():
    dead = threading.Event()
    dead.set()
    with GrpcPeer(lambda r, n: {"status": 14, "message": "dead"} if dead.is_set() else {}) as near, GrpcPeer() as far:
        retry = {"retry_on_failure": {"initial_interval": "100ms", "max_interval": "200ms", "max_elapsed_time": "60s"}}
        single = {"sending_queue": {"num_consumers": 1, "batch": {"min_size": 1, "max_size": 1}}}
        exporters = {"otlp/near": hanging(near, **retry, **single)["otlp"], "otlp/far": hanging(far, **single)["otlp"]}
        extra = failover_extra(retry_interval="300ms")
        with Collector(exporters, extra=extra) as collector:
            def send(number):
                message = trace_request(first=number).SerializeToString()
                assert http_request(collector.http_port, "/v1/traces", message).status == 200
            for number in range(1, 21):
                send(number)
            wait_until(lambda: collector.metric("otelcol_exporter_sent_spans", exporter="otlp/far") == 20,
                       what="everything at the far back end")
            dead.clear()
            sent = 20
            while collector.metric("otelcol_exporter_sent_spans", exporter="otlp/near") == 0:
                sent += 1
                assert sent < 2000, "it never returns to the near back end"
                send(sent)
            wait_until(lambda: collector.metric("otelcol_exporter_sent_spans", exporter="failover") == sent,
                       what="all delivered")
            assert (collector.metric("otelcol_exporter_sent_spans", exporter="otlp/near")
                    + collector.metric("otelcol_exporter_sent_spans", exporter="otlp/far")) == sent


@shows(role="daemon")
def what_a_failovers_level_had_on_disk_is_taken_over_after_a_kill():
    with tempfile.TemporaryDirectory() as folder, GrpcPeer() as far:
        dead = threading.Event()
        with GrpcPeer(lambda r, n: {"status": 14, "message": "dead"} if dead.is_set() else "hang") as near:
            retry = {"retry_on_failure": {"initial_interval": "100ms", "max_interval": "200ms", "max_elapsed_time": 0}}
            stored = {"sending_queue": {"storage": "file_storage", "batch": {"min_size": 1, "max_size": 1}}}
            exporters = {"otlp/near": hanging(near, **retry, **stored)["otlp"], "otlp/far": hanging(far)["otlp"]}
            extra = failover_extra(storage_in=folder)
            with Collector(exporters, extra=extra) as collector:
                for number in range(1, 6):
                    message = trace_request(first=number).SerializeToString()
                    assert http_request(collector.http_port, "/v1/traces", message).status == 200
                wait_until(lambda: collector.metric("millrace_storage_records_written") == 5, what="all on disk")
                collector.process.kill()
                collector.process.wait()
                collector.was_killed = True
            dead.set()
            with Collector(exporters, extra=extra) as collector:
                wait_until(lambda: collector.metric("otelcol_exporter_sent_spans", exporter="otlp/far") == 5,
                           what="everything at the far back end")
                wait_until(lambda: collector.metric("otelcol_exporter_queue_size", exporter="otlp/near") == 0,
                           what="no item left at the near one")


@shows(role="daemon")
def durable_means_durable_through_a_failover_with_storage():
    with tempfile.TemporaryDirectory() as folder:
        retry = {"retry_on_failure": {"initial_interval": "100ms", "max_interval": "200ms", "max_elapsed_time": 0}}
        extra = failover_extra(storage_in=folder, sending_queue={"storage": "file_storage"}, **retry)
        up = threading.Event()
        with GrpcPeer(lambda r, n: {"status": 14, "message": "dead"}) as near:
            with GrpcPeer(lambda r, n: {} if up.is_set() else {"status": 14, "message": "dead"}) as far:
                exporters = {"otlp/near": hanging(near, **retry)["otlp"], "otlp/far": hanging(far, **retry)["otlp"]}
                with Collector(exporters, extra=extra) as collector:
                    for number in range(1, 31):
                        message = trace_request(first=number).SerializeToString()
                        assert http_request(collector.http_port, "/v1/traces", message).status == 200
                    collector.process.kill()
                    collector.process.wait()
                    collector.was_killed = True
                up.set()
                with Collector(exporters, extra=extra) as collector:
                    wait_until(lambda: collector.metric("otelcol_exporter_sent_spans", exporter="otlp/far") == 30,
                               what="everything at the far back end")
                    wait_until(lambda: collector.metric("otelcol_exporter_queue_size", exporter="failover") == 0,
                               what="no item left in the connector's queue")


@shows(role="daemon")
def forward_joins_pipelines_and_delivered_means_delivered_through_it():
    with GrpcPeer() as peer:
        pipelines = {"logs": {"receivers": ["otlp"], "exporters": ["forward"]},
                     "logs/behind": {"receivers": ["forward"], "exporters": ["otlp"]}}
        extra = {"connectors": {"forward": None}, "service/pipelines": pipelines}
        with Collector(hanging(peer), http={"acknowledge": "delivered"}, extra=extra) as collector:
            message = sample("logs").SerializeToString()
            assert http_request(collector.http_port, "/v1/logs", message).status == 200
            assert peer.count() == 1, "answered before it was delivered"
