"""The clients' environment under build/e2e: a Python environment, Node.js modules, telemetrygen.
Created once, and again whenever the pinned versions change."""
import hashlib
import os
import re
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(ROOT, "build", "e2e")
TELEMETRYGEN = "github.com/open-telemetry/opentelemetry-collector-contrib/cmd/telemetrygen@v0.161.0"


def once(name, inputs, make):
    """Runs `make` unless it has already succeeded with the same inputs."""
    digest = hashlib.sha256("\n".join(inputs).encode()).hexdigest()
    stamp = os.path.join(BUILD, name + ".stamp")
    if os.path.exists(stamp) and open(stamp).read() == digest:
        return
    make()
    with open(stamp, "w") as out:
        out.write(digest)


def python():
    """The Python interpreter with the SDK."""
    requirements = os.path.join(HERE, "requirements.txt")
    venv = os.path.join(BUILD, "venv")
    interpreter = os.path.join(venv, "bin", "python3")

    def make():
        subprocess.run(["python3", "-m", "venv", venv], check=True)
        subprocess.run([interpreter, "-m", "pip", "install", "-q", "-r", requirements], check=True)

    once("python", [open(requirements).read()], make)
    return interpreter


def javascript():
    """The folder with send.mjs and its modules."""
    source, folder = os.path.join(HERE, "javascript"), os.path.join(BUILD, "javascript")
    os.makedirs(folder, exist_ok=True)
    for name in ("package.json", "send.mjs"):
        shutil.copy(os.path.join(source, name), folder)

    def make():
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--loglevel", "error"],
                       cwd=folder, check=True, stdout=subprocess.DEVNULL)

    once("javascript", [open(os.path.join(source, "package.json")).read()], make)
    return folder


class Missing(Exception):
    """A program that a case needs is not here; the case is skipped."""


DEBIAN_PACKAGES = {"prometheus": "prometheus", "promtool": "prometheus",
                   "prometheus-node-exporter": "prometheus-node-exporter"}


def debian_program(name):
    """The path of a program of DEBIAN_PACKAGES. Where its package is not installed it is unpacked under build/e2e,
    because an installation would start a service."""
    if installed := shutil.which(name):
        return installed
    package = DEBIAN_PACKAGES[name]
    folder = os.path.join(BUILD, "debian", package)

    def make():
        os.makedirs(folder, exist_ok=True)
        done = subprocess.run(["apt-get", "download", "-q", package], cwd=folder, capture_output=True, text=True)
        if done.returncode != 0:
            raise Missing(f"{name} is not installed, and its package cannot be downloaded: {done.stderr.strip()[-200:]}")
        for file in sorted(os.listdir(folder)):
            if file.endswith(".deb"):
                subprocess.run(["dpkg-deb", "-x", file, "."], cwd=folder, check=True)

    try:
        once("debian-" + package, [package], make)
    except FileNotFoundError as error:  # not Debian
        raise Missing(f"{name} is not installed") from error
    return os.path.join(folder, "usr", "bin", name)


def new_prometheus():
    """The path of a Prometheus that takes remote write 2.0, which is built by hand because that takes minutes."""
    program = os.path.join(ROOT, "build", "differential", "prometheus_server")
    if not os.path.exists(program):
        raise Missing("needs a newer Prometheus: tests/differential/prometheus_server.sh builds it")
    return program


def telemetrygen():
    """(program, None), or (None, the reason why it is missing)."""
    if shutil.which("go") is None:
        return None, "needs Go 1.26, which is not installed"
    found = re.search(r"go(\d+)\.(\d+)", subprocess.run(["go", "version"], capture_output=True,
                                                        text=True).stdout)
    if found is None or (int(found[1]), int(found[2])) < (1, 26):
        return None, f"needs Go 1.26, this is {found[0][2:] if found else 'another'}"
    folder = os.path.join(BUILD, "bin")

    def make():
        subprocess.run(["go", "install", TELEMETRYGEN], check=True,
                       env={**os.environ, "GOBIN": folder})

    once("telemetrygen", [TELEMETRYGEN], make)
    return os.path.join(folder, "telemetrygen"), None
