#!/usr/bin/env bash
# Builds the Prometheus server whose version stands in prometheus_server/go.mod, without the discovery of targets in
# clouds and without its page, as build/differential/prometheus_server (README.md). Needs Go, and some minutes once.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
program=$here/../../build/differential/prometheus_server
mkdir -p "$(dirname "$program")"
(cd "$here/prometheus_server" && go build -tags remove_all_sd -o "$program" github.com/prometheus/prometheus/cmd/prometheus)
echo "$program"
