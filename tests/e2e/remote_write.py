"""The exporter prometheus_remote_write: a real Prometheus is asked for what was sent over OTLP, and servers that
answer badly, late or not at all lose nothing that they do not refuse."""
import functools
import http.server
import json
import os
import threading
import time

import environment
import prometheus
import prometheus_server
from harness import Process, configuration, free_port, stop_and_read_ledger, wait_for_port, wait_until

EXPECTED = {
    'mem_utilization_ratio{job="shop",instance="pod-1",otel_scope_name="test"}': 0.5,
    'http_server_requests_total{method="GET"}': 5,
    "sum(http_server_requests_total)": 12,
    'latency_seconds_bucket{le="5"}': 5,
    'latency_seconds_bucket{le="+Inf"}': 6,
    "latency_seconds_sum": 12.5,
    "latency_seconds_count": 6,
    'rpc_seconds{quantile="0.9"}': 3,
    "rpc_seconds_count": 9,
    'target_info{host_name="h1",job="shop",instance="pod-1"}': 1,
    'count({cluster="east"})': 14,
    "histogram_count(size_bytes)": 38,
}


def receiving(case, program=None):
    """The port of a Prometheus that takes remote write; Debian's, or that program."""
    port = free_port()
    folder = os.path.join(case.folder, "prometheus")
    os.makedirs(folder)
    with open(os.path.join(folder, "prometheus.yml"), "w") as out:
        json.dump({}, out)
    case.keep(Process(
        [program or environment.debian_program("prometheus"), f"--config.file={folder}/prometheus.yml",
         f"--storage.tsdb.path={folder}/data", f"--web.listen-address=127.0.0.1:{port}",
         "--web.enable-remote-write-receiver", "--enable-feature=native-histograms,exemplar-storage"],
        log=os.path.join(folder, "log")))
    wait_for_port(port)
    return port


def start(case, port, path="/api/v1/write", **options):
    """(the collector, its port for OTLP over HTTP)"""
    config, _, http_port = configuration({"prometheusremotewrite": {
        "endpoint": f"http://127.0.0.1:{port}{path}", "external_labels": {"cluster": "east"},
        "retry_on_failure": {"initial_interval": "50ms", "max_interval": "200ms"}, **options}},
        signals=("metrics",))
    return case.start(config), http_port


def queried(case):
    port = receiving(case)
    collector, http_port = start(case, port)
    now = int(time.time())
    body = prometheus.request(now)
    body["resourceMetrics"][0]["scopeMetrics"][0]["metrics"][1]["sum"]["dataPoints"][0]["exemplars"] = [
        {"timeUnixNano": str((now - 9) * 10**9), "asDouble": 1, "traceId": "0af7651916cd43dd8448eb211c80319c",
         "spanId": "b7ad6b7169203331"}]
    prometheus.send(http_port, body)
    query = functools.partial(prometheus_server.value, port)
    for text, expected in EXPECTED.items():
        wait_until(lambda: query(text) == expected, lambda: f"{text} is {query(text)}, expected {expected}")
    assert query("jobs_total") is None, "deltas are refused, as in otelcol"
    found = prometheus_server.ask(port, "query_exemplars", query="http_server_requests_total",
                                  start=now - 60, end=now + 60)
    assert found[0]["exemplars"][0]["labels"]["trace_id"] == "0af7651916cd43dd8448eb211c80319c", found
    ledger = stop_and_read_ledger(collector)
    assert ledger["admitted"] == 8 and ledger["delivered"] == 6, ledger


def queried_in_two(case):
    """The same by remote write 2.0."""
    port = receiving(case, environment.new_prometheus())
    collector, http_port = start(case, port, protobuf_message="io.prometheus.write.v2.Request")
    prometheus.send(http_port, prometheus.request(int(time.time())))
    query = functools.partial(prometheus_server.value, port)
    for text, expected in EXPECTED.items():
        wait_until(lambda: query(text) == expected, lambda: f"{text} is {query(text)}, expected {expected}")
    ledger = stop_and_read_ledger(collector)
    assert ledger["admitted"] == 8 and ledger["delivered"] == 6, ledger


def in_their_order(case):
    """Values of one series that come in requests of their own arrive in their order, also in many small requests."""
    port = receiving(case)
    collector, http_port = start(case, port, max_batch_size_bytes=400,
                                 remote_write_queue={"num_consumers": 5, "queue_size": 1000})
    now = int(time.time())
    for second in range(40):
        prometheus.send(http_port, {"resourceMetrics": [{"scopeMetrics": [{"metrics": [
            {"name": name, "gauge": {"dataPoints": [prometheus.point(second - 60, now, asInt=str(second))]}}
            for name in ("a", "b", "c", "d", "e")]}]}]})
    ledger = stop_and_read_ledger(collector)
    assert ledger["admitted"] == ledger["delivered"] == 200, ledger
    for name in ("a", "e"):
        assert prometheus_server.value(port, f"count_over_time({name}[10m])") == 40


def ended(case):
    """The flag of a point that its series has ended is a stale marker."""
    port = receiving(case)
    _, http_port = start(case, port)
    now = int(time.time())
    send = lambda point: prometheus.send(http_port, {"resourceMetrics": [{"scopeMetrics": [{"metrics": [
        {"name": "load", "gauge": {"dataPoints": [point]}}]}]}]})
    send(prometheus.point(0, now, asInt="3"))
    query = functools.partial(prometheus_server.value, port, "load")
    wait_until(lambda: query() == 3, lambda: f"load is {query()}")
    send(prometheus.point(1, now, flags=1))
    wait_until(lambda: query() is None, lambda: f"load is {query()}")


class Server:
    """Answers requests with what `answers` has for them, in turn, and the rest with 204; keeps their times."""

    def __init__(self, case, *answers):
        self.times, self.left = [], list(answers)
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                outer.times.append(time.monotonic())
                status, text, fields = outer.left.pop(0) if outer.left else (204, "", {})
                if status is None:  # half an answer
                    self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
                    self.close_connection = True
                    return
                if status == "hang":
                    time.sleep(3)
                    self.close_connection = True
                    return
                self.send_response(status)
                for name, value in fields.items():
                    self.send_header(name, value)
                if status != 204:
                    self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

        class Ending:
            stop = staticmethod(self.server.shutdown)
        case.keep(Ending)


def one_point(http_port):
    prometheus.send(http_port, {"resourceMetrics": [{"scopeMetrics": [{"metrics": [
        {"name": "g", "gauge": {"dataPoints": [prometheus.point(0, int(time.time()), asInt="1")]}}]}]}]})


def retried(case):
    """429 with Retry-After, 500, half an answer and none at all are tried again, and nothing is lost."""
    server = Server(case, (429, "slow down", {"Retry-After": "1"}), (500, "", {}), (None, "", {}), ("hang", "", {}))
    collector, http_port = start(case, server.port, timeout="1s")
    one_point(http_port)
    wait_until(lambda: len(server.times) == 5, lambda: f"{len(server.times)} requests")
    assert server.times[1] - server.times[0] >= 1, server.times
    ledger = stop_and_read_ledger(collector)
    assert ledger["admitted"] == ledger["delivered"] == 1, ledger


def refused(case):
    """400 is final; what the server said is in the log, and the ledger has the loss."""
    server = Server(case, (400, "out of order sample of g", {}))
    collector, http_port = start(case, server.port)
    one_point(http_port)
    wait_until(lambda: len(server.times) == 1, lambda: "no request")
    one_point(http_port)
    wait_until(lambda: len(server.times) == 2, lambda: "no second request")
    ledger = stop_and_read_ledger(collector)
    assert ledger["admitted"] == 2 and ledger["delivered"] == 1, ledger
    with open(collector.log_path) as log:
        assert "out of order sample of g" in log.read()


def cases():
    yield "remote write to a real Prometheus, whose queries answer what was sent", queried
    yield "remote write 2.0 to a newer Prometheus", queried_in_two
    yield "remote write keeps the order of a series, in requests of any size", in_their_order
    yield "remote write marks a series that has ended", ended
    yield "remote write tries again after 429, 500, half an answer and none", retried
    yield "remote write gives up what is refused with 400", refused
