#!/usr/bin/env python3
"""The image of the Containerfile without a container engine: mmdebstrap makes the root file system as Debian's slim
images are made, with the package in it; then an OCI image in one file, for `podman load` or `skopeo copy`.

    packaging/image/build.py [OUTPUT]     writes build/release/packages/millrace-image.tar, needs root and a mirror
"""
import glob
import gzip
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
HERE = os.path.join(ROOT, "packaging", "image")
PACKAGES = os.path.join(ROOT, "build", "release", "packages")
# As in Debian's slim images: no manuals, and of the documentation the licences.
LEFT_OUT = ("path-exclude=/usr/share/man/*", "path-exclude=/usr/share/info/*", "path-exclude=/usr/share/locale/*",
            "path-exclude=/usr/share/doc/*", "path-include=/usr/share/doc/*/copyright",
            "path-include=/usr/share/doc/millrace/*.json", "path-include=/usr/share/doc/millrace/third-party/*")


def containerfile():
    """The settings of the image that the Containerfile has: {"USER": …, …}."""
    with open(os.path.join(HERE, "Containerfile"), encoding="utf-8") as file:
        return dict(re.findall(r"^(USER|EXPOSE|ENTRYPOINT|CMD) (.*)$", file.read(), re.M))


def build_root(package, output):
    """The root file system as a tar."""
    time = os.environ.get("SOURCE_DATE_EPOCH") or subprocess.check_output(
        ["git", "-C", ROOT, "log", "-1", "--format=%ct"], text=True).strip()
    made = subprocess.run(
        ["mmdebstrap", "--quiet", "--variant=minbase", "--include=ca-certificates",
         *(f"--dpkgopt={line}" for line in LEFT_OUT),
         f"--customize-hook=mkdir \"$1/new\" && cp {package} \"$1/new/\"",
         "--customize-hook=chroot \"$1\" sh -c 'apt-get install --yes --no-install-recommends /new/*.deb' >&2",
         "--customize-hook=rm -r \"$1/new\" && ln -s usr/bin/millrace \"$1/millrace\"",
         f"--customize-hook=cp {HERE}/config.yaml \"$1/etc/millrace/config.yaml\"",
         "--customize-hook=rm -rf \"$1\"/var/log/* \"$1\"/var/cache/apt/* \"$1\"/var/lib/apt/lists/*",
         "bookworm", output], env=dict(os.environ, SOURCE_DATE_EPOCH=time), timeout=900, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if made.returncode != 0:
        raise RuntimeError(f"mmdebstrap: exit {made.returncode}\n{made.stdout[-3000:]}")


class Layout:
    """An OCI image layout in a tar: blobs by their digest, an index."""

    def __init__(self, path):
        self.tar = tarfile.open(path, "w")

    def add(self, name, content):
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        self.tar.addfile(entry, io.BytesIO(content))

    def blob(self, content, media_type):
        digest = hashlib.sha256(content).hexdigest()
        self.add(f"blobs/sha256/{digest}", content)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}

    def json_blob(self, value, media_type):
        return self.blob(json.dumps(value, sort_keys=True).encode(), media_type)


def write_image(root, output, version, commit):
    with open(root, "rb") as file:
        layer = file.read()
    settings = containerfile()
    layout = Layout(output)
    layout.add("oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
    kind = "application/vnd.oci.image."
    packed = layout.blob(gzip.compress(layer, 6, mtime=0), kind + "layer.v1.tar+gzip")
    config = layout.json_blob({
        "architecture": "amd64", "os": "linux",
        "config": {"User": settings["USER"], "Entrypoint": json.loads(settings["ENTRYPOINT"]),
                   "Cmd": json.loads(settings["CMD"]), "Env": ["PATH=/usr/bin:/bin"],
                   "ExposedPorts": {port + "/tcp": {} for port in settings["EXPOSE"].split()},
                   "Labels": {"org.opencontainers.image.title": "millrace", "org.opencontainers.image.version": version,
                              "org.opencontainers.image.revision": commit,
                              "org.opencontainers.image.licenses": "Apache-2.0"}},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]}},
        kind + "config.v1+json")
    manifest = layout.json_blob({"schemaVersion": 2, "mediaType": kind + "manifest.v1+json", "config": config,
                                 "layers": [packed]}, kind + "manifest.v1+json")
    manifest["annotations"] = {"org.opencontainers.image.ref.name": version}
    layout.add("index.json", json.dumps({"schemaVersion": 2, "mediaType": kind + "index.v1+json",
                                         "manifests": [manifest]}).encode())
    layout.tar.close()


def main(output):
    package, = glob.glob(f"{PACKAGES}/millrace_*.deb")
    said = subprocess.check_output([os.path.join(ROOT, "build/release/millrace"), "version"], text=True)
    version, commit = re.fullmatch(r"millrace version (\S+) \(commit (\w+)\)\n", said).groups()
    with tempfile.TemporaryDirectory() as folder:
        root = os.path.join(folder, "root.tar")
        build_root(package, root)
        write_image(root, output, version, commit)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else os.path.join(PACKAGES, "millrace-image.tar"))
