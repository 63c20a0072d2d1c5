#!/usr/bin/env bash
# Runs h2spec (https://github.com/summerwind/h2spec), all of its cases, against both ports of
# build/release/millrace, over clear text and over TLS, on paths that answer with a body.
# Go builds it into build/; H2SPEC names an existing binary.
set -euo pipefail
cd "$(dirname "$0")/../.."
binary=${MILLRACE:-build/release/millrace}
version=v2.2.1+incompatible

go_is_new_enough() {
  local found
  found=$(go env GOVERSION 2>/dev/null) || return 1
  [ "$(printf '%s\n' go1.21 "$found" | sort -V | head -1)" = go1.21 ]
}

h2spec=${H2SPEC:-$PWD/build/tools/h2spec}
if [ ! -x "$h2spec" ]; then
  if ! go_is_new_enough; then
    echo "skipped: h2spec (needs Go >= 1.21 to be built, or H2SPEC=path; Debian 12 has Go 1.19)"
    exit 0
  fi
  GOBIN=$(dirname "$h2spec") GOFLAGS=-mod=mod go install "github.com/summerwind/h2spec/cmd/h2spec@$version"
fi

work=$(mktemp -d)
daemon=
trap '[ -z "$daemon" ] || kill "$daemon" 2>/dev/null || true; rm -rf "$work"' EXIT
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
  -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null

passed=0 failed=0

# check NAME PORT [h2spec's options]: adds to the totals, prints failed cases.
check() {
  local name=$1 port=$2 line case bad=0
  shift 2
  "$h2spec" -h 127.0.0.1 -p "$port" -P /v1/traces -o 5 "$@" >"$work/report" 2>&1 || true
  if ! line=$(grep -E '^[0-9]+ tests, ' "$work/report"); then
    cat "$work/report" "$work/log"
    failed=$((failed + 1))
    return
  fi
  # "  × 8: closed: Sends a DATA frame": the name is behind the number.
  while IFS= read -r case; do
    echo "failed over $name: $case"
    bad=$((bad + 1))
  done < <(sed -n '/^Failures/,$p' "$work/report" | sed -n 's/^ *× [0-9]*: //p')
  echo "$name: $line"
  failed=$((failed + bad))
  passed=$((passed + $(sed -E 's/.* ([0-9]+) passed.*/\1/' <<<"$line")))
}

# both NAME PROTOCOL_SETTINGS [h2spec's options]: against the gRPC and the HTTP port.
both() {
  local name=$1 settings=$2 grpc http
  shift 2
  read -r grpc http < <(python3 -c '
import sys
sys.path.insert(0, "tests/conformance")
from collector import free_port
print(free_port(), free_port())')
  "$binary" --config "yaml:
receivers: {otlp: {protocols: {grpc: {endpoint: '127.0.0.1:$grpc'$settings}, http: {endpoint: '127.0.0.1:$http'$settings}}}}
exporters: {nop: }
service: {pipelines: {traces: {receivers: [otlp], exporters: [nop]}}, telemetry: {metrics: {level: none}}}
" >"$work/log" 2>&1 &
  daemon=$!
  for _ in $(seq 100); do
    grep -q 'everything is ready' "$work/log" && break
    sleep 0.1
  done
  check "$name, gRPC port" "$grpc" "$@"
  check "$name, HTTP port" "$http" "$@"
  kill -0 "$daemon" || { cat "$work/log"; failed=$((failed + 1)); }
  kill "$daemon" && wait "$daemon" || failed=$((failed + 1))
  daemon=
}

both "clear text" ""
both "TLS" ", tls: {cert_file: '$work/cert.pem', key_file: '$work/key.pem'}" -t -k
echo "h2spec: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
