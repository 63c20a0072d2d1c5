"""The documentation's configurations are valid, and the Kubernetes manifest fits the configuration that it carries."""
import os
import re
import subprocess
import textwrap

import environment
from harness import DEADLINE_S

KUBERNETES = "docs/kubernetes.md"
SPARE_S = 5  # between the end of the drain and SIGKILL


def pages():
    for folder in ("", "docs"):
        for name in sorted(os.listdir(os.path.join(environment.ROOT, folder))):
            if name.endswith(".md"):
                yield os.path.join(folder, name)


def text_of(page):
    with open(os.path.join(environment.ROOT, page), encoding="utf-8") as text:
        return text.read()


def configurations(page):
    """The YAML blocks that are configurations, and those that a ConfigMap carries."""
    for block in re.findall(r"^```yaml\n(.*?)^```", text_of(page), re.M | re.S):
        if re.search(r"^receivers:", block, re.M) and re.search(r"^service:", block, re.M):
            yield block
        for carried in re.findall(r"^  config\.yaml: \|\n((?:    .*\n|\n)+)", block, re.M):
            yield textwrap.dedent(carried)


def every_configuration_in_the_pages_is_valid(case):
    found = [(page, config) for page in pages() for config in configurations(page)]
    assert {"README.md", KUBERNETES} <= {page for page, _ in found}, [page for page, _ in found]
    for page, config in found:
        path = os.path.join(case.folder, "page.yaml")
        with open(path, "w", encoding="utf-8") as out:
            out.write(config.replace("/var/lib/millrace", case.folder))
        done = subprocess.run([case.millrace, "validate", "--config", path], capture_output=True, text=True,
                              timeout=DEADLINE_S)
        assert done.returncode == 0 and done.stderr == "", f"{page}: {done.stderr}"


def the_manifest_fits_its_configuration(_):
    text = text_of(KUBERNETES)

    def number(pattern):
        return int(re.search(pattern, text).group(1))

    assert number(r"terminationGracePeriodSeconds: (\d+)") >= \
        number(r"sleep: {seconds: (\d+)}") + number(r"shutdown_timeout: (\d+)s") + SPARE_S
    ports = dict(re.findall(r"{name: ([\w-]+), containerPort: (\d+)}", text))
    for name, section in (("otlp-grpc", "grpc"), ("otlp-http", "http"), ("health", "health_check")):
        assert re.search(rf"{section}:\n\s+endpoint: 0\.0\.0\.0:{ports[name]}\n", text), (name, ports)
    assert f"port: {ports['metrics']}" in text
    for probe in ("startupProbe", "livenessProbe"):
        assert re.search(rf"{probe}:\n\s+httpGet: {{path: /livez, port: health}}", text), probe
    assert re.search(r"readinessProbe:\n\s+httpGet: {path: /readyz, port: health}", text)


def cases():
    for case in (every_configuration_in_the_pages_is_valid, the_manifest_fits_its_configuration):
        yield case.__name__.replace("_", " "), case
