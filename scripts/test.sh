#!/usr/bin/env bash
# The stages of ./test, in the order in which a mistake shows soonest. Every stage runs, also behind
# one that failed; each prints its time. The last lines say what was skipped, and the total.
#
# A stage is a function. What it prints is read for its total: ctest's, or a line that ends in
# "N passed, M failed"; a stage that prints neither counts as one test. Lines that begin with
# "skipped: " are repeated at the end, and what failed.
set -uo pipefail
quick=no
[ "${1:-}" = --quick ] && quick=yes
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
passed=0 failed=0
broken=()  # stages that failed
table=()   # a line for each stage

# Adds what one stage's log says to the totals. Its exit code counts where the log says nothing.
count() {
  local log=$1 code=$2 good=0 bad=0 line
  if line=$(grep -oE '[0-9]+ passed, [0-9]+ failed' "$log" | tail -1) && [ -n "$line" ]; then
    read -r good _ bad _ <<<"$line"
  elif line=$(grep -oE '[0-9]+ tests? failed out of [0-9]+' "$log" | tail -1) && [ -n "$line" ]; then
    read -r bad _ _ _ _ good <<<"$line"
    good=$((good - bad))
  elif [ "$code" -eq 0 ]; then
    good=1
  fi
  [ "$code" -eq 0 ] || [ "$bad" -gt 0 ] || bad=1
  passed=$((passed + good)) failed=$((failed + bad))
}

# Processor time of all processes so far that have ended, in seconds. In this shell, not in a subshell:
# a subshell has no children yet.
processor_seconds() {
  times >"$logs/times"
  sed -n '2s/m/ /g;2s/s//gp' "$logs/times" | awk '{printf "%d", $1 * 60 + $2 + $3 * 60 + $4}' >"$logs/processor"
  read -r spent <"$logs/processor" || true
}

stage() {
  local name=$1 start=$SECONDS before spent
  processor_seconds
  before=$spent
  local log=$logs/${name//[^a-z]/_} code
  echo "== $name"
  (set -e; "$2") 2>&1 | tee "$log"
  code=${PIPESTATUS[0]}
  count "$log" "$code"
  [ "$code" -eq 0 ] || broken+=("$name")
  processor_seconds
  table+=("$(printf '%6d s %6d s  %s' $((SECONDS - start)) $((spent - before)) "$name")")
  echo "== $name: $((SECONDS - start)) s$([ "$code" -eq 0 ] || echo ", FAILED")"
}

# The lines of a stage's log that say what failed, or else its last lines.
findings() {
  local lines
  lines=$(grep -E 'RED|FAILED|^(FAIL|failed|not ok)|: error:|Error: |Failure$|\(Failed\)|\(Timeout\)' "$1" | tail -20)
  [ -n "$lines" ] || lines=$(tail -10 "$1")
  sed 's/^/  | /' <<<"$lines"
}

configure() {
  [ -f "build/$1/build.ninja" ] || cmake --preset "$1" >"$logs/cmake.$1" 2>&1 || { cat "$logs/cmake.$1"; return 1; }
}
# build PRESET [what cmake --build takes…]
build() {
  configure "$1"
  cmake --build "build/$1" "${@:2}" >"$logs/build.$1" 2>&1 || { grep -v '^\[' "$logs/build.$1"; return 1; }
}

layers() { python3 tests/style/check_layers.py && python3 tests/style/check_words.py; }
documentation() { python3 tests/style/check_docs.py; }
asan() { build asan; ctest --test-dir build/asan --output-on-failure -j2; }
# With the objects and the compilation database of the stage before.
unused() { python3 tests/style/unused.py; }
tidy() { python3 tests/style/tidy.py; }
# Only what has the label is built: the thread sanitizer has nothing to say about the rest.
tsan() {
  configure tsan
  local targets
  targets=$(ctest --test-dir build/tsan -N -L threads | sed -n 's/^ *Test *#[0-9]*: \(.*\)$/\1_test/p')
  # shellcheck disable=SC2086  # one word a target
  build tsan --target $targets
  ctest --test-dir build/tsan --output-on-failure -L threads
}
release() { build release; build/release/millrace version; }
installed() { python3 tests/install/run.py; }
packages() { build release --target debian_packages; python3 tests/packages/run.py; }
e2e() { python3 tests/e2e/run.py; }
# Skips itself where the configurations are not beside the project.
corpus() { python3 tests/corpus/run.py; }
hostile() { python3 tests/hostile/run.py; }
overload() { python3 bench/run.py --overload --quick; }
conformance() { tests/conformance/run.sh; }
# Two thousand seeds with a disk, on all processors, without the sanitizers' weight.
simulation() {
  build release-tests --target sim_test
  build/release-tests/millrace-sim --storage --seeds 2000 --jobs 0
}
# Counts the collector's instructions for fixed requests, beside the numbers in the repository.
instructions() {
  build release-tests --target instructions_rig
  bench/instructions.py
}
# What no bug touches comes out of the compiler's cache, filled by the stage before.
planted() { python3 tests/sim/planted_bugs.py; }
crash() { python3 tests/crash/run.py; }
# A real broker, where Java is: never on a build server.
kafka() {
  [ -z "${CI:-}" ] || { echo "skipped: Kafka: not on a build server"; return 0; }
  python3 tests/kafka/run.py --items 20000
}
sandbox() { python3 tests/sandbox/run.py; }
console() { python3 tests/console/run.py; }
h2spec() { tests/conformance/h2spec.sh; }

stage "layers and formatting" layers
stage "documentation" documentation
stage "unit tests, fuzz smoke (address, undefined behaviour)" asan
if [ $quick = no ]; then
  stage "functions without a definition or a use" unused
  stage "clang-tidy on what changed" tidy
  stage "what threads share (thread sanitizer)" tsan
  stage "the release binary" release
  stage "the installed package: library, examples, bindings, reference" installed
  stage "the Debian packages in a fresh Debian" packages
stage "end to end" e2e
  stage "the console's page in a browser" console
  stage "public configurations" corpus
  stage "hostile peers" hostile
  stage "twice the load that can be carried" overload
  stage "simulation with a disk and crashes, 2,000 seeds" simulation
  stage "instruction counts" instructions
  stage "planted bugs go red in the simulation" planted
  stage "kill -9 in a loop" crash
  stage "through a real Kafka" kafka
  stage "conformance to OTLP and otelcol" conformance
  stage "conformance to HTTP (h2spec)" h2spec
  stage "as a service, without privileges" sandbox
fi

printf '\n    time      cpu  stage\n'
printf '%s\n' "${table[@]}"
echo
for name in "${broken[@]}"; do
  echo "failed: $name"
  findings "$logs/${name//[^a-z]/_}"
done
cat "$logs"/* 2>/dev/null | grep -h '^skipped: ' | sort -u
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
