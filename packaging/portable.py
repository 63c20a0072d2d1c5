#!/usr/bin/env python3
"""A tarball that runs on other distributions: everything but glibc is linked statically where Debian has an archive,
and where it has none the shared library lies beside the program. LINKED in the tarball says which is which and which
glibc it needs. Made of the objects of a build folder, by its own link command.

    packaging/portable.py [build/release]         writes build/release/packages/millrace-VERSION-linux-x86_64.tar.gz
"""
import os
import re
import shlex
import shutil
import subprocess
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), ".."))
GLIBC = re.compile(r"(libc|libm|libdl|libpthread|librt|libresolv|ld-linux-[\w-]+)\.so\.\d+")


def output(*arguments, **how):
    return subprocess.check_output(arguments, text=True, **how)


def archive_of(word):
    """The archive in place of a shared library of the link command; None: there is none."""
    found = re.fullmatch(r"(/.*/lib[\w+.-]+?)\.so[\d.]*", word)
    return found and os.path.exists(found.group(1) + ".a") and found.group(1) + ".a"


def link(build, program):
    """Links the program; returns the archives that took the place of shared libraries."""
    command = output("ninja", "-C", build, "--quiet", "-t", "commands", "millrace").strip().splitlines()[-1]
    words = [word for word in shlex.split(command) if word not in (":", "&&")]
    words[words.index("-o") + 1] = program
    archives = sorted({archive_of(word) for word in words if archive_of(word)})
    words = [archive_of(word) or word for word in words if not word.startswith("-Wl,-rpath")]
    subprocess.run([*words, "-s", "-Wl,--build-id=none", "-Wl,-rpath,$ORIGIN/../lib",
                    "-Wl,--disable-new-dtags"], cwd=build, check=True)
    return archives


def beside(program):
    """Shared libraries, also those that others need, except glibc's: name and path."""
    return [(name, path) for name, path in sorted(re.findall(r"^\s*(\S+) => (/\S+)", output("ldd", program), re.M))
            if not GLIBC.fullmatch(name)]


def glibc_version(files):
    versions = {tuple(map(int, version.split("."))) for path in files
                for version in re.findall(r"\(?GLIBC_(2[\d.]+)\)?", output("objdump", "-T", path))}
    return ".".join(map(str, max(versions)))


def main(build):
    version, commit = re.fullmatch(r"millrace version (\S+) \(commit (\w+)\)\n",
                                   output(os.path.join(build, "millrace"), "version")).groups()
    time = os.environ.get("SOURCE_DATE_EPOCH") or output("git", "-C", ROOT, "log", "-1", "--format=%ct").strip()
    name = f"millrace-{version}-linux-{os.uname().machine}"
    folder = os.path.join(build, "packages", "portable", name)
    shutil.rmtree(folder, ignore_errors=True)
    for part in ("bin", "lib", "share"):
        os.makedirs(os.path.join(folder, part))
    program = os.path.join(folder, "bin", "millrace")
    archives = link(build, program)
    libraries = beside(program)
    subprocess.run([os.path.join(ROOT, "packaging", "sbom.py"), program, "--output",
                    os.path.join(folder, "sbom.cdx.json"), "--licences", os.path.join(folder, "third-party"),
                    "--archives", *archives, *[path for _, path in libraries]], check=True,
                   env=dict(os.environ, SOURCE_DATE_EPOCH=time))
    for soname, path in libraries:
        shutil.copyfile(os.path.realpath(path), os.path.join(folder, "lib", soname))
    needed = glibc_version([program, *[path for _, path in libraries]])
    with open(os.path.join(folder, "LINKED"), "w", encoding="utf-8") as file:
        file.write(f"millrace {version}, commit {commit}\n\nOf the system: glibc {needed} or newer.\n"
                   "Shared libraries in lib/, because Debian has no archive of them or because those need them:\n")
        file.writelines(f"  {soname}\n" for soname, _ in libraries)
        file.write("In the program:\n")
        file.writelines(f"  {os.path.basename(path)}\n" for path in archives)
    for source, target in (("LICENSE", "LICENSE"), ("README.md", "README.md"), ("packaging/config.yaml", "config.yaml"),
                           ("packaging/millrace.1", "share/millrace.1")):
        shutil.copyfile(os.path.join(ROOT, source), os.path.join(folder, target))
    shutil.copytree(os.path.join(ROOT, "examples"), os.path.join(folder, "share", "examples"))
    tarball = os.path.join(build, "packages", name + ".tar.gz")
    subprocess.run(f"tar --sort=name --mtime=@{time} --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX "
                   f"-C {shlex.quote(os.path.dirname(folder))} -c {name} | gzip -9n > {shlex.quote(tarball)}",
                   shell=True, check=True)
    shutil.rmtree(os.path.dirname(folder))
    print(tarball)


if __name__ == "__main__":
    main(os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "build", "release")))
