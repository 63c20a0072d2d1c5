#!/usr/bin/env bash
# Records what Prometheus's Go modules do, in tests/golden/prometheus (README.md). Needs Go.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
program=$here/../../build/differential/prometheus
mkdir -p "$(dirname "$program")"
(cd "$here/prometheus" && go build -o "$program" .)
exec "$program" "$here/../golden/prometheus"
