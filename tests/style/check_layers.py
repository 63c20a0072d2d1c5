#!/usr/bin/env python3
"""Holds every #include in src/ against the layers: a component may include only itself and
components of a strictly lower layer. Also: file length, headers with #pragma once, no folder
without a name of its own, formatting, scripts that can be run. Exits 1 with one line per breach."""
import glob
import os
import re
import shutil
import subprocess
import sys

NESTED = {"receivers", "processors", "exporters", "connectors", "extensions"}


def read_layers(root):
    """The layer of each folder of src/, as its CMakeLists.txt declares it; of a nested one, that of what is in it."""
    layers = {}
    for path in sorted(glob.glob(os.path.join(root, "src", "**", "CMakeLists.txt"), recursive=True)):
        folder = os.path.relpath(path, os.path.join(root, "src")).split(os.sep)[0]
        found = re.search(r"millrace_component\(NAME \w+ LAYER (\d+)", open(path, encoding="utf-8").read())
        if found:
            layers[folder] = max(layers.get(folder, 0), int(found.group(1)))
    return layers


# Folders of one component that may not know one another.
STRANGERS = [{"transport/server", "transport/client"}]
NAMELESS = {"util", "utils", "common", "helpers", "misc", "core", "manager"}
LINES_MAX = 500


def component(parts):
    return "/".join(parts[:2]) if parts[0] in NESTED and len(parts) > 2 else parts[0]


def are_strangers(folder, other):
    return folder != other and any({folder, other} == pair for pair in STRANGERS)


def check(root):
    breaches, files, layers = [], 0, read_layers(root)
    for folder, _, names in os.walk(os.path.join(root, "src")):
        for name in sorted(names):
            if not name.endswith((".h", ".cc")):
                continue
            path = os.path.join(folder, name)
            relative = os.path.relpath(path, os.path.join(root, "src"))
            parts = relative.split(os.sep)
            files += 1
            if NAMELESS & set(parts[:-1]):
                breaches.append(f"src/{relative}: folder without a name of its own")
            if parts[0] not in layers:
                breaches.append(f"src/{relative}: no layer is known for {parts[0]}/")
                continue
            text = open(path, encoding="utf-8").read()
            if text.count("\n") > LINES_MAX:
                breaches.append(f"src/{relative}: more than {LINES_MAX} lines")
            if name.endswith(".h") and "#pragma once" not in text:
                breaches.append(f"src/{relative}: no #pragma once")
            for number, line in enumerate(text.splitlines(), 1):
                found = re.match(r'\s*#include "([^"]+)"', line)
                if not found:
                    continue
                target = found.group(1).split("/")
                if target[0] == "millrace":
                    continue
                if target[0] not in layers or len(target) < 2:
                    breaches.append(f"src/{relative}:{number}: include from the root of src/, found \"{found.group(1)}\"")
                elif are_strangers("/".join(parts[:2]), "/".join(target[:2])):
                    breaches.append(f"src/{relative}:{number}: {'/'.join(parts[:2])} may not know {'/'.join(target[:2])}")
                elif component(target) != component(parts) and layers[target[0]] >= layers[parts[0]]:
                    breaches.append(
                        f"src/{relative}:{number}: {component(parts)} (layer {layers[parts[0]]}) includes "
                        f"{component(target)} (layer {layers[target[0]]})")
    return files, breaches


def check_format(root):
    """Files that clang-format would change; nothing is said when the tool is not installed."""
    tool = shutil.which("clang-format-19")
    if tool is None:
        return []
    sources = []
    for top in ("src", "daemon", "bench", "tests", "include", "examples"):
        for folder, _, names in os.walk(os.path.join(root, top)):
            sources += [os.path.join(folder, n) for n in sorted(names) if n.endswith((".h", ".cc"))]
    run = subprocess.run([tool, "--dry-run", "-Werror"] + sources, capture_output=True, text=True)
    wrong = sorted({line.split(":")[0] for line in run.stderr.splitlines() if "error:" in line})
    return [f"{os.path.relpath(path, root)}: not formatted (clang-format-19 -i)" for path in wrong]


def check_scripts(root):
    """What names its interpreter is meant to be run, as the documentation does."""
    scripts = [os.path.join(root, name) for name in ("run", "test", ".ci/run")]
    for top in ("bench", "bindings", "fuzz", "packaging", "scripts", "tests"):
        for folder, _, names in os.walk(os.path.join(root, top)):
            scripts += [os.path.join(folder, n) for n in sorted(names) if n.endswith((".py", ".sh"))]
    breaches = []
    for path in scripts:
        with open(path, "rb") as file:
            if file.read(2) == b"#!" and not os.access(path, os.X_OK):
                breaches.append(f"{os.path.relpath(path, root)}: begins with #! and is not executable")
    return breaches


if __name__ == "__main__":
    top = sys.argv[1] if len(sys.argv) > 1 else "."
    count, found = check(top)
    found += check_format(top) + check_scripts(top)
    for line in found:
        print(line)
    print(f"layers: {count} files, {len(found)} breaches")
    sys.exit(1 if found or count == 0 else 0)
