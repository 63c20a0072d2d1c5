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


def prometheus():
    """{name: program} of Debian's packages, which are unpacked and not installed: they would start services."""
    folder = os.path.join(BUILD, "debian")
    names = ("prometheus", "prometheus-node-exporter")

    def make():
        os.makedirs(folder, exist_ok=True)
        subprocess.run(["apt-get", "download", "-q", *names], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        for package in sorted(os.listdir(folder)):
            if package.endswith(".deb"):
                subprocess.run(["dpkg-deb", "-x", package, "."], cwd=folder, check=True)

    once("debian", names, make)
    return {name: os.path.join(folder, "usr", "bin", name) for name in names}


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
