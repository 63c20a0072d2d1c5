"""Serves metrics of prometheus_client on 127.0.0.1:PORT with fixed values, until its input ends."""
import sys

from prometheus_client import (CollectorRegistry, Counter, Enum, Gauge, Histogram, Info, Summary,
                               start_http_server)

registry = CollectorRegistry()
orders = Counter("orders", "Orders by country", ["country"], registry=registry)
orders.labels("de").inc(3)
orders.labels('"東京"\n\\').inc(4.5)
Gauge("stock_bytes", "Of a line\nand another", unit="bytes", registry=registry).set(-1.5e9)
latency = Histogram("latency_seconds", "Latency", ["path"], buckets=(0.1, 1, 10), registry=registry)
for seconds in (0.05, 0.5, 0.7, 99):
    latency.labels("/").observe(seconds, {"trace_id": "0102030405060708090a0b0c0d0e0f10"})
size = Summary("size", "Size", registry=registry)
size.observe(3)
size.observe(4)
Info("build", "Build", registry=registry).info({"version": "1.2"})
Enum("phase", "Phase", states=["on", "off"], registry=registry).state("off")
start_http_server(int(sys.argv[1]), "127.0.0.1", registry=registry)
print("ready", flush=True)
sys.stdin.read()
