#!/usr/bin/env python3
"""Judges public configurations with `millrace validate`, and runs those that pass.

    tests/corpus/run.py [--program build/release/millrace] [--corpus DIRECTORY] [--each] [--validate-only]

Prints a table of what the configurations that do not pass need, then "N passed, M failed": the counts are held
against minimum.json. `--each`: a line for each configuration. `--validate-only`: none is started. Skipped with a line where there is no corpus."""
import argparse
import collections
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "scripts"))
import validate_all  # noqa: E402

import start  # noqa: E402

MINIMUM = os.path.join(HERE, "minimum.json")
CORPUS = os.path.join(os.path.dirname(ROOT), "shared", "corpus")
UNKNOWN = re.compile(r'error: (\w+): unknown type: "([^"]+)"')
FILES = re.compile(r"No such file or directory|cannot be read|is missing")


class Verdict:
    """What is said of one configuration."""

    def __init__(self, path, said):
        self.path, self.runs = path, said is None
        errors = [line for line in (said or "").splitlines() if "error: " in line or line.startswith("Error: ")]
        errors = [line for line in errors if not line.endswith("mistakes:")]
        self.components = sorted({" ".join(found.groups()) for found in map(UNKNOWN.search, errors) if found})
        rest = [line for line in errors if not UNKNOWN.search(line)]
        self.files = [line for line in rest if FILES.search(line)]
        self.others = [line for line in rest if not FILES.search(line)]

    @property
    def can_start(self):
        """Nothing is missing but files of its machine, which start.py replaces."""
        return self.runs or not (self.components or self.others)

    def text(self):
        needs = self.components + self.files + self.others
        return "runs" if self.runs else "needs " + "; ".join(needs)


def print_table(verdicts):
    alone, with_others = collections.Counter(), collections.Counter()
    for verdict in verdicts:
        (alone if len(verdict.components) == 1 and not verdict.others else with_others).update(verdict.components)
    print("alone  others  component that is missing here")
    for component, _ in (alone + with_others).most_common():
        print(f"{alone[component]:5}  {with_others[component]:6}  {component}")
    others = collections.Counter()
    for verdict in verdicts:
        others.update(set(validate_all.kinds("\n".join(verdict.files + verdict.others))))
    print("files  anything else")
    for line, count in others.most_common():
        print(f"{count:5}  {line}")


def leaves(value, path=""):
    """The paths of a configuration's keys that have no keys below them, as `validate --explain` writes them."""
    below = []
    if isinstance(value, dict):
        below = [(f"{path}::{key}" if path else key, child) for key, child in value.items()]
    elif isinstance(value, list) and any(isinstance(child, (dict, list)) for child in value):
        below = [(f"{path}[{index}]", child) for index, child in enumerate(value)]
    if not below:
        yield path
    for name, child in below:
        yield from leaves(child, name)


def unexplained(program, path):
    """The keys of which `millrace validate --explain` says nothing."""
    done = subprocess.run([program, "validate", "--explain", "--config", path], capture_output=True, text=True,
                          timeout=60, env=start.environment(path))
    if not done.stdout:
        return []  # it cannot be read at all
    explained = set(re.findall(r"  (?:same|means|ignored|not supported|unknown) +(.*?)(?:: .*)?$", done.stdout, re.M))
    return [key for key in leaves(start.effective(program, path))
            if not any(key == known or key.startswith((known + "::", known + "[")) for known in explained)]


def migrated(program, text, folder):
    path = os.path.join(folder, "old.yaml")
    with open(path, "wb") as out:
        out.write(text)
    return subprocess.run([program, "migrate", "--config", path], capture_output=True, timeout=60, check=True).stdout


def migrates(program, path):
    """Whether `millrace migrate` changes the configuration. It must keep the comments and change nothing twice."""
    with tempfile.TemporaryDirectory() as folder, open(path, "rb") as file:
        old = file.read()
        new = migrated(program, old, folder)
        assert b"printed anew" not in new, "migrate did not edit it in place"
        assert migrated(program, new, folder) == new, "migrate changes what it has changed"
        assert all(comment in new for comment in re.findall(rb"#[^\n]*", old)), "migrate lost a comment"
    return new != old


def committed_minimum():
    """The numbers of the last commit; none where git or the file is not there."""
    done = subprocess.run(["git", "show", "HEAD:tests/corpus/minimum.json"], cwd=ROOT, capture_output=True,
                          text=True)
    return json.loads(done.stdout) if done.returncode == 0 else {}


class Tally:
    def __init__(self):
        self.passed, self.failed = 0, 0

    def expect(self, what, reached, minimum):
        good = reached >= minimum
        self.passed += good
        self.failed += not good
        print(f"{'ok' if good else 'FAILED'}: {what}: {reached}, at least {minimum} are expected")
        if reached > minimum:
            print(f"  {what} can be raised to {reached} in tests/corpus/minimum.json")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=os.path.join(ROOT, "build", "release", "millrace"))
    parser.add_argument("--corpus", default=CORPUS)
    parser.add_argument("--each", action="store_true")
    parser.add_argument("--validate-only", action="store_true")
    options = parser.parse_args()
    if not os.path.isdir(options.corpus):
        print(f"skipped: public configurations: {options.corpus} is not there")
        return 0
    with open(MINIMUM) as text:
        minimum = json.load(text)
    paths = sorted(validate_all.configurations(options.corpus))
    verdicts = [Verdict(path, validate_all.validate(options.program, path, True)) for path in paths]
    if options.each:
        for verdict in verdicts:
            print(f"{os.path.basename(verdict.path)}: {verdict.text()}")
    print_table(verdicts)
    tally = Tally()
    passing = sum(verdict.runs for verdict in verdicts)
    starting = [verdict.path for verdict in verdicts if verdict.can_start]
    print(f"{passing} of {len(verdicts)} pass, {len(starting) - passing} more lack only files of their machine")
    tally.expect("configurations that pass", passing, minimum["pass"])
    changed = sum(migrates(options.program, path) for path in paths)
    tally.expect("configurations that migrate edits in place", changed, minimum["migrated"])
    silent = {os.path.basename(path): keys for path in paths if (keys := unexplained(options.program, path))}
    for name, keys in silent.items():
        print(f"{name}: not explained: {', '.join(keys)}")
    tally.expect("configurations whose every key is explained", len(paths) - len(silent), len(paths))
    if not options.validate_only:
        carried = start.run_all(options.program, starting)
        tally.expect("configurations that were started and carried data", carried, minimum["started"])
    for name, number in committed_minimum().items():
        if minimum.get(name, 0) < number:
            print(f"FAILED: {name} in minimum.json was {number} and must not become smaller")
            tally.failed += 1
    print(f"{tally.passed} passed, {tally.failed} failed")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
