#!/usr/bin/env bash
# Builds a collector with otelcol-contrib's kafka exporter and receiver from published modules (otelcol/go.mod) at
# build/kafka/otelcol-kafka. Needs Go 1.26; about ten minutes of one processor the first time.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
program=${MILLRACE_KAFKA_HOME:-$here/../../build/kafka}/otelcol-kafka
mkdir -p "$(dirname "$program")"
cd "$here/otelcol"
exec go build -o "$program" .
