#!/usr/bin/env bash
# Builds what the benchmark needs and prints its table: bench/run.sh [--quick] [--json FILE] …
# --library: the embedded collector. --overload [--seconds 60]: twice the sustainable load.
# --backlog [--gigabytes 1]: a backlog on disk. --processors: what processors cost. --metrics: what metrics cost.
# --kafka [--otelcol FILE]: Kafka in and out, through a real broker.
# --limits: processor time, page faults and copies, also beside other collectors (bench/peers).
# --console: what the console costs, and how quick its API and page are.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -f build/release/build.ninja ] || cmake --preset release >/dev/null
cmake --build build/release >/dev/null
if [ "${1:-}" = --library ]; then
  cmake --build build/release --target library_bench >/dev/null
  shift
  exec python3 bench/library.py "$@"
fi
if [ "${1:-}" = --console ]; then
  shift
  exec python3 tests/console/bench.py "$@"
fi
exec python3 bench/run.py "$@"
