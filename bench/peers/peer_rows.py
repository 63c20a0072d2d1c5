"""The other programs of limits.py: what --peers and --peer name, as rows beside Millrace's.

`--peers otelcol nginx haproxy` are known by name. `--peer CONFIG PROGRAM` is any other collector: its
configuration file, in which LISTEN_PORT and UPSTREAM_PORT stand for ports (and FOLDER for an empty folder),
and its program, which is run as `PROGRAM --config FILE`. It takes part in the gRPC rows, or in the HTTP rows
if the file's name has "http" in it."""
import os
import shutil

from report import say
from subjects import ONE_EDIT, collector, program

FOLDER = os.path.dirname(os.path.abspath(__file__))
KNOWN = ("otelcol", "nginx", "haproxy")
# otelcol's documented batching; the others of the same configuration.
BATCH = {"batch": {"send_batch_size": 1000, "timeout": "200ms"}}
# It takes ten to seventy times as long for a span.
OTELCOL_SHARE = 0.1
OTELCOL_BUILD = "(cd bench/otelcol && go build -o ../../build/otelcol-bench .)"


def peer_rows(options, protocol, spans):
    """Of one shape: (name, start, base, goal, share, compression of the generator)."""
    rows = []
    for name in options.peers:
        rows += known(options, name, protocol, spans)
    for config, command in options.peer:
        if ("http" in os.path.basename(config)) == (protocol == "http"):
            with open(config) as file:
                rows.append((os.path.basename(command),
                             program([command, "--config", "{config}"], file.read()), "relay", None))
    return rows


def known(options, name, protocol, spans):
    if name == "otelcol":
        return otelcol(os.path.abspath(options.otelcol), protocol, spans)
    if protocol != "grpc":
        return []
    if name == "nginx":
        return proxy("nginx", "nginx.conf", lambda path: [path, "-c", "{config}"])
    return proxy("haproxy", "haproxy.cfg", lambda path: [path, "-f", "{config}"])


def otelcol(path, protocol, spans):
    command = [path]
    rows = [("otelcol", collector(command, protocol, BATCH), "relay", None, OTELCOL_SHARE)]
    if protocol == "grpc" and spans != 10:
        rows += [("otelcol, an attribute", collector(command, protocol, {**ONE_EDIT, **BATCH}), "relay", None,
                  OTELCOL_SHARE),
                 ("otelcol, gzip, gzip", collector(command, protocol, BATCH, compression="gzip"), "relay", None,
                  OTELCOL_SHARE, "gzip")]
    return rows


def proxy(name, config, command):
    with open(os.path.join(FOLDER, config)) as file:
        return [(name, program(command(path_of(name)), file.read()), "relay", None)]


def path_of(name):
    """Debian installs both where a user's PATH need not look."""
    return shutil.which(name, path=os.environ.get("PATH", "") + os.pathsep + "/usr/sbin")


def missing(options):
    """Prints which programs are not there, and how to get them. True: one is missing."""
    lines = []
    for name in options.peers:
        if name == "otelcol" and not os.path.exists(options.otelcol):
            lines.append(f"otelcol: {options.otelcol} is missing; build it with {OTELCOL_BUILD}")
        elif name != "otelcol" and path_of(name) is None:
            lines.append(f"{name}: not found; apt install {name}")
    for config, command in options.peer:
        lines += [f"--peer: {path} is missing" for path in (config, command) if not os.path.exists(path)]
    for line in lines:
        say(line)
    return bool(lines)
