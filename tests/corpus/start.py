"""Runs public configurations: free ports in place of theirs, sinks in place of their back ends. Each gets numbered
items of each of its signals, is ended with SIGTERM, and must have a ledger that balances, with every item admitted
and none dropped."""
import contextlib
import http.server
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "scripts"))
sys.path.insert(0, os.path.join(ROOT, "bench"))
import validate_all  # noqa: E402
from processes import Process, free_port, wait_for_port  # noqa: E402

ITEMS = 25
SECONDS = 30
SIGNALS = ("traces", "metrics", "logs")
# No broker runs here.
WITH_BROKER = ("kafka",)
# Their files, servers and secrets are elsewhere.
AUTHENTICATORS = ("basicauth", "bearertokenauth", "oauth2client", "oidc", "sigv4auth")


def type_of(component):
    return component.split("/")[0].strip()


def environment(path):
    return {**os.environ, **validate_all.filled(path)}


def effective(program, path):
    """The configuration after merging and ${…}, as a dict."""
    done = subprocess.run([program, "print-config", "--config", path, "--format", "json", "--mode", "unredacted"],
                          capture_output=True, text=True, timeout=SECONDS, env=environment(path), check=True)
    return json.loads(done.stdout)


def move_receiver(component, body, ports):
    """Gives a receiver free ports; `ports` gets (component, protocol, port) of those that take OTLP."""
    if type_of(component) == "otlp":
        for name, protocol in body["protocols"].items():
            protocol = {key: value for key, value in (protocol or {}).items() if key not in ("tls", "auth", "transport")}
            port = free_port()
            body["protocols"][name] = {**protocol, "endpoint": f"127.0.0.1:{port}"}
            ports.append((component, name, port))
    elif type_of(component) == "jaeger":
        body["protocols"] = {name: {"endpoint": f"127.0.0.1:{free_port()}"} for name in body["protocols"]}
    elif type_of(component) not in ("nop", "prometheus"):  # without a port of their own
        body["endpoint"] = f"127.0.0.1:{free_port()}"


class RemoteWrite(http.server.BaseHTTPRequestHandler):
    """Accepts every request of Prometheus's remote write."""
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def remote_write_server():
    """Its port."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), RemoteWrite) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def move_exporter(component, body, folder, sinks):
    if type_of((body.get("auth") or {}).get("authenticator", "")) in AUTHENTICATORS:
        body.pop("auth")
    kind = type_of(component)
    if kind in ("otlp", "otlp_grpc"):
        body.update({"endpoint": f"127.0.0.1:{sinks['otlp']}", "tls": {"insecure": True}})
    elif kind in ("otlphttp", "otlp_http"):
        for key in ("traces_endpoint", "metrics_endpoint", "logs_endpoint", "profiles_endpoint", "proxy_url", "tls"):
            body.pop(key, None)
        body["endpoint"] = f"http://127.0.0.1:{sinks['otlp']}"
    elif kind in ("prometheusremotewrite", "prometheus_remote_write"):
        for key in ("tls", "proxy_url"):
            body.pop(key, None)
        body["endpoint"] = f"http://127.0.0.1:{sinks['remote_write']}/api/v1/write"
    elif kind == "prometheus":
        for key in ("tls", "transport"):
            body.pop(key, None)
        body["endpoint"] = f"127.0.0.1:{free_port()}"
    elif kind == "file":
        body["path"] = os.path.join(folder, component.replace("/", "_"))


def moved(config, folder, sinks):
    """The configuration for this machine, and its ports for OTLP."""
    ports = []
    for section in ("receivers", "exporters", "extensions"):
        config[section] = {name: body or {} for name, body in (config.get(section) or {}).items()}
    for component, body in config["receivers"].items():
        move_receiver(component, body, ports)
    for component, body in config["exporters"].items():
        move_exporter(component, body, folder, sinks)
    service = config["service"]
    service["extensions"] = [name for name in service.get("extensions") or [] if type_of(name) not in AUTHENTICATORS]
    config["extensions"] = {name: body for name, body in config["extensions"].items()
                            if type_of(name) not in AUTHENTICATORS}
    for component, body in config["extensions"].items():
        if type_of(component) in ("health_check", "healthcheckv2", "zpages"):
            (body.get("http") or body)["endpoint"] = f"127.0.0.1:{free_port()}"
        elif type_of(component) == "file_storage":
            own = os.path.join(folder, component.replace("/", "_"))
            body.update({"directory": own, "create_directory": True})
    service["telemetry"] = {"metrics": {"level": "none"}}
    return config, ports


def signals_of(config, receiver):
    """The signals that a receiver hands to a pipeline."""
    return sorted({type_of(name) for name, pipeline in config["service"]["pipelines"].items()
                   if receiver in pipeline["receivers"] and type_of(name) in SIGNALS})


def send(program, config, ports):
    """The number of items that were sent; each receiver gets each of its signals once."""
    sent, done = 0, set()
    for receiver, protocol, port in ports:
        for kind in signals_of(config, receiver):
            if (receiver, kind) in done:
                continue
            done.add((receiver, kind))
            subprocess.run([program, "generate", "--endpoint", f"127.0.0.1:{port}", "--protocol", protocol, "--signal",
                            kind, "--total", str(ITEMS), "--items-per-request", str(ITEMS), "--retries", "5"],
                           check=True, capture_output=True, timeout=SECONDS)
            sent += ITEMS
    return sent


def ledger_of(log):
    with open(log, encoding="utf-8", errors="replace") as text:
        last = text.read().strip().splitlines()[-1]
    assert last.startswith("ledger: ") and "balance=ok" in last, last
    return {name: int(value) for name, value in
            (word.split("=") for word in last.split() if "=" in word and word[-1].isdigit())}


def carries_data(program, path, folder, sinks):
    """The number of items that the configuration carried; 0 where no receiver takes OTLP, or a broker is needed."""
    config, ports = moved(effective(program, path), folder, sinks)
    if any(type_of(name) in WITH_BROKER for section in ("receivers", "exporters") for name in config[section]):
        return 0
    own = os.path.join(folder, "config.yaml")
    with open(own, "w", encoding="utf-8") as out:
        out.write(json.dumps(config).replace("$", "$$"))  # a dollar of the effective configuration is one
    ports = [port for port in ports if signals_of(config, port[0])]
    if not ports:
        return 0
    with Process([program, "--config", own], log=own + ".log") as collector:
        for _, _, port in ports:
            wait_for_port(port)
        sent = send(program, config, ports)
        collector.child.send_signal(signal.SIGTERM)
        assert collector.child.wait(SECONDS) == 0, "did not end by itself"
        ledger = ledger_of(own + ".log")
    assert ledger["admitted"] >= sent and ledger["dropped"] == 0, ledger
    return sent


def run_all(program, paths):
    """How many of the configurations carried data."""
    carried = 0
    with tempfile.TemporaryDirectory() as folder:
        sink = free_port()
        with remote_write_server() as remote_write, \
                Process([program, "sink", "--endpoint", f"127.0.0.1:{sink}", "--interval", "0"],
                        log=os.path.join(folder, "sink.log")):
            wait_for_port(sink)
            for number, path in enumerate(paths):
                own = os.path.join(folder, str(number))
                os.mkdir(own)
                try:
                    carried += carries_data(program, path, own, {"otlp": sink, "remote_write": remote_write}) > 0
                except (AssertionError, KeyError, RuntimeError, subprocess.SubprocessError) as why:
                    print(f"FAILED: {os.path.basename(path)} does not carry data: {type(why).__name__}: {why}")
                    print_end_of(os.path.join(own, "config.yaml.log"))
                shutil.rmtree(own)
    return carried


def print_end_of(log):
    if os.path.exists(log):
        with open(log, encoding="utf-8", errors="replace") as text:
            print("".join("    " + line for line in text.readlines()[-5:]), end="")
