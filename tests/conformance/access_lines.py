"""Authentication and limits: tokens, passwords, certificates; and that no secret is shown."""
import base64
import hashlib
import json
import os
import socket
import subprocess
import tempfile

from certificates import Authority
from collector import BINARY, Collector, free_port, page, wait_until
from messages import RetryInfo, detail, status_of, trace_request
from peers import GrpcPeer, HttpPeer
from table import shows
from tls_lines import connect
from wire import H2Client, http_request

NOP = {"nop": None}
MESSAGE = trace_request().SerializeToString()
REJECTED = "millrace_receiver_rejected_requests"
SECRET = "s3cret-Tok3n-of-nobody"
OTHER = "an0ther-s3cret-entirely"


def sha_user(name, password):
    return f"{name}:{{SHA}}{base64.b64encode(hashlib.sha1(password.encode()).digest()).decode()}"


def basic(name, password):
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def started(**extensions):
    """The `extra` of a Collector: these extensions, all started; __ stands for the slash in a name."""
    named = {name.replace("__", "/"): value for name, value in extensions.items()}
    return {"extensions": named, "service/extensions": list(named)}


def guarded(name="bearertokenauth", **more):
    return {"auth": {"authenticator": name}, **more}


def post(collector, authorization=None, sock=None, **headers):
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    if authorization is not None:
        fields["Authorization"] = authorization
    return http_request(collector.http_port, "/v1/traces", MESSAGE, headers=fields, sock=sock)


def call(collector, **fields):
    with H2Client(collector.grpc_port) as client:
        return client.grpc("traces", MESSAGE, **fields)


@shows(role="access")
def only_a_known_token_is_let_in_on_either_protocol():
    extra = started(bearertokenauth={"tokens": [SECRET, OTHER]})
    with Collector(NOP, grpc=guarded(), http=guarded(), extra=extra) as collector:
        for token in (SECRET, OTHER):
            assert post(collector, f"Bearer {token}").status == 200
            assert call(collector, authorization=f"Bearer {token}").grpc_status == 0
        for wrong in (None, "Bearer", "Bearer wrong", SECRET, f"Basic {SECRET}", f"Bearer {SECRET}x"):
            answer = post(collector, wrong)
            assert answer.status == 401 and answer.headers["www-authenticate"] == "Bearer", answer
            fields = {} if wrong is None else {"authorization": wrong}
            answer = call(collector, **fields)
            assert answer.grpc_status == 16 and answer.trailers_only, answer
        assert collector.metric("otelcol_receiver_accepted_spans") == 4
        for transport in ("grpc", "http"):
            assert collector.metric(REJECTED, reason="unauthenticated", transport=transport) == 6


@shows(role="access")
def refusal_comes_before_the_body():
    extra = started(bearertokenauth={"token": SECRET})
    with Collector(NOP, http=guarded(), grpc=guarded(), extra=extra) as collector:
        head = "POST /v1/traces HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-protobuf\r\n"
        for more in ("Content-Length: 50000000\r\n", "Transfer-Encoding: chunked\r\n",
                     "Content-Length: 9\r\nExpect: 100-continue\r\n"):
            with socket.create_connection(("127.0.0.1", collector.http_port), timeout=20) as sock:
                sock.sendall((head + more + "\r\n").encode())
                assert sock.makefile("rb").readline().split()[1] == b"401", more
        with H2Client(collector.grpc_port) as client:
            stream = client.start([(":method", "POST"), (":scheme", "http"), (":authority", "a"),
                                   (":path", "/opentelemetry.proto.collector.trace.v1.TraceService/Export"),
                                   ("content-type", "application/grpc"), ("te", "trailers")])
            assert client.finish(stream).grpc_status == 16


@shows(role="access")
def token_file_that_changes_is_used_in_both_directions():
    with tempfile.TemporaryDirectory() as folder, GrpcPeer() as peer:
        path = os.path.join(folder, "token")

        def put(text):
            with open(path + ".new", "w", encoding="utf-8") as file:
                file.write(text)
            os.replace(path + ".new", path)

        put("first\n")
        exporter = {"otlp": {"endpoint": f"127.0.0.1:{peer.port}", "tls": {"insecure": True}, **guarded()}}
        extra = started(bearertokenauth={"filename": path})
        with Collector(exporter, http=guarded(), extra=extra) as collector:
            assert post(collector, "Bearer first").status == 200
            wait_until(lambda: peer.count() == 1, what="the first request")
            put("second\n")
            wait_until(lambda: post(collector, "Bearer second").status == 200, what="the new token")
            assert post(collector, "Bearer first").status == 401
            wait_until(lambda: peer.count() == 2, what="the second request")
            shown = [received.headers["authorization"] for received in peer.received]
            assert shown == ["Bearer first", "Bearer second"], shown
            put("\n")
            wait_until(lambda: "cannot be used" in collector.output() or post(collector, "Bearer x").status != 401,
                       what="a line about the empty file")
            assert post(collector, "Bearer second").status == 200


@shows(role="access")
def names_and_passwords_are_checked_and_the_file_is_watched():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "users")
        with open(path, "w", encoding="utf-8") as file:
            file.write("# of the tests\n" + sha_user("alice", SECRET) + "\n")
        extra = started(basicauth={"htpasswd": {"file": path, "inline": sha_user("bob", OTHER)}})
        with Collector(NOP, http=guarded("basicauth"), grpc=guarded("basicauth"), extra=extra) as collector:
            for name, password in (("alice", SECRET), ("bob", OTHER)):
                assert post(collector, basic(name, password)).status == 200
                assert call(collector, authorization=basic(name, password)).grpc_status == 0
            for wrong in (basic("alice", OTHER), basic("mallory", SECRET), "Basic !", f"Bearer {SECRET}"):
                answer = post(collector, wrong)
                assert answer.status == 401 and answer.headers["www-authenticate"].startswith("Basic realm=")
                assert call(collector, authorization=wrong).grpc_status == 16
            with open(path, "w", encoding="utf-8") as file:
                file.write(sha_user("carol", SECRET) + "\n")
            wait_until(lambda: post(collector, basic("carol", SECRET)).status == 200, what="the new user")
            wait_until(lambda: post(collector, basic("alice", SECRET)).status == 401, what="the end of the old one")


@shows(role="access")
def exporters_show_name_and_password():
    with tempfile.TemporaryDirectory() as folder, HttpPeer() as peer:
        path = os.path.join(folder, "password")
        with open(path, "w", encoding="utf-8") as file:
            file.write(SECRET + "\n")
        extra = started(basicauth__out={"client_auth": {"username": "alice", "password_file": path}})
        exporter = {"otlp_http": {"endpoint": f"http://127.0.0.1:{peer.port}", **guarded("basicauth/out")}}
        with Collector(exporter, extra=extra) as collector:
            assert post(collector).status == 200
            wait_until(lambda: peer.received, what="the request")
            headers = {name.lower(): value for name, value in peer.received[0].headers.items()}
            assert headers["authorization"] == basic("alice", SECRET)


@shows(role="access")
def client_certificates_must_be_on_the_list():
    with tempfile.TemporaryDirectory() as folder:
        authority = Authority(folder)
        tls = authority.server_tls(client_ca_file=authority.ca, allowed_clients=["cn:agent-*"])
        with Collector(NOP, http={"tls": tls}) as collector:
            for name, status in (("agent-7", 200), ("other", 403)):
                context = authority.client_context(authority.issue(name), alpn=("http/1.1",))
                with connect(context, collector.http_port) as sock:
                    assert post(collector, sock=sock).status == status, name
            assert collector.metric(REJECTED, reason="not_allowed") == 1


@shows(role="access")
def requests_over_the_limit_are_told_when_to_come_back():
    limits = {"limits": {"key": "header:X-Tenant", "requests_per_second": 0.01, "requests_burst": 2}}
    with Collector(NOP, http=limits, grpc=limits) as collector:
        for tenant in ("a", "b"):
            assert [post(collector, X_Tenant=tenant).status for _ in range(3)] == [200, 200, 429]
            assert [call(collector, x_tenant=tenant).grpc_status for _ in range(3)] == [0, 0, 8]
        answer = post(collector, X_Tenant="a")
        assert 90 <= int(answer.headers["retry-after"]) <= 100, answer
        answer = call(collector, x_tenant="a")
        info = detail(status_of(base64.b64decode(answer.grpc_details + "==")), RetryInfo)
        assert 90 <= info.retry_delay.seconds <= 100, info
        assert collector.metric(REJECTED, reason="requests_limit", transport="http") == 3
        series = collector.metrics()
        assert series['millrace_receiver_limited_clients{receiver="otlp",transport="http"}'] == 2
        assert not [name for name in series if "tenant" in name.lower()], "no client is named in a metric"


@shows(role="access")
def items_and_bytes_are_paid_off_before_the_next_request():
    for limit, reason in (("items_per_second", "items_limit"), ("bytes_per_second", "bytes_limit")):
        limits = {"limits": {"key": "client_address", limit: 1}}
        message = trace_request(50).SerializeToString()
        with Collector(NOP, http=limits) as collector:
            assert http_request(collector.http_port, "/v1/traces", message).status == 200
            answer = http_request(collector.http_port, "/v1/traces", message)
            assert answer.status == 429 and int(answer.headers["retry-after"]) >= 45, answer
            assert collector.metric(REJECTED, reason=reason) == 1


@shows(role="access")
def limits_by_identity_follow_the_name_and_not_the_address():
    users = sha_user("alice", SECRET) + "\n" + sha_user("bob", OTHER)
    extra = started(basicauth={"htpasswd": {"inline": users}})
    limits = guarded("basicauth", limits={"key": "identity", "requests_per_second": 0.01})
    with Collector(NOP, http=limits, extra=extra) as collector:
        assert [post(collector, basic("alice", SECRET)).status for _ in range(2)] == [200, 429]
        assert [post(collector, basic("bob", OTHER)).status for _ in range(2)] == [200, 429]
        assert post(collector, basic("bob", SECRET)).status == 401


@shows(role="access")
def no_secret_shows_anywhere():
    """Searches every output of a collector that has, receives and sends secrets for them."""
    password = "hunter2-is-n0t-good"
    hashed = sha_user("alice", password)
    secrets = [SECRET, OTHER, password, basic("alice", password)[6:], hashed.partition(":")[2]]
    with GrpcPeer(lambda received, number: {"status": 16, "message": "who are you"}) as peer:
        extensions = {"bearertokenauth/in": {"token": SECRET}, "bearertokenauth/out": {"tokens": [OTHER]},
                      "basicauth/in": {"htpasswd": {"inline": hashed}},
                      "basicauth/out": {"client_auth": {"username": "u", "password": password}}}
        health = free_port()
        extra = {"extensions": {**extensions, "health_check": {"endpoint": f"127.0.0.1:{health}"}},
                 "service/extensions": [*extensions, "health_check"],
                 "service/telemetry/logs": {"level": "debug", "sampling": {"enabled": False}}}
        sent = {"endpoint": f"127.0.0.1:{peer.port}", "tls": {"insecure": True}}
        exporters = {"otlp": {**sent, **guarded("bearertokenauth/out")},
                     "otlp/b": {**sent, **guarded("basicauth/out"), "headers": {"x-key": SECRET}},
                     # A key in a URL; no server listens there.
                     "otlp_http": {"traces_endpoint": f"http://127.0.0.1:{free_port()}/v1/traces?key={SECRET}",
                                   "retry_on_failure": {"enabled": False}},
                     "debug": {"verbosity": "detailed"}}
        with Collector(exporters, http=guarded("bearertokenauth/in", include_metadata=True),
                       grpc=guarded("basicauth/in", include_metadata=True), extra=extra) as collector:
            answers = [post(collector, f"Bearer {SECRET}"), post(collector, f"Bearer {OTHER}"),
                       post(collector, f"Bearer {password}"), post(collector, basic("alice", password)),
                       call(collector, authorization=basic("alice", password)),
                       call(collector, authorization=basic("alice", SECRET)),
                       call(collector, authorization=f"Bearer {SECRET}")]
            assert [getattr(answer, "status", None) for answer in answers[:4]] == [200, 401, 401, 401]
            assert [answer.grpc_status for answer in answers[4:]] == [0, 16, 16]
            wait_until(lambda: peer.count() >= 2, what="requests at the back end")
            config = os.path.join(collector.folder.name, "config0.yaml")
            outputs = [str(answers), collector.output(), page(collector.metrics_port, "/metrics")[1],
                       page(health, "/?verbose")[1], page(health, "/readyz?verbose")[1]]
            for command in (["print-config"], ["print-config", "--format", "json"], ["validate"],
                            ["validate", "--explain"]):
                done = subprocess.run([BINARY, *command, "--config", config], capture_output=True, text=True, timeout=20)
                assert done.returncode == 0, done.stderr
                outputs += [done.stdout, done.stderr]
            # Each secret is part of a mistake, so that every message about it is searched.
            for name, value in (("tokens", SECRET), ("token", [SECRET]), ("tokens", {SECRET: 1}), ("tokens", [[SECRET]]),
                                ("token", SECRET + "\n")):
                broken = {**collector.config, "extensions": {"bearertokenauth": {name: value}}}
                broken["service"] = {**broken["service"], "extensions": ["bearertokenauth"]}
                done = subprocess.run([BINARY, "validate", "--config", "yaml:" + json.dumps(broken)],
                                      capture_output=True, text=True, timeout=20)
                assert done.returncode == 1
                outputs += [done.stdout, done.stderr]
            # Another scheme than http and https is a warning, as otelcol takes it.
            for url, code in ((f"http://u:{SECRET}@h:1", 1), (f"u:{SECRET}@h:1", 0), (f"ftp://h:1/?{SECRET}", 0),
                              (f"http://h:1/?{SECRET}", 1)):
                broken = {**collector.config, "exporters": {**exporters, "otlp_http": {"endpoint": url}}}
                done = subprocess.run([BINARY, "validate", "--config", "yaml:" + json.dumps(broken)],
                                      capture_output=True, text=True, timeout=20)
                assert done.returncode == code, url
                outputs += [done.stdout, done.stderr]
            collector.signal()
            collector.process.wait(20)
            outputs.append(collector.output())
    assert len("".join(outputs)) > 5000, "there is something to search"
    for secret in secrets:
        for output in outputs:
            assert secret not in output, output
