#!/usr/bin/env bash
# The stages of ./test, in the order in which a mistake shows soonest. Each stage prints its time.
set -euo pipefail
quick=no
[ "${1:-}" = --quick ] && quick=yes
stage() {
  local name=$1; shift
  echo "== $name"
  local start=$SECONDS
  "$@"
  echo "== $name: $((SECONDS - start)) s"
}
configure() { [ -f "build/$1/build.ninja" ] || cmake --preset "$1" >"build.$1.log" 2>&1 || { cat "build.$1.log"; return 1; }; rm -f "build.$1.log"; }

layers() { python3 tests/style/check_layers.py; }
asan() {
  configure asan
  cmake --build build/asan
  ctest --test-dir build/asan --output-on-failure -j2
}
tsan() {
  configure tsan
  cmake --build build/tsan
  ctest --test-dir build/tsan --output-on-failure -L threads
}

stage "layers and style" layers
stage "unit tests, fuzz smoke (address, undefined behaviour)" asan
[ $quick = yes ] && exit 0
stage "what threads share (thread sanitizer)" tsan
