#!/usr/bin/env python3
"""Numbered items through a real Kafka: a collector writes them to a topic, another reads them and sends them
on. No item that the first one acknowledged may be missing, whatever happens to the broker, the consumer group and
the collectors.

    tests/kafka/run.py [--millrace FILE] [--items N] [WORD …]     only the cases whose name has a WORD

Prints "skipped: …" where Java, Maven, the broker or Go is missing, then "N passed, M failed"."""
import argparse
import os
import sys
import tempfile
import time
import traceback

import cluster
import delivery
import peer
import security
from broker import ROOT, Broker, Missing
from case import Case, tail

CASES = {**delivery.CASES, **cluster.CASES, **security.CASES, **peer.CASES}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--millrace", default=os.path.join(ROOT, "build/release/millrace"))
    parser.add_argument("--items", type=int, default=100000)
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()
    chosen = {name: run for name, run in CASES.items()
              if not options.words or any(word in name for word in options.words)}
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        try:
            broker = Broker(folder)
            broker.start()
        except Missing as missing:
            print(f"skipped: Kafka: {missing}")
            print("0 passed, 0 failed")
            return 0
        try:
            for number, (name, run) in enumerate(chosen.items()):
                own = os.path.join(folder, str(number))
                os.makedirs(own)
                case = Case(options.millrace, broker, own, options.items)
                began = time.monotonic()
                try:
                    run(case)
                    passed += 1
                    print(f"ok   {name} ({time.monotonic() - began:.0f} s)", flush=True)
                except Missing as missing:
                    print(f"skipped: {name}: {missing}", flush=True)
                except Exception:  # the next case still runs
                    failed += 1
                    print(f"FAIL {name}", flush=True)
                    traceback.print_exc(file=sys.stdout)
                    for process in case.processes:
                        print(f"--- {process.args[:2]}\n{tail(process.log, 1500)}")
                finally:
                    case.stop()
        finally:
            broker.stop()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
