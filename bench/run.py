#!/usr/bin/env python3
"""Measures Millrace. Without a choice: CPU time, latency and memory beside a bare TCP relay
(throughput.py). --overload: twice the load that a back end can take (overload.py). --backlog: a
backlog on disk, and how fast it goes once the back end is there (backlog.py). --processors: what processors
cost (processor_costs.py). --metrics: what metrics cost (metrics_costs.py). --limits: the table of what is aimed at,
with page faults, copies and other programs beside (limits.py)."""
import argparse
import json
import os
import sys
import tempfile

import backlog
import kafka_costs
import limits
import metrics_costs
import overload
import processor_costs
import throughput
from peers import peer_rows
from processes import processors
from report import machine, say

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, help="of each measurement; the median counts (3; of --limits 5)")
    parser.add_argument("--quick", action="store_true", help="one short run of each")
    parser.add_argument("--spans", type=int, help="of a saturated run (4,000,000; of --limits 1,000,000)")
    parser.add_argument("--rate", type=int, default=100_000, help="spans a second, fixed rate")
    parser.add_argument("--seconds", type=float, help="of a fixed-rate run (10), of each overload (60)")
    parser.add_argument("--durable", action="store_true", help="only the queue on disk")
    parser.add_argument("--overload", action="store_true", help="only twice the sustainable load")
    parser.add_argument("--variants", nargs="*", default=[], metavar="WORD",
                        help="of the overload: only those whose name has one of the words")
    parser.add_argument("--backlog", action="store_true", help="only a backlog on disk")
    parser.add_argument("--processors", action="store_true",
                        help="only what processors cost beside passing through")
    parser.add_argument("--metrics", action="store_true",
                        help="only the exporter and receiver prometheus and span_metrics")
    parser.add_argument("--kafka", action="store_true",
                        help="only Kafka, through a real broker; --otelcol: what tests/kafka/otelcol.sh builds")
    parser.add_argument("--parts", nargs="*", default=[], choices=["exporter", "span_metrics", "receiver"],
                        help="of --metrics: only these")
    parser.add_argument("--otelcol", metavar="FILE", help="of --metrics and --processors: the reference beside it "
                        "(bench/otelcol); of --peers: where otelcol is (build/otelcol-bench)")
    parser.add_argument("--limits", action="store_true",
                        help="only the table of what is aimed at: processor time, page faults, copies")
    parser.add_argument("--shapes", nargs="*", default=[], metavar="WORD",
                        help="of --limits: only those whose name has one of the words (\"http 1000\")")
    parser.add_argument("--peers", nargs="*", default=[], choices=peer_rows.KNOWN,
                        help="of --limits: other programs beside (bench/peers)")
    parser.add_argument("--generator", metavar="FILE",
                        help="of --limits: build/grpc-go-load sends, instead of our own generator (bench/peers/load)")
    parser.add_argument("--peer", nargs=2, action="append", default=[], metavar=("CONFIG", "PROGRAM"),
                        help="of --limits: any other program (bench/peers)")
    parser.add_argument("--gigabytes", type=float, default=1, help="of the backlog")
    parser.add_argument("--items", type=int, default=100, help="in each request of the backlog")
    parser.add_argument("--folder", help="where the disk is that is measured (default: TMPDIR)")
    parser.add_argument("--json", metavar="FILE", help="writes all figures there")
    parser.add_argument("--millrace", default=os.path.join(ROOT, "build/release/millrace"))
    parser.add_argument("--relay", default=os.path.join(ROOT, "build/release/relay"))
    parser.add_argument("--copied-bytes", default=os.path.join(ROOT, "build/release/bench/libcopied_bytes.so"))
    options = parser.parse_args(arguments)
    options.limits = options.limits or bool(options.peers or options.peer or options.shapes)
    options.runs = options.runs or (5 if options.limits else 3)
    options.spans = options.spans or (1_000_000 if options.limits else 4_000_000)
    if options.limits and options.otelcol is None:
        options.otelcol = os.path.join(ROOT, "build/otelcol-bench")
    if options.seconds is None:
        options.seconds = 60 if options.overload else 10
    if options.quick:
        options.runs, options.spans = 1, 400_000 if options.limits else 1_000_000
        options.seconds = min(options.seconds, 4 if options.overload else 3)
    return options


def main(arguments):
    options = parse(arguments)
    if peer_rows.missing(options):
        return 2
    say(machine())
    if len(processors()) < 2:
        say("WARNING: one processor only: everything shares it, the figures mean little")
    with tempfile.TemporaryDirectory(prefix="millrace-bench.", dir=options.folder) as folder:
        if options.overload:
            results, good = overload.run(options, folder)
        elif options.backlog:
            results, good = backlog.run(options, folder)
        elif options.limits:
            results, good = limits.run(options, folder)
        elif options.kafka:
            results, good = kafka_costs.run(options, folder)
        elif options.metrics:
            results, good = metrics_costs.run(options, folder)
        elif options.processors:
            results, good = processor_costs.run(options, folder)
        else:
            results, good = throughput.run(options, folder)
    if options.json:
        with open(options.json, "w") as out:
            json.dump({"machine": machine(), **results}, out, indent=1)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
