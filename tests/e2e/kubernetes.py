"""examples/kubernetes: the manifests are what Kubernetes, the chart and the operator accept, the configurations in them
are valid, and a rolling restart under load loses nothing."""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request

import environment
from harness import DEADLINE_S, Process, wait_until
from processes import free_port, wait_for_port

FOLDER = os.path.join(environment.ROOT, "examples", "kubernetes")
VERSIONS = ("1.34", "1.37")
SPARE_S = 5  # between the end of the drain and SIGKILL


def documents(name):
    import yaml
    with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
        return list(yaml.safe_load_all(file))


def of_kind(name, *kinds):
    return next(document for document in documents(name) if document["kind"] in kinds)


def configuration_in(name):
    """The text that the collectors of a manifest read."""
    if name == "operator.yaml":
        return json.dumps(documents(name)[0]["spec"]["config"])
    return of_kind(name, "ConfigMap")["data"]["config.yaml"]


def manifests_are_what_kubernetes_accepts(_):
    import kubernetes_validate
    for name in ("gateway.yaml", "agent.yaml"):
        for document in documents(name):
            for version in VERSIONS:
                kubernetes_validate.validate(document, version, strict=True)


def custom_resource_is_what_the_operator_accepts(_):
    """Its definition does not come from a registry."""
    path = os.environ.get("MILLRACE_OPERATOR_CRD")
    if not path:
        print("skipped: the custom resource against its definition (MILLRACE_OPERATOR_CRD does not name "
              "opentelemetry.io_opentelemetrycollectors.yaml)")
        return
    import jsonschema
    import yaml
    with open(path, encoding="utf-8") as file:
        versions = yaml.safe_load(file)["spec"]["versions"]
    schema = next(version["schema"]["openAPIV3Schema"] for version in versions if version["name"] == "v1beta1")
    jsonschema.validate(documents("operator.yaml")[0], closed(schema))


def closed(schema):
    """The schema as the API server applies it: what it does not name would be removed, so it is refused here."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    result = {name: closed(value) for name, value in schema.items()}
    if isinstance(result.get("properties"), dict) and result.get("type") == "object" and \
            not result.get("x-kubernetes-preserve-unknown-fields") and "metadata" not in result["properties"]:
        result.setdefault("additionalProperties", False)
    return result


def values_are_what_the_chart_accepts(case):
    """The chart does not come from a registry, and helm is not in Debian."""
    chart, helm = os.environ.get("MILLRACE_HELM_CHART"), shutil.which("helm")
    if not chart or not helm:
        print("skipped: the values with the chart (needs helm, and MILLRACE_HELM_CHART with the folder of "
              "opentelemetry-collector)")
        return
    import kubernetes_validate
    import yaml
    rendered = subprocess.run([helm, "template", "gateway", chart, "-f", os.path.join(FOLDER, "helm-values.yaml"),
                               "--kube-version", VERSIONS[-1], "--api-versions", "policy/v1/PodDisruptionBudget",
                               "--api-versions", "policy/v1"],
                              capture_output=True, text=True, timeout=DEADLINE_S)
    assert rendered.returncode == 0, rendered.stderr
    made = [document for document in yaml.safe_load_all(rendered.stdout) if document]
    for document in made:
        kubernetes_validate.validate(document, VERSIONS[-1], strict=True)
    by_kind = {document["kind"]: document for document in made}
    pod = by_kind["Deployment"]["spec"]["template"]["spec"]
    container = pod["containers"][0]
    assert container["command"] == ["/millrace"] and container["args"] == ["--config=/conf/relay.yaml"], container
    assert by_kind["PodDisruptionBudget"]["spec"]["maxUnavailable"] == 1
    validated(case, by_kind["ConfigMap"]["data"]["relay"], MY_POD_IP="127.0.0.1",
              **{entry["name"]: "x" for entry in container["env"] if entry["name"].startswith("OTEL_")})


def validated(case, text, **variables):
    path = os.path.join(case.folder, "manifest.yaml")
    with open(path, "w", encoding="utf-8") as out:
        out.write(text.replace("/var/lib/millrace", case.folder))
    done = subprocess.run([case.millrace, "validate", "--config", path], capture_output=True, text=True,
                          timeout=DEADLINE_S, env={**os.environ, **variables})
    assert done.returncode == 0 and done.stderr == "", done.stderr


def configurations_in_the_manifests_are_valid(case):
    for name in ("gateway.yaml", "agent.yaml", "operator.yaml"):
        validated(case, configuration_in(name), NODE_NAME="node-1")


def manifests_fit_their_configurations(_):
    for name in ("gateway.yaml", "agent.yaml"):
        config = configuration_in(name)
        pod = of_kind(name, "StatefulSet", "DaemonSet")["spec"]["template"]["spec"]
        container = pod["containers"][0]
        before = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        drain = int(re.search(r"shutdown_timeout: (\d+)s", config).group(1))
        assert pod["terminationGracePeriodSeconds"] >= before + drain + SPARE_S, name
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        for port, section in (("otlp-grpc", "grpc"), ("otlp-http", "http"), ("health", "health_check")):
            assert re.search(rf"{section}:\n\s+endpoint: 0\.0\.0\.0:{ports[port]}\n", config), (name, ports)
        assert f"port: {ports['metrics']}" in config, name
        for probe, path in (("startupProbe", "/livez"), ("livenessProbe", "/livez"), ("readinessProbe", "/readyz")):
            assert container[probe]["httpGet"] == {"path": path, "port": "health"}, (name, probe)


# --- a rolling restart ---

class Service:
    """What a Kubernetes Service does for new connections: gives each to the next ready pod. Runs in threads."""

    def __init__(self, protocol):
        self.protocol, self.pods, self.next = protocol, [], 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            pods = list(self.pods)
            if not pods:
                client.close()
                continue
            self.next += 1
            try:
                pod = socket.create_connection(("127.0.0.1", pods[self.next % len(pods)].ports[self.protocol]))
            except OSError:
                client.close()
                continue
            for source, target in ((client, pod), (pod, client)):
                threading.Thread(target=self._copy, args=(source, target), daemon=True).start()

    @staticmethod
    def _copy(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            for each in (source, target):
                try:
                    each.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def stop(self):
        self.listener.close()


class Pod:
    """A collector with the gateway's configuration on ports of its own. Its volume outlives its process."""

    def __init__(self, case, name, backend):
        self.case, self.name = case, name
        self.ports = {"grpc": free_port(), "http": free_port(), "health": free_port()}
        volume = os.path.join(case.folder, name)
        os.mkdir(volume)
        config = configuration_in("gateway.yaml").replace("/var/lib/millrace", volume)
        for theirs, ours in ((4317, self.ports["grpc"]), (4318, self.ports["http"]), (13133, self.ports["health"])):
            config = config.replace(f"0.0.0.0:{theirs}", f"127.0.0.1:{ours}")
        config = config.replace("host: 0.0.0.0, port: 8888", f"host: 127.0.0.1, port: {free_port()}")
        config = config.replace("endpoint: backend.example:4317",
                                f"endpoint: 127.0.0.1:{backend}\n    tls: {{insecure: true}}")
        self.path = os.path.join(case.folder, name + ".yaml")
        with open(self.path, "w", encoding="utf-8") as out:
            out.write(config)
        self.starts = 0
        self.start()

    def start(self):
        self.starts += 1
        self.process = self.case.keep(Process([self.case.millrace, "--config", self.path],
                                              log=os.path.join(self.case.folder, f"{self.name}-{self.starts}.log")))
        wait_until(lambda: self.answer("/readyz") == 200, lambda: f"{self.name} does not become ready")

    def answer(self, page):
        """The status of a page; None while nothing answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports['health']}{page}", timeout=5) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return None

    def end(self):
        """SIGTERM to the exit: (seconds, what /readyz and /livez answered meanwhile)."""
        begun, seen = time.monotonic(), []
        self.process.child.send_signal(signal.SIGTERM)
        while self.process.child.poll() is None:
            seen.append((self.answer("/readyz"), self.answer("/livez")))
            assert time.monotonic() - begun < DEADLINE_S, f"{self.name} does not end"
            time.sleep(0.005)
        assert self.process.child.returncode == 0, self.process.child.returncode
        with open(self.process.log_path, encoding="utf-8") as log:
            ledger = json.loads(log.read().strip().splitlines()[-1])
        assert ledger["msg"] == "ledger" and ledger["balance"] == "ok" and ledger["dropped"] == 0, ledger
        return time.monotonic() - begun, seen


def a_rolling_restart_under_load_loses_nothing(case):
    total, rate, learned_s = 20_000, 2500, 0.5
    statefulset = of_kind("gateway.yaml", "StatefulSet")["spec"]["template"]["spec"]
    before_stop_s = statefulset["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    grace_s = statefulset["terminationGracePeriodSeconds"]
    port = free_port()
    # A back end that is slow enough for queues to have something when a pod ends.
    sink = case.keep(Process([case.millrace, "sink", "--endpoint", f"127.0.0.1:{port}", "--interval", "0", "--check-ids",
                              "--delay", "300ms", "--expect", str(2 * total), "--duration", str(DEADLINE_S),
                              "--summary", "json"]))
    wait_for_port(port)
    pods = [Pod(case, f"millrace-{i}", port) for i in range(2)]
    services = {protocol: Service(protocol) for protocol in ("grpc", "http")}
    for service in services.values():
        service.pods = list(pods)
    loads = [subprocess.Popen(
        [case.millrace, "generate", "--endpoint", f"127.0.0.1:{services[protocol].port}", "--protocol", protocol,
         "--total", str(total), "--rate", str(rate), "--items-per-request", "10", "--connections", "4", "--retries", "50",
         "--generator-id", str(i + 1), "--summary", "json"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for i, protocol in enumerate(services)]
    try:
        for pod in pods:
            time.sleep(1)
            # The pod is being deleted: the endpoints change a little later than that, and preStop waits for them.
            time.sleep(learned_s)
            for service in services.values():
                service.pods.remove(pod)
            time.sleep(min(before_stop_s - learned_s, 1))
            took, seen = pod.end()
            assert took <= grace_s - before_stop_s, f"the drain took {took:.1f} s"
            assert (200, 200) not in seen[1:], f"{pod.name} was ready while it ended: {seen[:5]}"
            assert any(ready == 503 for ready, _ in seen), f"no probe was told that {pod.name} ends: {seen[:5]}"
            pod.start()
            for service in services.values():
                service.pods.append(pod)
        for load in loads:
            said, _ = load.communicate(timeout=DEADLINE_S)
            assert load.returncode == 0, said
    finally:
        for load in loads:
            load.kill()
            load.wait()
        for service in services.values():
            service.stop()
    summary = sink.summary(DEADLINE_S + 5)
    # Requests that were written to the disk while the queue was being closed may be sent again by the next process.
    assert summary["unique"] == 2 * total and summary["missing"] == 0, summary
    assert summary["duplicates"] <= 2 * rate, summary


def cases():
    for case in (manifests_are_what_kubernetes_accepts, custom_resource_is_what_the_operator_accepts,
                 values_are_what_the_chart_accepts, configurations_in_the_manifests_are_valid,
                 manifests_fit_their_configurations, a_rolling_restart_under_load_loses_nothing):
        yield "kubernetes: " + case.__name__.replace("_", " "), case
