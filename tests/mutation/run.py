#!/usr/bin/env python3
"""Changes one line of a component at random and says whether a test notices.

    tests/mutation/run.py --seed 1 --count 20 --component http
    tests/mutation/run.py --seed 1 --count 300             drawn from all components that have tests
    tests/mutation/run.py --seed 1 --count 20 --component http --all-tests
    tests/mutation/run.py --at src/http/http_date.cc:40    every mutant of one line

The component's own unit tests run first, then its fuzz targets (a short round each); what neither notices
survives. --all-tests runs the other unit tests and the simulation for those. A mutant that does not compile
is drawn anew. The tree is copied to build/mutation, compiled with the address sanitizer. Mutants that are the
same program are listed in equivalent.txt and are not counted. Exits 1 when a mutant survives."""
import argparse
import collections
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time

from mutants import mutants_of

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
COPY = os.path.join(ROOT, "build/mutation")
BUILD = os.path.join(COPY, "build/asan")
EQUIVALENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "equivalent.txt")
TEST_FILE = re.compile(r"_(?:test|fuzz|bench|fixture|support|reference|testing)\.(?:cc|h|c)$|/testing/")
FUZZ_RUNS = 2000
MEGABYTES_MAX = 2000  # of a test


class Component(collections.namedtuple("Component", "name folder has_tests fuzz_targets")):
    def sources(self, files, all_folders):
        """Its files: those below its folder that belong to no component further down."""
        def owner(path):
            return max((folder for folder in all_folders if path.startswith(folder + "/")), key=len, default="")
        return [path for path in files if owner(path) == self.folder and path.endswith((".cc", ".h"))
                and not TEST_FILE.search(path) and not path.startswith("src/io/sim/")]


def components():
    found = []
    for folder, _, names in os.walk(os.path.join(ROOT, "src")):
        if "CMakeLists.txt" not in names:
            continue
        with open(os.path.join(folder, "CMakeLists.txt"), encoding="utf-8") as file:
            text = file.read()
        for call in re.findall(r"millrace_component\((.*?)\)", text, flags=re.S):
            targets = re.findall(r"(\w+_fuzz)\.cc", call)
            found.append(Component(re.search(r"NAME (\w+)", call).group(1), os.path.relpath(folder, ROOT),
                                   " TESTS " in call.replace("\n", " "), targets))
    return found


def copy_tree():
    """Files of the repository as they are now; what is equal keeps its time, so that it is not compiled anew."""
    names = subprocess.run(["git", "-C", ROOT, "ls-files", "--cached", "--others", "--exclude-standard"],
                           capture_output=True, text=True, check=True).stdout.splitlines()
    names = [name for name in names if os.path.isfile(os.path.join(ROOT, name))]
    for name in names:
        source, target = os.path.join(ROOT, name), os.path.join(COPY, name)
        if os.path.exists(target):
            with open(source, "rb") as one, open(target, "rb") as other:
                if one.read() == other.read():
                    continue
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy(source, target)
    kept = set(names)
    for folder, _, found in os.walk(os.path.join(COPY, "src")):
        for name in found:
            path = os.path.relpath(os.path.join(folder, name), COPY)
            if path not in kept:
                os.remove(os.path.join(COPY, path))
    protos = "build/otlp_protos/descriptors.pb"
    if os.path.exists(os.path.join(ROOT, protos)) and not os.path.exists(os.path.join(COPY, protos)):
        os.makedirs(os.path.dirname(os.path.join(COPY, protos)), exist_ok=True)
        shutil.copy(os.path.join(ROOT, protos), os.path.join(COPY, protos))
    return names


def run(command, seconds=None):
    """Exit code (None: not ended in time) and output."""
    # A loop that a mutant makes endless must not take the machine's memory.
    environment = {**os.environ, "CCACHE_BASEDIR": COPY, "CCACHE_NOHASHDIR": "1",
                   "ASAN_OPTIONS": f"hard_rss_limit_mb={MEGABYTES_MAX}"}
    child = subprocess.Popen(command, cwd=COPY, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             text=True, errors="replace", start_new_session=True)
    try:
        output, _ = child.communicate(timeout=seconds)
        return child.returncode, output
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
        return None, "not ended in time"


class Bench:
    """Builds and runs the tests of mutants in the copied tree."""

    def __init__(self, options):
        self.options = options
        self.seconds = {}  # of a component's tests, unchanged

    def build(self, *targets):
        code, output = run(["cmake", "--build", BUILD, "--target", *targets])
        return code == 0, output

    def prepare(self, component):
        """Its tests are built, and pass as they are."""
        if component.name in self.seconds:
            return
        built, output = self.build(component.name + "_test")
        if not built:
            sys.exit(f"{component.name}_test does not build:\n{output[-3000:]}")
        begun = time.monotonic()
        code, output = run([os.path.join(BUILD, component.name + "_test")], 600)
        if code != 0:
            sys.exit(f"{component.name}_test fails without a mutant:\n{output[-3000:]}")
        self.seconds[component.name] = time.monotonic() - begun

    def noticed_by(self, component):
        """What noticed the mutant that is in the tree: a test's name, "" (nothing), None (does not compile)."""
        built, output = self.build(component.name + "_test")
        if not built:
            return None
        program = os.path.join(BUILD, component.name + "_test")
        code, output = run([program, "--gtest_fail_fast", "--gtest_brief=1"], 30 + 4 * self.seconds[component.name])
        if code != 0:
            failed = re.search(r"\[  FAILED  \] (\S+?)[, ]", output)
            return failed.group(1) if failed else "crash" if code is not None else "time"
        if self.options.fuzz:
            for target in component.fuzz_targets:
                if self.fuzz_fails(target):
                    return target
        return self.noticed_by_others() if self.options.all_tests else ""

    def fuzz_fails(self, target):
        if not self.build(target)[0]:
            return False
        folders = [os.path.join(BUILD, "mutation_corpus")]
        os.makedirs(folders[0], exist_ok=True)
        seeds = os.path.join(COPY, "fuzz", target)
        if os.path.isdir(seeds):
            folders.append(seeds)
        code, _ = run([os.path.join(BUILD, target), f"-runs={FUZZ_RUNS}", "-seed=1", "-max_len=65536",
                       "-artifact_prefix=" + folders[0] + "/", *folders], 300)
        shutil.rmtree(folders[0])
        return code != 0

    def noticed_by_others(self):
        if not self.build("all")[0]:
            return ""
        code, output = run(["ctest", "--test-dir", BUILD, "-j2", "--stop-on-failure"], 3600)
        failed = re.search(r"- (\S+) \(", output)
        return "" if code == 0 else failed.group(1) if failed else "ctest"


def write(path, text):
    with open(os.path.join(COPY, path), "w", encoding="utf-8") as file:
        file.write(text)


def read(path):
    with open(os.path.join(COPY, path), encoding="utf-8") as file:
        return file.read()


def read_equivalent():
    """Pairs of path, line before and line after; a reason stands behind each."""
    same, entry = set(), []
    with open(EQUIVALENT, encoding="utf-8") as file:
        for line in file:
            if line.startswith("#"):
                continue
            if line.strip():
                entry.append(line.rstrip("\n"))
                continue
            if entry:
                same.add((entry[0], entry[1][2:].strip(), entry[2][2:].strip()))
            entry = []
    if entry:
        same.add((entry[0], entry[1][2:].strip(), entry[2][2:].strip()))
    return same


def draw(options, files, all_components):
    """Endlessly: a component and a mutant of it, each at most once."""
    chosen = [c for c in all_components
              if c.has_tests and (not options.component or c.name in options.component)]
    if not chosen:
        sys.exit("no such component: " + ", ".join(sorted(c.name for c in all_components if c.has_tests)))
    folders = [component.folder for component in all_components]
    pool = []
    for component in chosen:
        for path in component.sources(files, folders):
            pool += [(component, mutant) for mutant in mutants_of(path, read(path))]
    if options.at:
        path, _, line = options.at.partition(":")
        yield from ((c, m) for c, m in pool if m.path == path and m.line == int(line))
        return
    # A line first, then one of its mutants: a line with many operators is not drawn more often.
    lines = collections.defaultdict(list)
    for component, mutant in pool:
        lines[(mutant.path, mutant.line)].append((component, mutant))
    generator = random.Random(options.seed)
    order = sorted(lines)
    generator.shuffle(order)
    for place in order:
        yield generator.choice(lines[place])


def try_mutant(bench, component, mutant):
    original = read(mutant.path)
    lines = original.splitlines(keepends=True)
    lines[mutant.line - 1] = mutant.after + "\n"
    try:
        write(mutant.path, "".join(lines))
        return bench.noticed_by(component)
    finally:
        write(mutant.path, original)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--component", nargs="*", default=[])
    parser.add_argument("--at", metavar="FILE:LINE")
    parser.add_argument("--all-tests", action="store_true")
    parser.add_argument("--no-fuzz", dest="fuzz", action="store_false")
    parser.add_argument("--json", metavar="FILE", help="writes every mutant and what noticed it there")
    options = parser.parse_args()
    files = copy_tree()
    if not os.path.exists(os.path.join(BUILD, "build.ninja")):
        code, output = run(["cmake", "--preset", "asan"])
        if code != 0:
            sys.exit(output)
    equivalent = read_equivalent()
    bench, results, totals = Bench(options), [], collections.defaultdict(lambda: [0, 0])
    for component, mutant in draw(options, files, components()):
        if len(results) >= options.count:
            break
        bench.prepare(component)
        if (mutant.path, mutant.before.strip(), mutant.after.strip()) in equivalent:
            continue
        by = try_mutant(bench, component, mutant)
        if by is None:
            continue
        results.append({**mutant._asdict(), "component": component.name, "noticed_by": by})
        totals[component.name][0 if by else 1] += 1
        print(f"{mutant.path}:{mutant.line}: {mutant.kind}: {'noticed by ' + by if by else 'SURVIVED'}")
        if not by:
            print(f"  - {mutant.before.strip()}\n  + {mutant.after.strip()}")
        sys.stdout.flush()
    for name, (noticed, survived) in sorted(totals.items()):
        print(f"{name}: {noticed} of {noticed + survived} noticed")
    noticed = sum(pair[0] for pair in totals.values())
    print(f"{noticed} of {len(results)} mutants noticed")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=1)
    return 0 if noticed == len(results) else 1


if __name__ == "__main__":
    sys.exit(main())
