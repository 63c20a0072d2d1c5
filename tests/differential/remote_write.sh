#!/usr/bin/env bash
# Records what otelcol's remote-write translator does, in tests/golden/remote_write. Needs Go.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
program=$here/../../build/differential/remote_write
mkdir -p "$(dirname "$program")"
(cd "$here/remote_write" && go build -o "$program" .)
exec "$program" "$here/../golden/remote_write/requests.json"
