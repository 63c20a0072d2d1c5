#!/usr/bin/env python3
"""Two builds of one commit are the same bytes: clones the commit into two folders whose names differ in length, builds
the packages in both as `./run --packages` does, and compares them. With a warm compiler cache most objects come out of
it in both; a sample of them is compiled anew in each folder and compared too, without debug information.

    tests/packages/reproducible.py [--sample 40]      takes minutes; not part of ./test
"""
import argparse
import glob
import hashlib
import os
import random
import re
import shlex
import subprocess
import sys
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))


def run(arguments, cwd, **variables):
    done = subprocess.run(arguments, cwd=cwd, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env={**os.environ, "CCACHE_NOHASHDIR": "1", **variables})
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(arguments)}: exit {done.returncode}\n{done.stdout[-3000:]}")
    return done.stdout


def build(folder):
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    run(["git", "clone", "-q", ROOT, folder], ROOT)
    run(["cmake", "--preset", "release"], folder, CCACHE_BASEDIR=folder)
    run(["cmake", "--build", "build/release", "--target", "debian_packages"], folder, CCACHE_BASEDIR=folder)


def packages(folder):
    found = {}
    for path in glob.glob(f"{folder}/build/release/packages/*.deb"):
        with open(path, "rb") as file:
            found[os.path.basename(path)] = hashlib.sha256(file.read()).hexdigest()
    return found


def compile_commands(folder):
    """Object: command, of all objects of the packages."""
    commands = run(["ninja", "-C", "build/release", "--quiet", "-t", "commands", "millrace", "millrace_shared"], folder)
    return {match.group(1): line for line in commands.splitlines()
            if (match := re.search(r" -o (\S+\.cc\.o) -c ", line))}


def compiled_anew(folder, command, name):
    words = shlex.split(command)
    words[words.index("-o") + 1] = anew = os.path.join(folder, "anew.o")
    run(words, os.path.join(folder, "build", "release"), CCACHE_BASEDIR=folder, CCACHE_RECACHE="1")
    run(["strip", "--strip-debug", anew], folder)
    with open(anew, "rb") as file:
        return name, hashlib.sha256(file.read()).hexdigest()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sample", type=int, default=40)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="millrace-reproducible-") as place:
        folders = [os.path.join(place, "b"), os.path.join(place, "a", "much", "longer", "name")]
        for folder in folders:
            build(folder)
        wrong = [name for name, digest in packages(folders[0]).items() if packages(folders[1]).get(name) != digest]
        names = sorted(compile_commands(folders[0]))
        sample = random.Random(1).sample(names, min(options.sample, len(names)))
        for name in sample:
            first, second = (compiled_anew(folder, compile_commands(folder)[name], name) for folder in folders)
            wrong += [name] if first != second else []
        for name in wrong:
            print(f"FAILED  {name} differs")
        count = len(packages(folders[0])) + len(sample)
        print(f"{count - len(wrong)} passed, {len(wrong)} failed")
        return 1 if wrong or not sample else 0


if __name__ == "__main__":
    sys.exit(main())
