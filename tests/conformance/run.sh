#!/usr/bin/env bash
# Runs the conformance lines with build/release/millrace, in a Python environment of their own.
#   tests/conformance/run.sh [name …]
set -euo pipefail
cd "$(dirname "$0")"
environment=../../build/venv-conformance
if ! cmp -s requirements.txt "$environment/installed.txt"; then
  rm -rf "$environment"
  python3 -m venv "$environment"
  "$environment/bin/pip" install -q --disable-pip-version-check -r requirements.txt
  cp requirements.txt "$environment/installed.txt"
fi
exec "$environment/bin/python" run.py "$@"
