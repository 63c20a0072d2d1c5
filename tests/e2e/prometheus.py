"""The prometheus exporter with a real Prometheus: what was sent over OTLP is what PromQL answers."""
import functools
import gzip
import json
import subprocess
import time
import urllib.error
import urllib.request

import environment
import prometheus_server
from harness import configuration, free_port, stop_and_read_ledger, wait_for_port, wait_until


def start(case, **options):
    """(the collector, its port for OTLP over HTTP, the port of its page)"""
    page = free_port()
    config, _, http = configuration(
        {"prometheus": {"endpoint": f"127.0.0.1:{page}", **options}}, signals=("metrics",))
    collector = case.start(config)
    wait_for_port(page)
    return collector, http, page


def attributes(**values):
    return [{"key": key, "value": {"stringValue": value}} for key, value in values.items()]


def point(second, now, **more):
    start, end = str((now - 100) * 10**9), str((now - 10 + second) * 10**9)
    return {"startTimeUnixNano": start, "timeUnixNano": end, **more}


def request(now):
    """Every kind of metric."""
    return {"resourceMetrics": [{
        "resource": {"attributes": attributes(**{"service.name": "shop", "service.instance.id": "pod-1",
                                                 "host.name": "h1"})},
        "scopeMetrics": [{"scope": {"name": "test"}, "metrics": [
            {"name": "mem.utilization", "unit": "1", "description": "in use \\ here",
             "gauge": {"dataPoints": [point(1, now, asDouble=0.5, attributes=attributes(kind='a"b\\c\nd'))]}},
            {"name": "http.server.requests", "unit": "{request}", "description": "requests",
             "sum": {"aggregationTemporality": 2, "isMonotonic": True, "dataPoints": [
                 point(1, now, asInt="5", attributes=attributes(method="GET")),
                 point(1, now, asInt="7", attributes=attributes(method="POST"))]}},
            {"name": "jobs", "description": "jobs done", "sum": {
                "aggregationTemporality": 1, "isMonotonic": True, "dataPoints": [
                    {**point(1, now, asInt="3"), "startTimeUnixNano": "0"},
                    {**point(2, now, asInt="4"), "startTimeUnixNano": "0"}]}},
            {"name": "latency", "unit": "s", "description": "latency", "histogram": {
                "aggregationTemporality": 2, "dataPoints": [
                    point(1, now, count="6", sum=12.5, explicitBounds=[1, 5], bucketCounts=["2", "3", "1"])]}},
            {"name": "size", "unit": "By", "description": "sizes", "exponentialHistogram": {
                "aggregationTemporality": 2, "dataPoints": [
                    point(1, now, count="38", sum=99.0, scale=0, zeroCount="1",
                          positive={"offset": 3, "bucketCounts": ["10", "0", "0", "20", "5", "2"]})]}},
            {"name": "rpc", "unit": "s", "description": "calls", "summary": {"dataPoints": [
                point(1, now, count="9", sum=4.5, quantileValues=[{"quantile": 0.5, "value": 1.5},
                                                                  {"quantile": 0.9, "value": 3}])]}},
        ]}]}]}


def send(http, body):
    posted = urllib.request.Request(f"http://127.0.0.1:{http}/v1/metrics", json.dumps(body).encode(),
                                    {"Content-Type": "application/json"})
    with urllib.request.urlopen(posted, timeout=10) as answer:
        assert answer.status == 200


def page_of(port, **headers):
    asked = urllib.request.Request(f"http://127.0.0.1:{port}/metrics", headers=headers)
    with urllib.request.urlopen(asked, timeout=10) as answer:
        return answer.read().decode(), answer.headers


EXPECTED = {
    'mem_utilization_ratio{job="shop",instance="pod-1",otel_scope_name="test"}': 0.5,
    'http_server_requests_total{method="GET"}': 5,
    "sum(http_server_requests_total)": 12,
    "jobs_total": 7,
    'latency_seconds_bucket{le=~"5|5.0"}': 5,
    "latency_seconds_sum": 12.5,
    "latency_seconds_count": 6,
    'rpc_seconds{quantile="0.9"}': 3,
    "rpc_seconds_count": 9,
    'target_info{host_name="h1",job="shop",instance="pod-1"}': 1,
    'up{job="millrace"}': 1,
}


def scraped(case):
    collector, http, page = start(case)
    send(http, request(int(time.time())))
    wait_until(lambda: "jobs_total" in page_of(page)[0], lambda: page_of(page)[0])
    port = prometheus_server.start(case, prometheus_server.scrape_all(
        [{"job_name": "millrace", "honor_labels": True, "static_configs": [{"targets": [f"127.0.0.1:{page}"]}]}]))
    query = functools.partial(prometheus_server.value, port)
    for text, expected in EXPECTED.items():
        wait_until(lambda: query(text) == expected,
                   lambda: f"{text} is {query(text)}, expected {expected}")
    # Prometheus of Debian 12 reads native histograms by protobuf.
    wait_until(lambda: query("histogram_count(size_bytes) or size_bytes_count") == 38,
               lambda: f"size_bytes: {query('histogram_count(size_bytes) or size_bytes_count')}")
    ledger = stop_and_read_ledger(collector)
    assert ledger["admitted"] == ledger["delivered"] == 8, ledger


def checked(case):
    _, http, page = start(case)
    send(http, request(int(time.time())))
    wait_until(lambda: "jobs_total" in page_of(page)[0], lambda: page_of(page)[0])
    text, headers = page_of(page)
    assert headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8; escaping=underscores"
    done = subprocess.run([environment.debian_program("promtool"), "check", "metrics"], input=text,
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == 0 and done.stdout == "" and done.stderr == "", (done.stdout + done.stderr, text)
    packed = urllib.request.Request(f"http://127.0.0.1:{page}/metrics", headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(packed, timeout=10) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(answer.read()).decode() == text


def guarded(case):
    """Passwords and the other keys of a listener hold for the page."""
    page = free_port()
    config, _, http = configuration(
        {"prometheus": {"endpoint": f"127.0.0.1:{page}", "auth": {"authenticator": "bearertokenauth"},
                        "response_headers": {"x-from": "millrace"}}}, signals=("metrics",))
    config["extensions"] = {"bearertokenauth": {"token": "secret"}}
    config["service"]["extensions"] = ["bearertokenauth"]
    case.start(config)
    wait_for_port(page)
    send(http, request(int(time.time())))
    try:
        page_of(page)
        raise AssertionError("the page was shown without the token")
    except urllib.error.HTTPError as error:
        assert error.code == 401, error
    token = {"Authorization": "Bearer secret"}
    wait_until(lambda: "jobs_total 7" in page_of(page, **token)[0].replace('"', "") or
               "jobs_total{" in page_of(page, **token)[0], lambda: page_of(page, **token)[0])
    assert page_of(page, **token)[1]["x-from"] == "millrace"


def cases():
    yield "prometheus page, guarded by a token", guarded
    yield "prometheus page, promtool is silent", checked
    yield "prometheus scrapes the page, and its queries answer what was sent", scraped
