#!/usr/bin/env python3
"""How many of a directory's configurations a program accepts, and what it has against the others.

    scripts/validate_all.py DIRECTORY [--program build/release/millrace] [--each] [--against otelcol]

Runs `PROGRAM validate --config FILE` for each *.yaml below DIRECTORY. Variables stay unset and the files that
a configuration names are missing, as on any machine but its own. Prints each kind of mistake with the number of
configurations that have it, then "N of M pass". `--each`: a line for each file, and what was said. `--fill`: each variable has a value that fits its name.
`--against`: another program with the same command; what one of them accepts and the other refuses is listed."""
import argparse
import collections
import os
import re
import subprocess
import sys


MISSING = ("unknown type: ", "authenticator not found")


def configurations(directory):
    for folder, _, names in os.walk(directory):
        for name in sorted(names):
            if name.endswith((".yaml", ".yml")):
                yield os.path.join(folder, name)


def filled(path):
    """A value for each variable that the configuration names, by the words of its name and what is behind it."""
    with open(path, encoding="utf-8", errors="replace") as text:
        found = re.findall(r"\$\{(?:env:)?([A-Za-z_]\w*)[^}]*\}(:?)", text.read())
    kinds_of_names = ((r"URL|ENDPOINT|ADDR|DSN|INGEST", "http://localhost:4317"), (r"SPIKE", "100"),
                      (r"MIB|MEM|LIMIT", "512"), (r"PERCENT", "50"), (r"PORT$|PORT_", "4317"), (r"LEVEL", "info"),
                      (r"TIMEOUT|INTERVAL|DELAY|DURATION", "1s"), (r"SIZE|COUNT|NUM_|CONSUMERS|MAX", "1000"),
                      (r"INSECURE|ENABLED|DISABLE", "true"), (r"HOST|_IP|INTERFACE", "127.0.0.1"),
                      (r"VERBOSITY", "basic"), (r"HTPASSWD", "a:{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M="))
    values = {name: next((value for words, value in kinds_of_names if re.search(words, name.upper())), "value")
              for name, _ in found}
    # An endpoint with a port behind it is a host.
    return {**values, **{name: "localhost" for name, colon in found
                         if colon and values[name].startswith("http://")}}


def validate(program, path, fills):
    """None when the program accepts it, otherwise all that it says."""
    environment = {**os.environ, **(filled(path) if fills else {})}
    done = subprocess.run([program, "validate", "--config", path], capture_output=True, text=True, timeout=60,
                          env=environment)
    return None if done.returncode == 0 else done.stderr + done.stdout


def kinds(text):
    """The mistakes without places and names, so that the same ones of several files count together."""
    for line in text.splitlines():
        if ": error: " in line:
            line = line.split(": error: ", 1)[1]
            line = re.sub(r"\(valid values: [^)]*\)", "", line)
            line = re.sub(r"(receivers|processors|exporters|extensions|connectors)::([a-zA-Z_]+)(/[^:]*)?",
                          r"\1::\2", line)
            line = re.sub(r"service::pipelines::[^:]*", "service::pipelines", line)
            yield re.sub(r" for id: \"[^\"]*\"", "", line)
        elif line.startswith("Error: ") and not line.endswith("mistakes:"):
            yield re.sub(r"/[^ ]*/", "", line[7:])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory")
    parser.add_argument("--program", default=os.path.join(os.path.dirname(__file__), "../build/release/millrace"))
    parser.add_argument("--each", action="store_true")
    parser.add_argument("--fill", action="store_true")
    parser.add_argument("--against")
    options = parser.parse_args()
    count, passed, known, found = 0, 0, 0, collections.Counter()
    for path in configurations(options.directory):
        count += 1
        said = validate(options.program, path, options.fill)
        passed += said is None
        known += not any(words in (said or "") for words in MISSING)
        found.update(set(kinds(said or "")))
        if options.each:
            print(f"{'ok  ' if said is None else 'FAIL'} {path}\n{said or ''}", end="")
        if options.against:
            other = validate(options.against, path, options.fill)
            if (other is None) != (said is None):
                print(f"{path}: {'only ' + options.program if said is None else 'only ' + options.against} accepts it"
                      f"\n{said or other}")
    for line, files in found.most_common():
        print(f"{files:4} {line}")
    print(f"{known} of {count} need no component that is missing here")
    print(f"{passed} of {count} pass")
    return 0 if passed == count else 1


if __name__ == "__main__":
    sys.exit(main())
