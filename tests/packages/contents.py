"""Cases about the contents of the packages, which need no installation."""
import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile

from root import KEPT, ROOT, Skipped


def needs(tool):
    if shutil.which(tool) is None:
        raise Skipped(f"{tool} is not installed")


def run(arguments, **how):
    done = subprocess.run(arguments, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, **how)
    assert done.returncode == 0, f"{' '.join(arguments)}: exit {done.returncode}\n{done.stdout}"
    return done.stdout


class Unpacked:
    def __init__(self, *packages):
        self.packages = packages

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="millrace-package-")
        for package in self.packages:
            run(["dpkg-deb", "--extract", package, self.folder])
        return self.folder

    def __exit__(self, *_):
        shutil.rmtree(self.folder)


def lintian_says_nothing(packages):
    """Its verdict on packages is kept: it takes longer than all else here."""
    needs("lintian")
    digest = hashlib.sha256()
    for path in sorted(packages.values()):
        with open(path, "rb") as file:
            digest.update(file.read())
    kept = os.path.join(KEPT, f"lintian-{digest.hexdigest()[:16]}")
    if os.path.exists(kept):
        return
    said = run(["lintian", "--allow-root", "--tag-display-limit", "0", "--fail-on", "error,warning",
                *packages.values()])
    assert not re.search("^[EW]: ", said, re.M), said
    os.makedirs(KEPT, exist_ok=True)
    open(kept, "w", encoding="utf-8").close()


def manual_page_names_every_command(packages):
    needs("mandoc")
    with Unpacked(packages["millrace"]) as folder:
        page = os.path.join(folder, "usr/share/man/man1/millrace.1.gz")
        run(["mandoc", "-T", "lint", "-W", "warning", page])
        text = run(["sh", "-c", f"zcat {page} | mandoc -T ascii | col -b"])
        summary = run([os.path.join(folder, "usr/bin/millrace"), "--help"])
        commands = re.findall(r"^  ([a-z-]+)(?: [A-Z\[\]]+)? {2,}", summary.split("Commands:")[1], re.M)
        assert len(commands) >= 12, summary
        described = re.search(r"^COMMANDS\n(.*?)^\S", text, re.M | re.S).group(1)
        missing = [name for name in commands if not re.search(rf"^ +([a-z]+, )*{name}\b", described, re.M)]
        assert not missing, f"the manual page does not name {missing}"


def completions_are_accepted_by_their_shells(packages):
    with Unpacked(packages["millrace"]) as folder:
        share = os.path.join(folder, "usr/share")
        files = {"bash": "bash-completion/completions/millrace", "zsh": "zsh/vendor-completions/_millrace",
                 "fish": "fish/vendor_completions.d/millrace.fish"}
        for shell, name in files.items():
            assert os.path.getsize(os.path.join(share, name)) > 500, name
            if shutil.which(shell) is not None:
                run([shell, "-n", os.path.join(share, name)])
        offered = run(["bash", "-c", f". {share}/{files['bash']}; COMP_WORDS=(millrace rep); COMP_CWORD=1; "
                       "_millrace; echo ${COMPREPLY[@]}"])
        assert "replay" in offered, offered


def examples_are_valid_where_they_are_installed(packages):
    with Unpacked(packages["millrace"]) as folder:
        documents = os.path.join(folder, "usr/share/doc/millrace")
        for name in ("README.md", "copyright", "docs/configuration.md", "examples/gateway.yaml",
                     "examples/observability/dashboard.json", "examples/kubernetes/gateway.yaml"):
            assert os.path.exists(os.path.join(documents, name)), name
        run([os.path.join(folder, "usr/bin/millrace"), "validate", "--config",
             os.path.join(folder, "etc/millrace/config.yaml")])


def bill_of_materials_names_every_linked_library(packages):
    with Unpacked(packages["millrace"]) as folder:
        documents = os.path.join(folder, "usr/share/doc/millrace")
        with open(os.path.join(documents, "sbom.cdx.json"), encoding="utf-8") as file:
            bill = json.load(file)
        named = {part["name"]: part for part in bill["components"]}
        depends = run(["dpkg-deb", "-f", packages["millrace"], "Depends"])
        linked = set(re.findall(r"lib[\w.+-]+|zlib1g", depends))
        assert len(linked) >= 12 and linked <= set(named), linked - set(named)
        assert all(part["licenses"] and part["version"] for part in bill["components"]), bill
        for name in ("libboost1.81-dev", "libcli11-dev", "preact", "uplot"):
            assert name in named and os.path.getsize(os.path.join(documents, "third-party", name)) > 500, name
        commit = run([os.path.join(folder, "usr/bin/millrace"), "version"]).split()[-1].strip(")")
        assert commit in json.dumps(bill["metadata"]), bill["metadata"]


def program_is_built_with_the_development_package(packages):
    with Unpacked(packages["libmillrace0.1"], packages["libmillrace-dev"]) as folder:
        build = os.path.join(folder, "example")
        run(["cmake", "-G", "Ninja", "-S", os.path.join(ROOT, "examples"), "-B", build,
             f"-DCMAKE_PREFIX_PATH={folder}/usr", "-DCMAKE_BUILD_TYPE=Release"])
        run(["cmake", "--build", build])
        linked = run(["ldd", os.path.join(build, "simple_collector")])
        assert f"{folder}/usr/lib/x86_64-linux-gnu/libmillrace.so.0.1" in linked, linked
        files = os.path.join(folder, "usr/lib/x86_64-linux-gnu/pkgconfig")
        flags = run(["pkg-config", "--cflags", "--libs", "millrace"], env=dict(os.environ, PKG_CONFIG_PATH=files))
        assert "-lmillrace" in flags, flags


CASES = [lintian_says_nothing, manual_page_names_every_command, completions_are_accepted_by_their_shells,
         bill_of_materials_names_every_linked_library, examples_are_valid_where_they_are_installed,
         program_is_built_with_the_development_package]
