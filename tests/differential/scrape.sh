#!/usr/bin/env bash
# Records what Prometheus's parsers and its relabelling do, in tests/golden/scrape (README.md). Needs Go.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
program=$here/../../build/differential/scrape
mkdir -p "$(dirname "$program")" "$here/../golden/scrape"
(cd "$here/scrape" && go build -o "$program" .)
exec "$program" "$here/../golden/scrape"
