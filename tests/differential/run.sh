#!/usr/bin/env bash
# Records what the processors of otelcol-contrib do with the cases in the given files (README.md).
# Needs Go; builds the program from published modules on the first call, about five minutes.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
program=$here/../../build/differential/differential
mkdir -p "$(dirname "$program")"
(cd "$here" && go build -o "$program" .)
# A statement that never ends must not take the machine's memory.
ulimit -v 8000000
exec "$program" "$@"
