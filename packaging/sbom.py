#!/usr/bin/env python3
"""The bill of materials of a program, as CycloneDX 1.6 JSON: the Debian packages of the libraries that it links, of the
archives and headers that are compiled in, and the npm packages of the console's page, each with version and licences.
The same program and the same installed packages give the same bytes. With --licences the licence texts of what is
compiled in, linked statically or shipped are copied to a folder, each under its package's name.

    packaging/sbom.py build/release/millrace --output sbom.cdx.json [--licences FOLDER] [--archives FILE…]
"""
import argparse
import datetime
import json
import os
import re
import shutil
import subprocess
import sys
import uuid

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), ".."))
PAGE = os.path.join(ROOT, "src", "extensions", "console", "page")
COMPILED_IN = ("libboost1.81-dev", "libcli11-dev")  # headers
IN_THE_PAGE = ("preact", "uplot")
# Names of licences in Debian's files that SPDX spells differently.
SPDX = {"Expat": "MIT", "BSL-1": "BSL-1.0", "Boost-1.0": "BSL-1.0", "BSL-1.0": "BSL-1.0", "Apache-2": "Apache-2.0", "Apache-2.0": "Apache-2.0",
        "zlib": "Zlib", "Zlib": "Zlib", "BSD-3-clause": "BSD-3-Clause", "BSD-2-clause": "BSD-2-Clause", "MIT": "MIT",
        "GPL-2": "GPL-2.0-only", "GPL-2+": "GPL-2.0-or-later", "GPL-3": "GPL-3.0-only", "GPL-3+": "GPL-3.0-or-later",
        "LGPL-2.1+": "LGPL-2.1-or-later", "LGPL-2+": "LGPL-2.0-or-later", "BSD-3-Clause": "BSD-3-Clause"}


def output(*arguments):
    return subprocess.check_output(arguments, text=True)


def linked_files(program):
    """Paths of the shared libraries in the program's own list; those of glibc are found through it."""
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", output("readelf", "-d", program))
    paths = dict(re.findall(r"^\s*(\S+) => (/\S+)", output("ldd", program), re.M))
    return [os.path.realpath(paths[name]) for name in needed if name in paths]


def package_of(path):
    for spelling in (path, path.removeprefix("/usr"), "/usr" + path):
        found = subprocess.run(["dpkg-query", "--search", spelling], capture_output=True, text=True)
        if found.returncode == 0:
            return found.stdout.split(": ")[0].split(",")[0].split(":")[0]
    raise SystemExit(f"Error: {path} belongs to no Debian package")


def copyright_file(package):
    path = f"/usr/share/doc/{package}/copyright"
    if not os.path.exists(path):
        raise SystemExit(f"Error: {path} does not exist")
    return path


def licences(package):
    """Names in the `License:` fields of Debian's machine-readable file; empty where it is not such a file."""
    with open(copyright_file(package), encoding="utf-8", errors="replace") as file:
        text = file.read()
    names = {name for line in re.findall(r"^License:[ \t]*(\S.*)$", text, re.M)
             for name in re.split(r"\s+(?:and|or)\s+|,\s*|\s+with\s+.*", line.strip()) if name and " " not in name}
    return sorted(names)


def debian_component(package, scope):
    version, architecture, source = output(
        "dpkg-query", "-W", "-f=${Version} ${Architecture} ${source:Package}", package).split()
    component = {"type": "library", "bom-ref": f"deb/{package}", "name": package, "version": version,
                 "purl": f"pkg:deb/debian/{package}@{version.replace('+', '%2B')}?arch={architecture}&distro=debian-12",
                 "properties": [{"name": "millrace:how", "value": scope}, {"name": "debian:source", "value": source}]}
    named = licences(package)
    known = sorted({SPDX.get(name, name) for name in named})
    component["licenses"] = [{"license": {"id" if name in SPDX.values() else "name": name}} for name in known] or \
        [{"license": {"name": f"see {copyright_file(package)}"}}]
    return component


def npm_component(name):
    with open(os.path.join(PAGE, "node_modules", name, "package.json"), encoding="utf-8") as file:
        package = json.load(file)
    return {"type": "library", "bom-ref": f"npm/{name}", "name": name, "version": package["version"],
            "purl": f"pkg:npm/{name}@{package['version']}", "licenses": [{"license": {"id": package["license"]}}],
            "properties": [{"name": "millrace:how", "value": "in the console's page"}]}


def components(program, archives):
    found = {}
    for path in linked_files(program):
        found.setdefault(package_of(path), "linked dynamically")
    for path in archives:
        found[package_of(os.path.realpath(path))] = "linked statically" if path.endswith(".a") else "shipped beside it"
    for package in COMPILED_IN:
        found[package] = "headers compiled in"
    result = [debian_component(package, how) for package, how in sorted(found.items())]
    return result + [npm_component(name) for name in IN_THE_PAGE if os.path.isdir(os.path.join(PAGE, "node_modules", name))]


def copy_licences(parts, folder):
    os.makedirs(folder, exist_ok=True)
    for part in parts:
        if part["properties"][0]["value"] == "linked dynamically":
            continue  # its own package has it
        source = copyright_file(part["name"]) if part["bom-ref"].startswith("deb/") else \
            os.path.join(PAGE, "node_modules", part["name"], "LICENSE")
        shutil.copyfile(source, os.path.join(folder, part["name"]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--output", required=True)
    parser.add_argument("--licences")
    parser.add_argument("--archives", nargs="*", default=[], help="also shared libraries that are shipped")
    options = parser.parse_args()
    parts = components(options.program, options.archives)
    version, commit = re.fullmatch(r"millrace version (\S+) \(commit (\w+)\)\n",
                                   output(options.program, "version")).groups()
    time = int(os.environ.get("SOURCE_DATE_EPOCH") or output("git", "-C", ROOT, "log", "-1", "--format=%ct"))
    document = {
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "serialNumber": "urn:uuid:" + str(uuid.uuid5(uuid.NAMESPACE_URL, f"millrace-{version}-{commit}")),
        "metadata": {
            "timestamp": datetime.datetime.fromtimestamp(time, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {"type": "application", "bom-ref": "millrace", "name": "millrace", "version": version,
                          "licenses": [{"license": {"id": "Apache-2.0"}}],
                          "properties": [{"name": "millrace:commit", "value": commit}]}},
        "components": parts,
        "dependencies": [{"ref": "millrace", "dependsOn": [part["bom-ref"] for part in parts]}],
    }
    with open(options.output, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=1)
        file.write("\n")
    if options.licences:
        copy_licences(parts, options.licences)
    return 0


if __name__ == "__main__":
    sys.exit(main())
