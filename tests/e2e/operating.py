"""An operator's day with the real program: outages of back ends, a full disk, wrong ports and certificates, readiness,
and the end. The tests assert what an operator sees: the lines of the log as text and as JSON, the health pages, exit
codes and the ledger's last line."""
import http.client
import http.server
import json
import os
import signal
import socket
import ssl
import subprocess
import threading
import time
import urllib.error
import urllib.request

from delivery import make_certificates
from harness import DEADLINE_S, Process, Sink, configuration, wait_until
from processes import free_port, wait_for_port
from recovery import BOUND_S, RETRY, SPAN, await_spans

QUEUE_A, QUEUE_B = 20, 5
LARGE = 16000  # bytes of a request that fills a disk soon
SENT = 30
# Best-effort destinations get at most 2 s of the drain; the rest is for a busy machine.
DRAIN_S = 2 + 4


class Log:
    """The log of a collector, as text or as JSON."""

    def __init__(self, process, encoding):
        self.process, self.encoding = process, encoding

    def lines(self):
        with open(self.process.log_path, errors="replace") as log:
            return [line for line in log.read().split("\n")[:-1] if line]

    def find(self, message, **fields):
        for line in self.lines():
            if self.encoding == "json":
                entry = json.loads(line)  # every line, also the last
                if entry["msg"] == message and all(str(entry.get(k)) == v for k, v in fields.items()):
                    return entry
            elif message in line and all(f"{name}={value}" in line for name, value in fields.items()):
                return line
        return None

    def wait_for(self, message, **fields):
        wait_until(lambda: self.find(message, **fields) is not None,
                   lambda: f"no line {message!r} {fields} in\n" + "\n".join(self.lines()[-40:]))
        return self.find(message, **fields)

    def ledger(self):
        """The numbers of the last line: admitted, delivered, dropped, … and dropped_<reason>."""
        last = self.lines()[-1]
        if self.encoding == "json":
            entry = json.loads(last)
            assert entry["msg"] == "ledger" and entry["balance"] == "ok", last
            return {name: value for name, value in entry.items() if isinstance(value, int)}
        assert last.startswith("ledger: ") and last.endswith("balance=ok"), last
        numbers, prefix = {}, ""
        for word in last.split()[1:-1]:
            prefix = "dropped_" if word.startswith("(") else prefix
            name, _, value = word.strip("()").partition("=")
            numbers[prefix + name] = int(value)
            prefix = "" if word.endswith(")") else prefix
        return numbers


def start(case, config, encoding, health=None):
    config["service"]["telemetry"]["logs"] = {"encoding": encoding}
    if health is not None:
        config["extensions"] = {**config.get("extensions", {}),
                                "health_check": {"endpoint": f"127.0.0.1:{health}"}}
        config["service"]["extensions"] = list(config["extensions"])
    process = case.start(config)
    if health is not None:
        wait_for_port(health)
    return process, Log(process, encoding)


def large_span():
    """A request of one span with a long name."""
    def field(tag, content):
        return bytes([tag, len(content) % 128 + 128, len(content) // 128]) + content
    return field(0x0a, field(0x12, field(0x12, field(0x2a, b"n" * LARGE))))


def send(port, body=SPAN):
    """One request; its status. A refusal says when to come back."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=15)
    connection.request("POST", "/v1/traces", body, {"Content-Type": "application/x-protobuf"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert answer.status != 503 or answer.getheader("Retry-After"), "503 without Retry-After"
    return answer.status


def page(port, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def end(process, within_s=DEADLINE_S):
    """SIGTERM to the exit, in seconds."""
    begun = time.monotonic()
    process.child.send_signal(signal.SIGTERM)
    assert process.child.wait(within_s) == 0, "the collector did not end by itself"
    return time.monotonic() - begun


def an_outage(protocol, encoding):
    """Two back ends are away, a required and a best-effort one; the first comes back."""
    def run(case):
        away, health = {name: free_port() for name in "ab"}, free_port()
        scheme = "http://" if protocol == "http" else ""
        a, b = (f"otlp_{protocol}/{name}" for name in "ab")
        exporter = lambda name, **more: {
            "endpoint": f"{scheme}127.0.0.1:{away[name]}", "compression": "none",
            "tls": {"insecure": True}, "retry_on_failure": {**RETRY, "breaker_failures": 3}, **more}
        config, _, port = configuration(
            {a: exporter("a", sending_queue={"queue_size": QUEUE_A}),
             b: exporter("b", sending_queue={"queue_size": QUEUE_B}, required=False)},
            signals=("traces",))
        collector, log = start(case, config, encoding, health)
        assert page(health, "/readyz")[0] == 200
        statuses = [send(port) for _ in range(SENT)]
        assert statuses == [200] * QUEUE_A + [503] * (SENT - QUEUE_A), statuses

        # Both failures, the loss and the refusal are said, each with its exporter.
        for name in (a, b):
            log.wait_for("Exporting failed. Will retry the request after interval.", exporter=name)
            log.wait_for("The destination does not answer: it is probed until it does, everything else "
                         "waits.", exporter=name)
        log.wait_for("Data is being refused; its senders hear of it.", exporter=a, reason="queue_full")
        log.wait_for("Data is being dropped.", exporter=b, reason="queue_full")
        status, text = page(health, "/readyz")
        assert status == 503 and a in text, (status, text)
        assert page(health, "/livez")[0] == 200
        assert a in page(health, "/?verbose")[1]

        sink = Sink(case, port=away["a"])
        begun = time.monotonic()
        await_spans(sink, 1)
        took = time.monotonic() - begun
        assert took <= BOUND_S, f"the first delivery came {took:.2f} s after the back end"
        await_spans(sink, QUEUE_A)
        log.wait_for("Exporting works again.", exporter=a)
        wait_until(lambda: page(health, "/readyz")[0] == 200, lambda: page(health, "/readyz")[1])
        over = log.wait_for("No data is refused any more.", exporter=a, reason="queue_full")
        refused = SENT - QUEUE_A
        assert over["refused_items"] == refused if encoding == "json" else f"refused_items={refused}" in over, over

        took = end(collector)
        assert took <= DRAIN_S, f"a dead best-effort back end held the end for {took:.1f} s"
        log.wait_for("Dropping queued data.", exporter=b)
        ledger = log.ledger()
        # Both exporters' accounts: what was refused entered neither.
        wanted = {"admitted": 2 * QUEUE_A, "delivered": QUEUE_A, "dropped": QUEUE_A, "held": 0,
                  "dropped_queue_full": QUEUE_A - QUEUE_B, "dropped_drain_deadline": QUEUE_B}
        assert {name: ledger.get(name) for name in wanted} == wanted, ledger
    return run


def can_mount(folder):
    try:
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", folder], capture_output=True)
    except FileNotFoundError:
        return False
    return done.returncode == 0


def a_full_disk(case):
    """Senders are refused while the disk has no room, nothing that was acknowledged goes, and it ends by itself."""
    disk = os.path.join(case.folder, "disk")
    os.mkdir(disk)
    if not can_mount(disk):
        print("skipped: operating a full disk (no file system may be mounted here)")
        return
    try:
        _full_disk(case, disk)
    finally:
        case.stop()
        subprocess.run(["umount", disk], check=True)


def _full_disk(case, disk):
    away, health = free_port(), free_port()
    exporter = {"endpoint": f"http://127.0.0.1:{away}", "compression": "none", "retry_on_failure": RETRY,
                "sending_queue": {"storage": "file_storage/queue", "queue_size": 100_000}}
    config, _, port = configuration({"otlp_http/a": exporter}, signals=("traces",))
    config["extensions"] = {"file_storage/queue": {"directory": disk, "segment_size": 1 << 20}}
    collector, log = start(case, config, "json", health)
    body = large_span()
    assert send(port, body) == 200
    filler = os.path.join(disk, "filler")
    with open(filler, "wb", buffering=0) as out:
        try:
            while True:
                out.write(b"x" * 65536)
        except OSError:
            pass
    acknowledged, refusals = 1, 0
    for _ in range(1000):  # until the segment that has its space already is full
        if send(port, body) == 200:
            acknowledged += 1
        elif (refusals := refusals + 1) >= 10:
            break
    assert refusals == 10, f"{acknowledged} requests were acknowledged on a full disk"
    log.wait_for("storage: the disk refuses; appends are refused until it works again")
    log.wait_for("Data is being refused; its senders hear of it.", exporter="otlp_http/a",
                 reason="storage_failed")
    status, text = page(health, "/readyz")
    assert status == 503 and "No space left" in text, (status, text)
    os.remove(filler)
    log.wait_for("storage: the disk works again")
    wait_until(lambda: page(health, "/readyz")[0] == 200, lambda: page(health, "/readyz")[1])
    assert send(port, body) == 200
    acknowledged += 1
    sink = Sink(case, port=away)
    arrived = lambda: sum(map(len, sink.records())) // len(body)
    wait_until(lambda: arrived() >= acknowledged, lambda: f"{arrived()} of {acknowledged} arrived")
    end(collector)
    ledger = log.ledger()
    assert (ledger["admitted"], ledger["delivered"], ledger["dropped"]) == (acknowledged, acknowledged, 0), ledger
    assert sum(map(len, sink.records())) == acknowledged * len(body), "what was refused was sent all the same"


class Http1Server(http.server.BaseHTTPRequestHandler):
    """Something else that listens."""

    def log_message(self, *_):
        pass


def serve_http1():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Http1Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def wrong_ports_and_certificates(case):
    """Each mistake names its exporter, the address, and what is wrong with it."""
    files = make_certificates(case.folder)
    other = serve_http1()
    secure = free_port()
    case.keep(Process([case.millrace, "sink", "--endpoint", f"127.0.0.1:{secure}", "--interval", "0",
                       "--tls-cert-file", files["server.pem"], "--tls-key-file", files["server.key"]],
                      log=os.path.join(case.folder, "secure.log")))
    wait_for_port(secure)
    nobody = free_port()
    exporters = {
        "otlp_grpc/nobody": {"endpoint": f"127.0.0.1:{nobody}", "tls": {"insecure": True}},
        "otlp_grpc/http1": {"endpoint": f"127.0.0.1:{other.server_port}", "tls": {"insecure": True}},
        "otlp_grpc/clear": {"endpoint": f"127.0.0.1:{secure}", "tls": {"insecure": True}},
        "otlp_http/authority": {"endpoint": f"https://127.0.0.1:{secure}"},
        "otlp_http/name": {"endpoint": f"https://127.0.0.1:{secure}",
                           "tls": {"ca_file": files["ca.pem"], "server_name_override": "other.example"}},
        "otlp_http/right": {"endpoint": f"https://127.0.0.1:{secure}", "tls": {"ca_file": files["ca.pem"]}},
    }
    for exporter in exporters.values():
        exporter["retry_on_failure"] = RETRY
    config, _, port = configuration(exporters, signals=("traces",))
    config["service"]["shutdown_timeout"] = "1s"
    collector, log = start(case, config, "json")
    assert send(port) == 200
    said = {
        "otlp_grpc/nobody": ["Connection refused", str(nobody)],
        "otlp_grpc/http1": ["HTTP/2"],
        "otlp_grpc/clear": ["connection"],  # closed or reset
        "otlp_http/authority": ["certificate"],
        "otlp_http/name": ["other.example"],
    }
    for exporter, words in said.items():
        line = log.wait_for("Exporting failed. Will retry the request after interval.", exporter=exporter)
        for word in words:
            assert word in line["error"], (exporter, line["error"])
    assert log.find("Exporting failed. Will retry the request after interval.", exporter="otlp_http/right") is None
    end(collector)
    assert log.ledger()["delivered"] == 1, log.ledger()
    other.shutdown()


def tls_on_clear_text_ports(case):
    """A sender that speaks TLS to a port without it: the line names the port's own protocol and address."""
    config, grpc, http = configuration({"nop": {}}, signals=("traces",))
    collector, log = start(case, config, "json")
    for transport, port in (("grpc", grpc), ("http", http)):
        wait_for_port(port)
        context = ssl.create_default_context()
        with socket.create_connection(("127.0.0.1", port)) as raw:
            try:
                context.wrap_socket(raw, server_hostname="localhost")
                raise AssertionError("a clear-text port answered in TLS")
            except OSError:
                pass
        line = log.wait_for("request refused", reason="tls_on_clear_text_port", transport=transport)
        assert f"127.0.0.1:{port}, which has no tls" in line["error"], line
        assert line["peer"].startswith("127.0.0.1:") and line["receiver"] == "otlp", line
    end(collector)


def a_start_that_fails(case):
    """One line of text, or one JSON object a line, and exit code 1: also for mistakes of the configuration."""
    config, _, _ = configuration({"nop": {}})
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        config["receivers"]["otlp"]["protocols"]["grpc"]["endpoint"] = f"127.0.0.1:{port}"
        for encoding in ("console", "json"):
            said = failed_start(case, config, encoding)
            assert "Address already in use" in said[-1] and str(port) in said[-1], said
            if encoding == "json":
                entries = [json.loads(line) for line in said]
                assert entries[-1]["level"] == "error" and entries[-1]["msg"] == "the start failed", entries
            else:
                assert said[-1].startswith("Error: "), said
    config["exporters"]["nop"] = {"no_such_key": 1}
    mistakes = [json.loads(line) for line in failed_start(case, config, "json")]
    assert mistakes[-1]["error"] == "the configuration has mistakes", mistakes
    assert any("no_such_key" in entry["msg"] and entry["place"] for entry in mistakes), mistakes


def failed_start(case, config, encoding):
    config["service"]["telemetry"]["logs"] = {"encoding": encoding}
    path = os.path.join(case.folder, "fails.yaml")
    with open(path, "w") as out:
        json.dump(config, out)
    done = subprocess.run([case.millrace, "--config", path], capture_output=True, text=True, timeout=DEADLINE_S)
    assert done.returncode == 1, done
    return done.stderr.splitlines()


def cases():
    yield "operating an outage grpc, log as text", an_outage("grpc", "console")
    yield "operating an outage http, log as json", an_outage("http", "json")
    yield "operating a full disk", a_full_disk
    yield "operating wrong ports and certificates", wrong_ports_and_certificates
    yield "operating TLS on clear-text ports", tls_on_clear_text_ports
    yield "operating a start that fails", a_start_that_fails
