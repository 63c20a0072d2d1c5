"""Written and displayed data: files, the queue's directory, secrets, control sequences for terminals."""
import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import time
import urllib.error

from attack import check
from lone import Lone, nop, to
from payloads import http1, sub
from rig import free_port, get, wait_for_port


def post(lone, body, **headers):
    with socket.create_connection(("127.0.0.1", lone.port["http"]), timeout=5) as sock:
        sock.sendall(http1(body=body, Connection="close", **headers))
        return int(sock.recv(4096).split()[1])


def span(name, *attributes):
    span = sub(1, b"\x11" * 16) + sub(2, b"\x22" * 8) + sub(5, name)
    for key, value in attributes:
        span += sub(9, sub(1, key) + sub(2, sub(1, value)))
    return sub(1, sub(2, sub(2, span)))


def stop(lone):
    lone.child.send_signal(signal.SIGTERM)
    assert lone.ends_within(10), "did not end"


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


@check
def files_are_not_for_everybody(millrace, folder):
    """With an umask of 0: files with telemetry have mode 0640."""
    path, dead, record = (os.path.join(folder, name) for name in ("out.jsonl", "dead.jsonl", "record.bin"))
    port = free_port()
    sink = subprocess.Popen([millrace, "sink", "--endpoint", f"127.0.0.1:{port}", "--record", record, "--interval", "0",
                             "--refuse-probability", "1", "--refuse-code", "invalid_argument", "--duration", "20s"],
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, umask=0)
    try:
        wait_for_port(port)
        both = {"file": {"path": path}, **to(port, dead_letter={"path": dead})}
        with Lone(millrace, folder, both, umask=0) as lone:
            assert lone.ready()
            assert post(lone, span(b"a")) == 200
            time.sleep(0.3)
            stop(lone)
    finally:
        sink.kill()
        sink.wait()
    wrong = [f"{os.path.basename(p)} {mode(p):o}" for p in (path, dead, record) if mode(p) & 0o137]
    assert not wrong, ", ".join(wrong)


@check
def a_link_is_not_followed(millrace, folder):
    """In a directory that every user may write, another user has placed a link to a file of this user."""
    shared = os.path.join(folder, "shared")
    os.mkdir(shared)
    os.chmod(shared, 0o1777)
    wrong = []
    for name, exporters in (("out.jsonl", lambda path: {"file": {"path": path}}),
                            ("dead.jsonl", lambda path: to(9, dead_letter={"path": path},
                                                           retry_on_failure={"enabled": False}))):
        victim, link = os.path.join(folder, "precious." + name), os.path.join(shared, name)
        with open(victim, "w") as out:
            out.write("precious\n")
        os.symlink(victim, link)
        if os.getuid() == 0:
            os.lchown(link, 65534, 65534)
        with Lone(millrace, folder, exporters(link)) as lone:
            if lone.ready():
                post(lone, span(b"a"))
                time.sleep(0.2)
                stop(lone)
        if open(victim).read() != "precious\n":
            wrong.append(name)
    assert not wrong, f"the file behind the link was changed: {', '.join(wrong)}"


@check
def the_queues_directory_is_removed(millrace, folder):
    """Records that cannot be stored are not acknowledged as durable after a second, and readiness reports it."""
    directory = os.path.join(folder, "queue")
    os.mkdir(directory)
    with Lone(millrace, folder, to(free_port(), sending_queue={"storage": "file_storage"}),
              extensions={"file_storage": {"directory": directory}}) as lone:
        assert lone.ready()
        assert post(lone, span(b"a")) == 200
        shutil.rmtree(directory)
        time.sleep(2)
        status = post(lone, span(b"b"))
        assert status == 503, f"answered {status} with no directory"
        try:
            get(lone.port["health"], "/readyz")
            raise AssertionError("/readyz says that all is well")
        except urllib.error.HTTPError:
            pass


@check
def a_header_that_is_not_utf_8(millrace, folder):
    """The header is copied into an attribute: the data of other senders stays a valid line."""
    path = os.path.join(folder, "lines.jsonl")
    action = {"key": "tenant", "action": "upsert", "from_context": "metadata.x-tenant"}
    with Lone(millrace, folder, {"file": {"path": path}}, http={"include_metadata": True},
              processors={"attributes": {"actions": [action]}}) as lone:
        assert lone.ready()
        for tenant in ("good", "b\xe4d\xff", "good"):
            post(lone, span(b"a"), X_Tenant=tenant)
        stop(lone)
    lines = lone.text(path).splitlines()
    assert len(lines) >= 2, f"{len(lines)} lines"
    for line in lines:
        json.loads(line.decode("utf-8"))


@check
def a_key_in_a_url_is_not_shown(millrace, folder):
    """At /metrics, in the log, by print-config, on the health page."""
    secret = "s3cr3t-k3y-of-the-url"
    url = f"http://127.0.0.1:{free_port()}/v1/traces?api_key={secret}"
    with Lone(millrace, folder, {"otlp_http": {"traces_endpoint": url, "retry_on_failure": {"enabled": False}}},
              logs={"level": "debug"}) as lone:
        if lone.ready():
            post(lone, span(b"a"))
            time.sleep(0.5)
            shown = {"/metrics": get(lone.port["metrics"]), "/?verbose": get(lone.port["health"], "/?verbose")}
            stop(lone)
        else:
            shown = {}
        shown["the log"] = lone.text(lone.err).decode(errors="replace")
        config = lone.err[:-len("log")] + "yaml"
        done = subprocess.run([millrace, "print-config", "--config", config], capture_output=True, text=True)
        shown["print-config"] = done.stdout + done.stderr
    wrong = [name for name, text in shown.items() if secret in text]
    assert not wrong, f"the key stands in {', '.join(wrong)}"


@check
def what_a_terminal_would_obey(millrace, folder):
    """Escape sequences and newlines in names, values and paths are escaped in every output."""
    forged = b"x\x1b[2J\x1b]0;title\x07\r\nledger: admitted=0 balance=forged\x9b31m"
    wrong = []
    for internal in (True, False):
        debug = {"debug": {"verbosity": "detailed", "use_internal_logger": internal}}
        with Lone(millrace, folder, debug) as lone:
            assert lone.ready()
            name = forged.replace(b"\x9b", "\x9b".encode())
            post(lone, span(name, (b"k" + name, name)))
            with socket.create_connection(("127.0.0.1", lone.port["http"]), timeout=5) as sock:
                sock.sendall(b"GET /\x1b[2J%1b%0a HTTP/1.1\r\nHost: x\r\nUser-Agent: \x1b[31m\r\n\r\n")
                sock.recv(1000)
            time.sleep(0.3)
            stop(lone)
        shown = lone.text(lone.out) + lone.text(lone.err)
        if re.search(rb"[\x00-\x08\x0b-\x1f\x7f]|\xc2\x9b", shown):
            wrong.append(f"control characters (internal logger: {internal})")
        if re.search(rb"^ledger: admitted=0 balance=forged", shown, re.M):
            wrong.append(f"a forged line (internal logger: {internal})")
    assert not wrong, "; ".join(wrong)


@check
def a_trailing_comma_is_named(millrace, folder):
    """The answer to malformed JSON states the mistake."""
    with Lone(millrace, folder, nop()) as lone:
        assert lone.ready()
        with socket.create_connection(("127.0.0.1", lone.port["http"]), timeout=5) as sock:
            sock.sendall(http1(body=b'{"resourceSpans":[{},]}', content_type="application/json", Connection="close"))
            sock.settimeout(2)
            answer = sock.recv(4096)
        assert b" 400 " in answer and b"No error" not in answer, answer[-200:]
