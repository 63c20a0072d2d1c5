"""examples/observability: the dashboard's queries and the alert rules, with a real Prometheus that scrapes the program."""
import json
import os
import re
import subprocess
import urllib.error
import urllib.request

import delivery
import environment
import prometheus_server
from harness import Process, Sink, configuration, free_port, to_sink, wait_until

FOLDER = os.path.join(environment.ROOT, "examples", "observability")
RULES = os.path.join(FOLDER, "alerts.yaml")
VARIABLES = {"$job": ".+", "$instance": ".+", "$__rate_interval": "10s", "$__range": "1m"}


def promtool(*arguments):
    done = subprocess.run([environment.debian_program("promtool"), *arguments], cwd=FOLDER, capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def the_rules_are_tested(_):
    """Each alert has a moment at which it fires, and one at which it does not."""
    promtool("test", "rules", "alerts_test.yaml")
    with open(RULES) as rules, open(os.path.join(FOLDER, "alerts_test.yaml")) as tests:
        alerts, text = re.findall(r"- alert: (\w+)", rules.read()), tests.read()
    checks = re.findall(r"alertname: (\w+)\n +exp_alerts:( \[\])?", text)
    for alert in alerts:
        assert (alert, "") in checks and (alert, " []") in checks, alert
    assert f"{len(alerts)} rules found" in promtool("check", "rules", "alerts.yaml")
    promtool("check", "config", "prometheus.yaml")


def dashboard():
    with open(os.path.join(FOLDER, "dashboard.json")) as file:
        return json.load(file)


def the_panels_have_places(_):
    """Each panel has an id, a data source and a place of its own in the 24 columns."""
    ids, taken = set(), set()
    for panel in dashboard()["panels"]:
        assert panel["id"] not in ids, panel["title"]
        ids.add(panel["id"])
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                 for y in range(place["y"], place["y"] + place["h"])}
        assert not cells & taken and place["x"] + place["w"] <= 24, panel["title"]
        taken |= cells
        for part in [panel, *panel.get("targets", [])]:
            assert panel["type"] == "row" or part["datasource"]["uid"] == "${datasource}", panel["title"]


def panels():
    """(title, query) of each query of the dashboard."""
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", []):
            query = target["expr"]
            for name, value in VARIABLES.items():
                query = query.replace(name, value)
            assert "$" not in query, query
            yield panel["title"], query


def start(case):
    """A collector with a part of every kind, one destination of which is dead; (its port of OTLP/gRPC and HTTP,
    the port of its metrics, that of the exporter's page)"""
    files, sink = delivery.make_certificates(case.folder), Sink(case)
    own, page, over_tls = free_port(), free_port(), free_port()
    letters = os.path.join(case.folder, "letters.jsonl")
    config, grpc, http = configuration({
        "nop": {}, "otlp_grpc": to_sink(sink.port, dead_letter={"path": letters}),
        "otlp_grpc/dead": to_sink(free_port(), sending_queue={"storage": "file_storage"}),
        "prometheus": {"endpoint": f"127.0.0.1:{page}"}})
    config["receivers"]["otlp"]["protocols"]["http"]["limits"] = {"requests_per_second": 10_000}
    config["receivers"]["otlp/tls"] = {"protocols": {"grpc": {
        "endpoint": f"127.0.0.1:{over_tls}",
        "tls": {"cert_file": files["server.pem"], "key_file": files["server.key"]}}}}
    config["receivers"]["prometheus"] = {"config": {"scrape_configs": [
        {"job_name": "self", "scrape_interval": "1s", "static_configs": [{"targets": [f"127.0.0.1:{own}"]}]}]}}
    config["extensions"] = {"file_storage": {"directory": os.path.join(case.folder, "storage"), "create_directory": True,
                                             "max_size": 256 << 20}}
    exporters = {"traces": ["nop", "otlp_grpc", "otlp_grpc/dead"], "logs": ["nop", "otlp_grpc"],
                 "metrics": ["otlp_grpc", "prometheus"]}
    service = config["service"]
    service["extensions"] = ["file_storage"]
    service["pipelines"] = {signal: {"receivers": ["otlp", "otlp/tls"], "exporters": names}
                            for signal, names in exporters.items()}
    service["pipelines"]["metrics"]["receivers"].append("prometheus")
    service["telemetry"]["metrics"] = {"level": "normal", "readers": [
        {"pull": {"exporter": {"prometheus": {"host": "127.0.0.1", "port": own}}}}]}
    case.start(config)
    return grpc, http, own, page


def send_garbage(http):
    try:
        urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{http}/v1/traces", b"garbage",
                                                      {"Content-Type": "application/x-protobuf"}), timeout=10)
        raise AssertionError("garbage was taken")
    except urllib.error.HTTPError as error:
        assert error.code == 400, error


def keep_sending(case, grpc):
    """Some items of each signal a second until the case ends."""
    for signal in ("traces", "metrics", "logs"):
        case.keep(Process([case.millrace, "generate", "--endpoint", f"127.0.0.1:{grpc}", "--signal", signal, "--rate",
                           "500", "--items-per-request", "25", "--duration", "120s"],
                          log=os.path.join(case.folder, f"generate-{signal}.log")))


def the_dashboard_and_the_rules(case):
    grpc, http, own, page = start(case)
    keep_sending(case, grpc)
    port = prometheus_server.start(case, prometheus_server.scrape_all(
        [{"job_name": "millrace", "static_configs": [{"targets": [f"127.0.0.1:{own}"]}]},
         {"job_name": "shown", "honor_labels": True, "static_configs": [{"targets": [f"127.0.0.1:{page}"]}]}],
        rule_files=[RULES]))
    wait_until(lambda: prometheus_server.value(port, "millrace_ledger_audits") is not None, lambda: "not scraped")
    send_garbage(http)
    for title, text in panels():
        # A value that is not a number is no answer: nothing was counted in that time.
        wait_until(lambda text=text: any(value == value for _, value in prometheus_server.query(port, text)),
                   lambda title=title, text=text: f"{title}: no result of {text}")
    assert prometheus_server.value(port, 'max(millrace_exporter_breaker_open{exporter="otlp_grpc/dead"})') == 1

    def rules():
        return {rule["name"]: rule for group in prometheus_server.ask(port, "rules")["groups"]
                for rule in group["rules"]}
    wait_until(lambda: all(rule["health"] == "ok" for rule in rules().values()), lambda: str(rules()))
    # The test's certificates live for two days, and a destination is dead; all else is well.
    states = {name: rule["state"] for name, rule in rules().items()}
    wait_until(lambda: rules()["MillraceDestinationDown"]["state"] == "pending", lambda: str(states))
    wait_until(lambda: rules()["MillraceCertificateExpires"]["state"] == "firing", lambda: str(states))
    others = {name: state for name, state in states.items()
              if name not in ("MillraceDestinationDown", "MillraceCertificateExpires")}
    assert set(others.values()) == {"inactive"}, others


def cases():
    yield "observability: each alert rule fires where it should", the_rules_are_tested
    yield "observability: the panels of the dashboard have places", the_panels_have_places
    yield "observability: each panel and rule with a real prometheus", the_dashboard_and_the_rules
