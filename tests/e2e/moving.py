"""An old configuration of otelcol, unchanged: what was removed works, zpages lead to the pages, own metrics are pushed."""
import subprocess

from harness import Sink, client_lines, configuration, stop_and_read_ledger, to_sink, wait_until
from operating import page
from processes import free_port

SENT = 50


def an_old_configuration(case):
    """logging, jaeger, memory_ballast and metrics::address run by translation, and `migrate` prints what validates
    without a word about them."""
    jaeger, zpages, metrics = Sink(case), free_port(), free_port()
    config, grpc, _ = configuration(
        {"logging": {"loglevel": "info"},
         "jaeger": {"endpoint": f"127.0.0.1:{jaeger.port}", "insecure": True, "batcher": {"flush_timeout": "10ms"}}},
        signals=("traces",))
    config["extensions"] = {"memory_ballast": {"size_mib": 64}, "pprof": {},
                            "zpages": {"endpoint": f"127.0.0.1:{zpages}"}}
    config["service"]["extensions"] = ["memory_ballast", "zpages", "pprof"]
    config["service"]["telemetry"] = {"metrics": {"address": f"127.0.0.1:{metrics}"}}
    process = case.start(config)
    client_lines([case.millrace, "generate", "--endpoint", f"127.0.0.1:{grpc}", "--total", str(SENT)])
    wait_until(lambda: len(jaeger.span_ids()) >= SENT, lambda: f"{len(jaeger.span_ids())} of {SENT} spans arrived")
    status, text = page(zpages, "/debug/pipelinez")
    assert status == 200 and f"http://127.0.0.1:{metrics}/metrics" in text, (status, text)
    assert page(zpages, "/readyz")[0] == 200
    assert "otelcol_exporter_sent_spans" in page(metrics, "/metrics")[1]
    stop_and_read_ledger(process)
    with open(process.log_path) as log:
        text = log.read()
    assert "            verbosity: normal\n" in text, "the log shows the lines to write"
    assert text.count("there are no Go profiles of this process") == 1, text
    old = process.child.args[-1]
    new = old + ".new.yaml"
    with open(new, "w") as out:
        subprocess.run([case.millrace, "migrate", "--config", old], check=True, stdout=out, stderr=subprocess.DEVNULL)
    done = subprocess.run([case.millrace, "validate", "--config", new], capture_output=True, text=True)
    assert done.returncode == 0 and "removed" not in done.stderr and "replaced" not in done.stderr, done


def own_metrics(case):
    """A back end gets the collector's own metrics; one that does not answer changes nothing for the data."""
    data, own = Sink(case), Sink(case)
    config, grpc, _ = configuration({"otlp_grpc": to_sink(data.port)}, signals=("traces",))
    reader = {"interval": 300, "exporter": {"otlp": {"protocol": "grpc", "endpoint": f"http://127.0.0.1:{own.port}"}}}
    dead = {"interval": 300, "exporter": {"otlp": {"endpoint": f"http://127.0.0.1:{free_port()}"}}}
    config["service"]["telemetry"] = {"metrics": {"readers": [{"periodic": reader}, {"periodic": dead}]},
                                      "resource": {"k8s.pod.name": "pod-7"}}
    process = case.start(config)
    case.generate(grpc, SENT)
    wait_until(lambda: len(data.span_ids()) >= SENT, lambda: f"{len(data.span_ids())} of {SENT} spans arrived")
    wait_until(lambda: any(b"otelcol_exporter_sent_spans" in body for body in own.records()),
               lambda: f"no counter of spans in {len(own.records())} requests")
    assert all(b"k8s.pod.name" in body and b"pod-7" in body for body in own.records())
    ledger = stop_and_read_ledger(process)
    assert ledger["admitted"] > SENT, ledger


def cases():
    yield "moving over with an old configuration", an_old_configuration
    yield "own metrics over OTLP", own_metrics
