#!/usr/bin/env bash
# Records what otelcol makes of Jaeger's batches, in tests/golden/jaeger. Needs Go.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
program=$here/../../build/differential/jaeger
mkdir -p "$(dirname "$program")" "$here/../golden/jaeger"
(cd "$here/jaeger" && go build -o "$program" .)
exec "$program" "$here/../golden/jaeger/batches.json"
