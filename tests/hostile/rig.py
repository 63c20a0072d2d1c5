"""The collector with a small budget, its sink, and honest senders that are measured: a generator over
gRPC, and a prober that opens a new connection for each request."""
import functools
import json
import multiprocessing
import os
import random
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "bench"))
from processes import Process, wait_for_port  # noqa: E402

LIMIT_MIB = 64
OVERHEAD_BYTES = 32 << 20  # the memory beyond the budget that docs/reliability.md permits
PORTS = ("otlp", "http", "tls", "tls_http", "auth", "auth_http", "metadata", "metadata_http", "edited", "edited_http",
         "metrics", "health", "sink", "hostile0", "hostile1", "hostile2", "hostile3")
RATE, ITEMS = 2000, 10  # the generator's items a second and items in a request
PROBE_PAUSE_S = 0.015


GIVEN_OUT = set()


def free_port():
    """Never returns a port twice, and only ports below those that the system gives to clients."""
    while True:
        port = random.randrange(12_000, 32_000)
        if port in GIVEN_OUT:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                GIVEN_OUT.add(port)
                return port
            except OSError:
                pass


def protocols(port, grpc, http, **more):
    address = "127.0.0.1:"
    return {"protocols": {"grpc": {"endpoint": address + str(port[grpc]), **more},
                          "http": {"endpoint": address + str(port[http]), **more}}}


def exporter(port, **more):
    return {"endpoint": f"127.0.0.1:{port}", "compression": "none", "tls": {"insecure": True}, **more}


def server(port, folder):
    """All ports that an attack may use, with one back end."""
    tls = {"cert_file": f"{folder}/cert.pem", "key_file": f"{folder}/key.pem"}
    edits = [{"key": f"added.{i}", "action": "upsert", "value": "x" * 20} for i in range(3)]
    edits += [{"key": "k", "action": "hash"}]
    edited = {"receivers": ["otlp/edited"], "processors": ["memory_limiter", "resource", "attributes"],
              "exporters": ["otlp_grpc"]}
    return {
        "receivers": {
            "otlp": protocols(port, "otlp", "http"),
            "otlp/tls": protocols(port, "tls", "tls_http", tls=tls),
            "otlp/auth": protocols(port, "auth", "auth_http", auth={"authenticator": "bearertokenauth"}),
            "otlp/metadata": protocols(port, "metadata", "metadata_http", include_metadata=True),
            "otlp/edited": protocols(port, "edited", "edited_http")},
        "extensions": {"bearertokenauth": {"token": "a-token-that-nobody-guesses"},
                       "health_check": {"endpoint": f"127.0.0.1:{port['health']}"}},
        "processors": {"memory_limiter": {"check_interval": "1s", "limit_mib": LIMIT_MIB},
                       "resource": {"attributes": [edits[0]]}, "attributes": {"actions": edits}},
        "exporters": {"otlp_grpc": exporter(port["sink"], sending_queue={"queue_size": 1000})},
        "service": {
            "extensions": ["bearertokenauth", "health_check"],
            "pipelines": {
                "traces": {"receivers": ["otlp", "otlp/tls", "otlp/auth", "otlp/metadata"],
                           "processors": ["memory_limiter"], "exporters": ["otlp_grpc"]},
                "metrics": {"receivers": ["otlp"], "processors": ["memory_limiter"], "exporters": ["otlp_grpc"]},
                "logs": {"receivers": ["otlp"], "processors": ["memory_limiter"], "exporters": ["otlp_grpc"]},
                "traces/edited": edited, "metrics/edited": edited, "logs/edited": edited},
            "telemetry": telemetry(port)}}


def telemetry(port):
    return {"metrics": {"readers": [{"pull": {"exporter": {"prometheus": {"host": "127.0.0.1",
                                                                          "port": port["metrics"]}}}}]}}


def backend(port, folder, hostiles=()):
    """An honest back end and up to four hostile ones that are not required: (protocol, options) each."""
    exporters = {"otlp_grpc": exporter(port["sink"])}
    for i, (protocol, more) in enumerate(hostiles):
        hostile = exporter(port[f"hostile{i}"], **{"required": False, "sending_queue": {"queue_size": 200}, **more})
        if protocol == "http":
            hostile["endpoint"] = "http://" + hostile["endpoint"]
        exporters[f"otlp_{protocol}/hostile{i}"] = hostile
    return {"receivers": {"otlp": protocols(port, "otlp", "http")},
            "processors": {"memory_limiter": {"check_interval": "1s", "limit_mib": LIMIT_MIB}}, "exporters": exporters,
            "service": {"pipelines": {"traces": {"receivers": ["otlp"], "processors": ["memory_limiter"],
                                                 "exporters": list(exporters)}}, "telemetry": telemetry(port)}}


def behind(port, folder, name, options):
    """Beside the honest pipeline one for a hostile sender, with an exporter that enlarges the data."""
    options = options(port, folder)
    limiter = {"check_interval": "1s", "limit_mib": LIMIT_MIB}
    return {"receivers": {"otlp": protocols(port, "otlp", "http"),
                          "otlp/edited": protocols(port, "edited", "edited_http", include_metadata=True)},
            "processors": {"memory_limiter": limiter, "attributes": {"actions": [
                {"key": "copied", "action": "upsert", "from_context": "metadata.x-big"}]}},
            "exporters": {"otlp_grpc": exporter(port["sink"]), name: options},
            "service": {"telemetry": telemetry(port), "pipelines": {
                "traces": {"receivers": ["otlp"], "processors": ["memory_limiter"], "exporters": ["otlp_grpc"]},
                "traces/hostile": {"receivers": ["otlp/edited"], "processors": ["memory_limiter", "attributes"],
                                   "exporters": [name]}}}}


def doors(port, folder):
    """Receivers that require a password, or count clients by a header that the sender chooses."""
    config = server(port, folder)
    config["extensions"]["basicauth"] = {"htpasswd": {"inline": "one:$2y$10$N9qo8uLOickgx2ZMRZoMye3AE9W/dd.0Q6h.4W/Fe8LnSCzUB3DLC"}}
    config["service"]["extensions"].append("basicauth")
    config["receivers"]["otlp/auth"] = protocols(port, "auth", "auth_http", auth={"authenticator": "basicauth"})
    config["receivers"]["otlp/metadata"] = protocols(port, "metadata", "metadata_http", limits={
        "key": "header:x-client", "requests_per_second": 1000})
    config["exporters"]["otlp_grpc"]["sending_queue"]["batch"] = {"partition": {"metadata_keys": ["x-part"]}}
    config["receivers"]["otlp/edited"] = protocols(port, "edited", "edited_http", include_metadata=True)
    return config


def to_sink(**more):
    return lambda port, folder: exporter(port["sink"], **more)


def to_json(port, folder):
    return {**exporter(port["sink"], encoding="json"), "endpoint": f"http://127.0.0.1:{port['sink']}"}


def to_dead_letters(port, folder):
    """Port 1 refuses connections: every request is dropped after one attempt and kept as a dead letter."""
    return exporter(1, retry_on_failure={"enabled": False}, dead_letter={
        "path": f"{folder}/dead.{port['otlp']}.jsonl", "include_expired": True})


BEHIND = {
    "to file": ("file", lambda port, folder: {"path": f"{folder}/out.{port['otlp']}.jsonl"}),
    "to debug": ("debug", lambda port, folder: {"verbosity": "detailed"}),
    "to json": ("otlp_http/json", to_json),
    "to dead letters": ("otlp_grpc/dead", to_dead_letters),
    "cut small": ("otlp_grpc/cut", to_sink(sending_queue={"batch": {"max_size": 10, "min_size": 1}})),
    "compressed": ("otlp_grpc/packed", to_sink(compression="zstd")),
}
CONFIGS = {"server": server, "backend": backend, "doors": doors,
           **{name: functools.partial(behind, name=exporter_name, options=options)
              for name, (exporter_name, options) in BEHIND.items()}}


def make_certificate(folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-days", "2", "-subj", "/CN=localhost", "-keyout", f"{folder}/key.pem", "-out",
                    f"{folder}/cert.pem"], check=True, capture_output=True)


def get(port, path="/metrics", timeout=5):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=timeout) as answer:
        return answer.read().decode()


class Scene:
    """One collector and its sink, for a `with` block."""

    def __init__(self, millrace, folder, name="server", **more):
        self.millrace, self.folder = millrace, folder
        self.port = {port: free_port() for port in PORTS}
        self.config = CONFIGS[name](self.port, folder, **more)
        self.acknowledged = f"{folder}/acknowledged.{self.port['otlp']}"
        self.log_path = f"{folder}/collector.{self.port['otlp']}.log"
        open(self.acknowledged, "wb").close()

    def __enter__(self):
        self.sink = Process([self.millrace, "sink", "--endpoint", f"127.0.0.1:{self.port['sink']}", "--acknowledged",
                             self.acknowledged, "--interval", "0", "--duration", "120s", "--summary", "json"])
        wait_for_port(self.port["sink"])
        path = self.log_path + ".yaml"
        with open(path, "w") as out:
            json.dump(self.config, out)
        self.collector = Process([self.millrace, "--config", path], log=self.log_path)
        try:
            wait_for_port(self.port["otlp"])
            wait_for_port(self.port["metrics"])
        except RuntimeError:
            self.__exit__()
            raise RuntimeError("the collector did not start:\n" + self.log()[-1500:]) from None
        return self

    def __exit__(self, *_):
        self.collector.stop()
        self.sink.stop()

    def log(self):
        with open(self.log_path, errors="replace") as log:
            return log.read()

    def generator(self, seconds):
        return Process([self.millrace, "generate", "--endpoint", f"127.0.0.1:{self.port['otlp']}", "--rate", str(RATE),
                        "--items-per-request", str(ITEMS), "--connections", "2", "--duration", f"{seconds:.1f}s",
                        "--timeout", "5s", "--acknowledged", self.acknowledged, "--summary", "json"])

    def metrics(self):
        return Metrics(get(self.port["metrics"]))


class Metrics:
    def __init__(self, page):
        self.page = page

    def sum(self, name, label=""):
        return sum(float(line.rsplit(" ", 1)[1]) for line in self.page.splitlines()
                   if re.match(name + r"(_total)?[ {]", line) and label in line)

    def reasons(self):
        """The values of millrace_receiver_rejected_requests by reason."""
        found = {}
        for reason, value in re.findall(r'millrace_receiver_rejected_requests(?:_total)?\{[^}]*reason="([^"]*)"[^}]*\} (\S+)',
                                        self.page):
            found[reason] = found.get(reason, 0) + int(float(value))
        return {reason: count for reason, count in found.items() if count}


class Prober:
    """Repeats a small request on new connections and measures each, including the connecting."""

    # resource_spans { scope_spans { spans { trace_id span_id } } }
    SPAN = b"\x0a\x10" + b"\x11" * 16 + b"\x12\x08" + b"\x22" * 8
    BODY = (b"\x0a" + bytes([len(SPAN) + 4]) + b"\x12" + bytes([len(SPAN) + 2]) + b"\x12" + bytes([len(SPAN)]) + SPAN)
    REQUEST = (b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n"
               b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(BODY)) + BODY

    def __init__(self, port):
        self.port, self.times, self.refused, self.errors = port, [], 0, []
        self.running = True
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while self.running:
            begun = time.monotonic()
            try:
                status = self.once()
                self.refused += status != 200
            except OSError as error:
                self.errors.append(str(error) or type(error).__name__)
            self.times.append(time.monotonic() - begun)
            time.sleep(PROBE_PAUSE_S)

    def once(self):
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as sock:
            sock.sendall(self.REQUEST)
            answer = sock.recv(4096)
            if not answer:
                raise OSError("closed without an answer")
            return int(answer.split()[1])

    def stop(self):
        self.running = False
        self.thread.join()
        return self

    def p99_ms(self):
        """With few probes the second largest: a single one depends on the machine."""
        times = sorted(self.times) or [0.0]
        return 1000 * times[max(0, min(len(times) - 2, int(len(times) * 0.99)))]

    def refused_share(self):
        return (self.refused + len(self.errors)) / max(1, len(self.times))


def apart(run, *arguments):
    """Runs in a separate process of lower priority, because a real peer has its own machine. (process, pipe)."""
    ours, theirs = multiprocessing.Pipe()

    def body():
        os.nice(5)
        try:
            theirs.send(("ok", run(*arguments)))
        except BaseException as error:  # noqa: B902  shown by the parent
            theirs.send(("failed", f"{type(error).__name__}: {error}"))
        os._exit(0)

    process = multiprocessing.get_context("fork").Process(target=body, daemon=True)
    process.start()
    return process, ours
