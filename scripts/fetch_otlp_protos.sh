#!/usr/bin/env bash
# usage: fetch_otlp_protos.sh OUTPUT
# Writes the descriptors of OTLP's .proto files (a serialized FileDescriptorSet) to OUTPUT, for
# tests that compare with libprotobuf. They are inside the Python package opentelemetry-proto,
# which is only downloaded and read, never run. Does nothing when OUTPUT exists.
set -euo pipefail
version=1.45.2
output=${1:?usage: fetch_otlp_protos.sh OUTPUT}
[ -s "$output" ] && exit 0
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$(dirname "$output")"
work=$(mktemp -d "$output.XXXXXX")
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip download --quiet --disable-pip-version-check --retries 5 \
  --no-deps --only-binary :all: --dest "$work" "opentelemetry-proto==$version"
python3 "$here/otlp_descriptors.py" "$work"/*.whl "$work/descriptors"
mv "$work/descriptors" "$output"
