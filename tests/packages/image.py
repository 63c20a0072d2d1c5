"""The image and the tarball, as they are run elsewhere: the image read-only, as user 10001, with the command line and the
variables of the Helm chart; the tarball in a Debian 12 without the libraries that the package depends on."""
import glob
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile

from root import KEPT, ROOT, Skipped, make_base

sys.path.insert(0, os.path.join(ROOT, "packaging", "image"))
import build as image  # noqa: E402

# Runs the script "$3" in the root "$1" as the user "$2", with processes and a network of its own, everything
# read-only but /tmp. What the namespaces hold ends with the script.
INSIDE = """set -e
mount --bind "$1" "$1"
mount -t proc proc "$1/proc"
mount -t tmpfs -o mode=1777 tmpfs "$1/tmp"
mount -o remount,bind,ro "$1"
ip link set lo up
exec env -i MY_POD_IP=127.0.0.1 PATH=/usr/bin:/bin /usr/sbin/chroot --userspec="$2:$2" --groups= "$1" sh -c "$3"
"""

# The collector is started by the command line; its health is asked without any tool.
STARTED = """set -e
id -u
%s > /tmp/log 2>&1 &
collector=$!
for _ in $(seq 200); do grep -q "everything is ready" /tmp/log && break; sleep 0.05; done
%s
kill $collector
wait $collector
cat /tmp/log
"""
HEALTH = """exec 3<>/dev/tcp/127.0.0.1/13133
printf "GET / HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n" >&3
head -1 <&3"""


def inside(root, user, script):
    done = subprocess.run(["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--net", "sh",
                           "-c", INSIDE, "inside", root, str(user), script], text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    assert done.returncode == 0, f"exit {done.returncode}\n{done.stdout}"
    return done.stdout


def kept_image(packages):
    """Built once for each package."""
    for tool in ("mmdebstrap", "unshare", "setpriv"):
        if shutil.which(tool) is None:
            raise Skipped(f"{tool} is not installed")
    if os.geteuid() != 0:
        raise Skipped("needs root")
    digest = hashlib.sha256()
    for path in (packages["millrace"], image.__file__, os.path.join(image.HERE, "config.yaml")):
        with open(path, "rb") as file:
            digest.update(file.read())
    path = os.path.join(KEPT, f"image-{digest.hexdigest()[:16]}.tar")
    if not os.path.exists(path):
        os.makedirs(KEPT, exist_ok=True)
        for older in glob.glob(os.path.join(KEPT, "image-*")):
            os.remove(older)
        try:
            image.main(path + ".part")
        except RuntimeError as why:
            raise Skipped(f"no root file system can be made here (is the mirror reached?): {why}") from why
        os.rename(path + ".part", path)
    return path


def image_runs_as_the_chart_starts_it(packages):
    with tempfile.TemporaryDirectory(prefix="millrace-image-") as folder:
        with tarfile.open(kept_image(packages)) as layout:
            def blob(entry):
                return layout.extractfile("blobs/" + entry["digest"].replace(":", "/"))
            manifest = json.load(blob(json.load(layout.extractfile("index.json"))["manifests"][0]))
            config = json.load(blob(manifest["config"]))["config"]
            assert config["User"] == "10001:10001" and config["Entrypoint"] == ["/millrace"], config
            root = os.path.join(folder, "root")
            os.mkdir(root)
            subprocess.run(["tar", "-xz", "-C", root], input=blob(manifest["layers"][0]).read(), check=True)
        if shutil.which("skopeo") is not None:
            said = subprocess.run(["skopeo", "inspect", "oci-archive:" + kept_image(packages)], capture_output=True,
                                  text=True, timeout=60)
            assert said.returncode == 0 and "org.opencontainers.image.revision" in said.stdout, said.stderr
        os.mkdir(os.path.join(root, "conf"))
        with open(os.path.join(root, "conf", "relay.yaml"), "w", encoding="utf-8") as file:
            file.write(CHART)
        script = STARTED % ("/millrace --config=/conf/relay.yaml",
                            "bash -c '%s'\nmillrace generate --endpoint 127.0.0.1:4317 --total 10" % HEALTH.replace("'", "'\\''"))
        said = inside(root, 10001, script)
        assert said.startswith("10001\n") and "HTTP/1.1 200" in said and "10 ok" in said, said
        assert "admitted=10 delivered=10" in said and "balance=ok" in said, said
        said = inside(root, 10001, STARTED % (" ".join(config["Entrypoint"] + config["Cmd"]), "true"))
        assert "balance=ok" in said, said


# The default of the chart without what the values of examples/kubernetes remove.
CHART = """
receivers:
  otlp: {protocols: {grpc: {endpoint: "${env:MY_POD_IP}:4317"}, http: {endpoint: "${env:MY_POD_IP}:4318"}}}
  zipkin: {endpoint: "${env:MY_POD_IP}:9411"}
processors:
  batch: {}
  memory_limiter: {check_interval: 5s, limit_percentage: 80, spike_limit_percentage: 25}
exporters: {debug: {}}
extensions: {health_check: {endpoint: "${env:MY_POD_IP}:13133"}}
service:
  extensions: [health_check]
  telemetry:
    metrics: {readers: [{pull: {exporter: {prometheus: {host: "${env:MY_POD_IP}", port: 8888}}}}]}
  pipelines:
    traces: {receivers: [otlp, zipkin], processors: [memory_limiter, batch], exporters: [debug]}
    metrics: {receivers: [otlp], processors: [memory_limiter, batch], exporters: [debug]}
    logs: {receivers: [otlp], processors: [memory_limiter, batch], exporters: [debug]}
"""


def tarball_needs_nothing_but_glibc(packages):
    base = make_base([packages["millrace"]])
    made = subprocess.run([os.path.join(ROOT, "packaging", "portable.py")], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=300)
    assert made.returncode == 0, made.stdout
    tarball = made.stdout.strip().splitlines()[-1]
    with tempfile.TemporaryDirectory(prefix="millrace-tarball-") as folder:
        root = os.path.join(folder, "root")
        os.mkdir(root)
        subprocess.run(["tar", "-xf", base, "-C", root], check=True)
        os.mkdir(os.path.join(root, "opt/millrace"))
        subprocess.run(["tar", "-xf", tarball, "-C", os.path.join(root, "opt/millrace"), "--strip-components=1"], check=True)
        for library in ("libfmt", "libisal", "libyaml-cpp"):
            assert not glob.glob(f"{root}/usr/lib/*/{library}*"), f"{library} is there: the case proves nothing"
        program = "/opt/millrace/bin/millrace"
        said = inside(root, 10001, STARTED % (program, f"{program} generate --endpoint 127.0.0.1:4317 --total 10"))
        assert "10 ok" in said and "admitted=10 delivered=10" in said, said
        trust_of_another_distribution(root, program)
        listed = inside(root, 10001, "cat /opt/millrace/LINKED; ls /opt/millrace /opt/millrace/lib /opt/millrace/third-party")
        for word in ("glibc 2.", "libssl.a", "sbom.cdx.json", "libsimdjson.so", "uplot", "libboost1.81-dev"):
            assert word in listed, f"no {word}:\n{listed}"


def trust_of_another_distribution(root, program):
    """Authorities are found where Fedora keeps them."""
    assert not os.path.exists(f"{root}/usr/lib/ssl"), "OpenSSL's own place is there: the case proves nothing"
    certificates = os.path.join(root, "etc/pki/tls/certs")
    os.makedirs(certificates)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                    "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
                    f"{certificates}/key.pem", "-out", f"{certificates}/ca-bundle.crt"], check=True, capture_output=True)
    os.chmod(f"{certificates}/key.pem", 0o644)
    sent = inside(root, 10001, f"""{program} sink --endpoint 127.0.0.1:4317 --interval 0 --expect 10 --duration 20s \\
        --tls-cert-file /etc/pki/tls/certs/ca-bundle.crt --tls-key-file /etc/pki/tls/certs/key.pem &
        sleep 1
        SSL_CERT_FILE=/nowhere {program} generate --endpoint https://127.0.0.1:4317 --total 1 || echo not trusted
        {program} generate --endpoint https://127.0.0.1:4317 --total 10
        wait $(jobs -p)""")
    assert "10 ok" in sent and "not trusted" in sent, sent


CASES = [image_runs_as_the_chart_starts_it, tarball_needs_nothing_but_glibc]
