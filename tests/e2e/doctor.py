"""`millrace doctor` against back ends, disks and ports that are right and wrong: it finds each mistake, says what
to change, and its exit code tells a script."""
import json
import os
import pwd
import socket
import ssl
import subprocess
import threading
import time

from delivery import make_certificates
from harness import DEADLINE_S, Process, configuration, free_port, wait_for_port


def doctor(case, config, *arguments, user=None):
    """(exit code, {subject: finding}, the whole report) as JSON tells them."""
    path = os.path.join(case.folder, f"doctor{len(os.listdir(case.folder))}.yaml")
    with open(path, "w") as out:
        json.dump(config, out)
    done = subprocess.run([case.millrace, "doctor", "--config", path, "--json", *arguments], capture_output=True,
                          text=True, timeout=DEADLINE_S, user=user)
    assert done.stderr == "", done.stderr
    report = json.loads(done.stdout)
    return done.returncode, {finding["subject"]: finding for finding in report["findings"]}, report


def tls_sink(case, files):
    port = free_port()
    case.keep(Process([case.millrace, "sink", "--endpoint", f"127.0.0.1:{port}", "--interval", "0",
                       "--tls-cert-file", files["server.pem"], "--tls-key-file", files["server.key"]],
                      log=os.path.join(case.folder, f"sink{port}.log")))
    wait_for_port(port)
    return port


def tls_without_alpn(files):
    """A server that finishes handshakes and chooses no protocol."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files["server.pem"], files["server.key"])
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(plain, server_side=True) as peer:
                    peer.recv(1)
            except OSError:
                pass

    threading.Thread(target=serve, daemon=True).start()
    return listener


def what_is_right_has_exit_code_0(case):
    files = make_certificates(case.folder)
    port = tls_sink(case, files)
    tls = {"ca_file": files["ca.pem"]}
    config, _, _ = configuration({"otlp_grpc": {"endpoint": f"localhost:{port}", "tls": tls},
                                  "otlp_http": {"endpoint": f"https://localhost:{port}", "tls": tls}})
    os.mkdir(os.path.join(case.folder, "queue"))
    config["extensions"] = {"file_storage": {"directory": os.path.join(case.folder, "queue")}}
    config["service"]["extensions"] = ["file_storage"]
    config["exporters"]["otlp_grpc"]["sending_queue"] = {"storage": "file_storage"}
    code, found, report = doctor(case, config)
    assert code == 0 and report["problems"] == 0, report
    for name in ("otlp_grpc", "otlp_http"):
        finding = found[f"{name} (traces, metrics, logs)"]
        assert finding["level"] == "ok" and "accepts requests" in finding["text"], finding
    assert "a sync takes" in found["extensions::file_storage"]["text"], report
    assert os.listdir(os.path.join(case.folder, "queue")) == [], "it left something behind"
    assert found["receivers::otlp (grpc)"]["text"].endswith("is free"), report


def each_mistake_is_found(case):
    files = make_certificates(case.folder)
    secure = tls_sink(case, files)
    bare = tls_without_alpn(files)
    nobody = free_port()
    tls = {"ca_file": files["ca.pem"]}
    config, grpc, _ = configuration({
        "otlp_grpc/port": {"endpoint": f"127.0.0.1:{nobody}", "tls": {"insecure": True}},
        "otlp_grpc/alpn": {"endpoint": f"localhost:{bare.getsockname()[1]}", "tls": tls},
        "otlp_http/certificate": {"endpoint": f"https://localhost:{secure}"},
        "otlp_grpc/name": {"endpoint": f"127.0.0.1:{secure}",
                           "tls": {**tls, "server_name_override": "other.example"}},
        "otlp_grpc/clear": {"endpoint": f"127.0.0.1:{secure}", "tls": {"insecure": True}},
        "otlp_http/lookup": {"endpoint": "http://no.such.host.invalid:4318"},
    }, signals=("traces",))
    with socket.create_server(("127.0.0.1", grpc)):
        begun = time.monotonic()
        code, found, report = doctor(case, config, "--timeout", "3s")
        took = time.monotonic() - begun
    assert code == 1 and took < 15, (took, report)
    for subject, text, change in (
            ("otlp_grpc/port (traces)", "Connection refused", f"listens at 127.0.0.1:{nobody}"),
            ("otlp_grpc/alpn (traces)", "ALPN", "HTTP/2 by ALPN"),
            ("otlp_http/certificate (traces)", "certificate", "ca_file"),
            ("otlp_grpc/name (traces)", "other.example", "server_name_override"),
            ("otlp_grpc/clear (traces)", "connection", "otlp_grpc/clear"),
            ("otlp_http/lookup (traces)", "no.such.host.invalid", "otlp_http/lookup"),
            ("receivers::otlp (grpc)", f"port {grpc} is in use by python", "another port")):
        finding = found[subject]
        assert finding["level"] == "problem", finding
        assert text in finding["text"] and change in finding["change"], finding
        assert finding["change"] in report["changes"], report["changes"]
    bare.close()


def what_may_not_be_written_is_found(case):
    """As another user than root, because root may write everywhere."""
    if os.geteuid() != 0:
        user = None
    else:
        user = pwd.getpwnam("nobody").pw_uid
        os.chmod(case.folder, 0o755)
    queue = os.path.join(case.folder, "queue")
    os.mkdir(queue, 0o555)
    config, _, _ = configuration({"otlp_http": {"endpoint": f"http://127.0.0.1:{free_port()}",
                                                "sending_queue": {"storage": "file_storage"}}})
    config["extensions"] = {"file_storage": {"directory": queue}}
    config["service"]["extensions"] = ["file_storage"]
    code, _, report = doctor(case, config, user=user)
    assert code == 1, report
    assert any(finding["area"] == "configuration" and queue in finding["text"] for finding in report["findings"]), report


def beside_the_running_collector_its_ports_are_no_problem(case):
    config, grpc, _ = configuration({"nop": {}})
    case.start(config)
    code, found, report = doctor(case, config)
    finding = found["receivers::otlp (grpc)"]
    assert code == 0 and f"port {grpc} is in use by millrace" in finding["text"], report


def as_text_it_ends_with_what_to_change(case):
    config, _, _ = configuration({"otlp_http": {"endpoint": f"http://127.0.0.1:{free_port()}"}}, signals=("logs",))
    path = os.path.join(case.folder, "text.yaml")
    with open(path, "w") as out:
        json.dump(config, out)
    done = subprocess.run([case.millrace, "doctor", "--config", path], capture_output=True, text=True,
                          timeout=DEADLINE_S)
    assert done.returncode == 1 and "\n  problem  otlp_http (logs): " in done.stdout, done.stdout
    assert "What to change:\n  1. see that the back end of exporters::otlp_http runs" in done.stdout, done.stdout


def cases():
    for case in (what_is_right_has_exit_code_0, each_mistake_is_found, what_may_not_be_written_is_found,
                 beside_the_running_collector_its_ports_are_no_problem, as_text_it_ends_with_what_to_change):
        yield "doctor " + case.__name__.replace("_", " "), case
