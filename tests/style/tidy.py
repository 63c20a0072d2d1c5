#!/usr/bin/env python3
"""Runs clang-tidy (.clang-tidy) on what changed, or on everything.

    tests/style/tidy.py                   what changed since the newest tag, without a tag since this
                                          branch left the main branch; at most two minutes
    tests/style/tidy.py --all             every source file, however long it takes
    tests/style/tidy.py src/otlp/split.cc …

A changed header is checked through one source file that includes it. A file that passed is not checked
again until it, a header below it or .clang-tidy changes (build/PRESET/tidy.json)."""
import argparse
import concurrent.futures
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOOL = "clang-tidy-19"
FOLDERS = ("src", "daemon", "bench", "tests", "include")
INCLUDE = re.compile(r'^\s*#\s*include [<"]([^>"]+)[>"]', re.M)


def git(*arguments):
    run = subprocess.run(["git", "-C", ROOT, *arguments], capture_output=True, text=True)
    return run.stdout.strip() if run.returncode == 0 else ""


def base_commit():
    tag = git("describe", "--tags", "--abbrev=0")
    if tag:
        return tag
    head = git("rev-parse", "HEAD")
    for branch in ("origin/main", "main"):
        base = git("merge-base", branch, "HEAD")
        if base and base != head:
            return base
    return "HEAD~1"  # the main branch itself: its last commit


def changed_files():
    names = git("diff", "--name-only", "--diff-filter=d", base_commit()).splitlines()
    names += git("ls-files", "--others", "--exclude-standard").splitlines()
    return [name for name in names if name.startswith(FOLDERS) and name.endswith((".cc", ".h"))]


class Sources:
    """The files of the compilation database, and what they include."""

    def __init__(self, build):
        with open(os.path.join(build, "compile_commands.json")) as file:
            entries = json.load(file)
        paths = (os.path.relpath(entry["file"], ROOT) for entry in entries)
        self.compiled = sorted({path for path in paths if path.startswith(FOLDERS)})
        self.includes = {}  # by path: what it includes directly, of this repository
        self.texts = {}

    def text(self, path):
        if path not in self.texts:
            with open(os.path.join(ROOT, path), encoding="utf-8") as file:
                self.texts[path] = file.read()
        return self.texts[path]

    def included_by(self, path):
        if path not in self.includes:
            places = [os.path.join(folder, name) for name in INCLUDE.findall(self.text(path))
                      for folder in ("src", "include", "")]
            self.includes[path] = [place for place in places if os.path.isfile(os.path.join(ROOT, place))]
        return self.includes[path]

    def below(self, path):
        """The file and every header of this repository that it includes."""
        found, open_ = {path}, [path]
        while open_:
            fresh = set(self.included_by(open_.pop())) - found
            found |= fresh
            open_ += fresh
        return sorted(found)

    def to_check(self, path):
        """The source file through which a file is checked, or None."""
        if path in self.compiled:
            return path
        own = path[:-2] + ".cc"
        if own in self.compiled:
            return own
        return next((source for source in self.compiled if path in self.below(source)), None)

    def fingerprint(self, path):
        digest = hashlib.sha256()
        for part in [os.path.join(ROOT, ".clang-tidy")] + [os.path.join(ROOT, p) for p in self.below(path)]:
            with open(part, "rb") as file:
                digest.update(file.read())
        return digest.hexdigest()


def check(build, path):
    run = subprocess.run([TOOL, "-p", build, "--quiet", path], capture_output=True, text=True, cwd=ROOT)
    lines = [line for line in run.stdout.splitlines() if line]
    return run.returncode == 0, "\n".join(lines or run.stderr.splitlines()[-5:])


def run_all(sources, options, wanted):
    passed_before_path = os.path.join(options.build, "tidy.json")
    passed_before = {}
    if os.path.exists(passed_before_path):
        with open(passed_before_path) as file:
            passed_before = json.load(file)
    prints = {path: sources.fingerprint(path) for path in wanted}
    todo = [path for path in wanted if passed_before.get(path) != prints[path]]
    deadline = time.monotonic() + options.seconds if options.seconds else float("inf")

    def check_in_time(path):
        return None if time.monotonic() > deadline else check(options.build, path)

    failed = skipped = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for path, result in zip(todo, pool.map(check_in_time, todo)):
            if result is None:
                skipped += 1
            elif result[0]:
                passed_before[path] = prints[path]
            else:
                failed += 1
                print(f"{path}:\n{result[1]}")
    with open(passed_before_path, "w") as file:
        json.dump(passed_before, file, indent=0)
    if skipped:
        print(f"clang-tidy: no time for {skipped} of {len(wanted)} files (tests/style/tidy.py --all)")
    print(f"{len(wanted) - failed - skipped} passed, {failed} failed")
    return failed == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--seconds", type=float, default=120, help="no file is begun after that (0: no limit)")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--build", default=os.path.join(ROOT, "build/asan"))
    options = parser.parse_args()
    if shutil.which(TOOL) is None:
        print(f"skipped: {TOOL} is not installed")
        return 0
    sources = Sources(options.build)
    if options.all:
        options.seconds, wanted = 0, sources.compiled
    elif options.files:
        options.seconds = 0
        wanted = [os.path.relpath(os.path.abspath(path), ROOT) for path in options.files]
    else:
        wanted = changed_files()
    through = {sources.to_check(path) for path in wanted}
    # Tests last: they are the largest and ship with nothing.
    ordered = sorted(through - {None}, key=lambda path: (path.endswith("_test.cc"), path))
    return 0 if run_all(sources, options, ordered) else 1


if __name__ == "__main__":
    sys.exit(main())
