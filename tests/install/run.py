#!/usr/bin/env python3
"""Installs build/release into a temporary prefix and uses it as other projects do: every example as a
CMake project of its own, pkg-config, plain C, each header alone, the examples with sinks.

    tests/install/run.py [part of a case's name…]
"""
import concurrent.futures
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(ROOT, "build", "release")
sys.path.insert(0, os.path.join(ROOT, "bench"))
from processes import Process, free_port, wait_for_port  # noqa: E402

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]
TIMEOUT_S = 120


class Failure(Exception):
    pass


def run(arguments, environment=None, cwd=None):
    """Returns the output; raises a Failure with it when the exit code is not 0."""
    done = subprocess.run(arguments, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=TIMEOUT_S, cwd=cwd, env=dict(os.environ, **(environment or {})))
    if done.returncode != 0:
        raise Failure(f"{' '.join(arguments)}: exit {done.returncode}\n{done.stdout}")
    return done.stdout


def expect(condition, what):
    if not condition:
        raise Failure(what)


class Installed:
    """Two prefixes: one with everything, one with the static library and the files for using it."""

    def __init__(self, folder):
        self.folder = folder
        self.whole = os.path.join(folder, "whole")
        self.static = os.path.join(folder, "static")
        run(["cmake", "--install", BUILD, "--prefix", self.whole])
        for component in ("static", "development"):
            run(["cmake", "--install", BUILD, "--prefix", self.static, "--component", component])
        # Installed trees can be moved.
        moved = os.path.join(folder, "moved")
        os.rename(self.whole, moved)
        self.whole = moved
        self.library = os.path.dirname(glob.glob(f"{self.whole}/lib/**/libmillrace.a",
                                                 recursive=True)[0])
        self.static_library = self.library.replace(self.whole, self.static)
        for leftover in glob.glob(os.path.join(self.static_library, "libmillrace.so*")):
            os.remove(leftover)  # the `development` part installs this link without its library
        self.millrace = os.path.join(self.whole, "bin", "millrace")
        self.programs = {}

    def build(self, source, prefix, kind):
        """Builds the CMake project in examples/<source> once and returns its program."""
        if (source, kind) in self.programs:
            return self.programs[source, kind]
        place = os.path.join(self.folder, f"{source.replace('/', '_') or 'simple'}-{kind}")
        run(["cmake", "-G", "Ninja", "-S", os.path.join(ROOT, "examples", source), "-B", place,
             f"-DCMAKE_PREFIX_PATH={prefix}", "-DCMAKE_BUILD_TYPE=Release",
             "-DCMAKE_C_STANDARD=99", f"-DCMAKE_C_FLAGS={' '.join(WARNINGS)}",
             f"-DCMAKE_CXX_FLAGS={' '.join(WARNINGS)}"])
        run(["cmake", "--build", place])
        name = os.path.basename(source) or "simple_collector"
        self.programs[source, kind] = os.path.join(place, name)
        return self.programs[source, kind]

    def pkg_config(self, library_folder, *arguments):
        return run(["pkg-config", *arguments, "millrace"], {
            "PKG_CONFIG_PATH": os.path.join(library_folder, "pkgconfig")}).split()

    def compile(self, compiler, source, flags, name):
        program = os.path.join(self.folder, name)
        run([*compiler, *WARNINGS, "-O1", os.path.join(ROOT, "examples", source), "-o", program,
             *flags])
        return program


class Sink:
    """A `millrace sink`; its exit code says whether exactly `total` items arrived."""

    def __init__(self, installed, expected):
        self.port = free_port()
        self.process = Process([installed.millrace, "sink", "--endpoint", f"127.0.0.1:{self.port}",
                                "--interval", "0", "--expect", str(expected), "--settle", "50ms",
                                "--duration", "60s"],
                               log=os.path.join(installed.folder, f"sink{self.port}.log"))
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        wait_for_port(self.port)
        return self

    def __exit__(self, *_):
        self.process.stop()

    def check(self):
        code = self.process.child.wait(TIMEOUT_S)
        expect(code == 0, f"the sink says {code}: {open(self.process.log_path).read()}")


def two_sinks_get_ten_thousand_spans(installed, program, environment=None):
    with Sink(installed, 10000) as first, Sink(installed, 10000) as second:
        output = run([program, first.url, second.url], environment)
        first.check()
        second.check()
    expect("the ledger balances" in output, output)


def a_sink_gets_what_c_collects(installed, program, environment=None):
    with Sink(installed, 6) as sink:
        output = run([program, sink.url], environment)
        sink.check()
    expect("collected 6, exported 6" in output, output)


# ------------------------------------------------------------------------------------------ Cases


def headers_alone(installed):
    """Each public header compiles alone, as C++20 with two compilers, and those of the C interface
    as C99."""
    include = os.path.join(installed.whole, "include")
    headers = [os.path.relpath(h, include)
               for h in sorted(glob.glob(f"{include}/millrace/**/*.h", recursive=True))]
    expect(len(headers) >= 16, f"found {headers}")
    jobs = [([compiler, "-std=c++20", "-x", "c++"], header) for header in headers
            for compiler in ("g++-12", "clang++-19") if shutil.which(compiler)]
    of_c = [header for header in headers if header.startswith("millrace/c/")]
    expect(len(of_c) >= 14, f"found {of_c}")
    jobs += [([compiler, "-std=c99", "-x", "c"], header)
             for header in [*of_c, "millrace/millrace.h"]
             for compiler in ("gcc-12", "clang-19") if shutil.which(compiler)]

    def check(job):
        compiler, header = job
        # Included, not compiled itself, because #pragma once in a main file is a warning.
        source = f"#include <{header}>\nint used(void);\nint used(void) {{ return 0; }}\n"
        done = subprocess.run([*compiler, *WARNINGS, "-fsyntax-only", "-I", include, "-"],
                              input=source, text=True, capture_output=True, timeout=TIMEOUT_S)
        return "" if done.returncode == 0 else f"{compiler[0]} {header}:\n{done.stderr}"

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        wrong = [answer for answer in pool.map(check, jobs) if answer]
    expect(not wrong, "\n".join(wrong))


def headers_need_the_standard_library_only(installed):
    wrong = []
    for path in glob.glob(f"{installed.whole}/include/millrace/**/*.h", recursive=True):
        for line in open(path, encoding="utf-8"):
            found = re.match(r'#include ([<"])([^>"]+)', line)
            if found and not found.group(2).startswith("millrace/") and (
                    found.group(1) == '"' or not re.fullmatch(r"[a-z_]+|std\w+\.h|string\.h",
                                                              found.group(2))):
                wrong.append(f"{path}: {line.strip()}")
    expect(not wrong, "\n".join(wrong))


def shared_library_shows_the_interface_only(installed):
    library = os.path.join(installed.library, "libmillrace.so")
    names = [line.split()[-1].split("@")[0]
             for line in run(["nm", "-D", "--defined-only", library]).splitlines()]
    strangers = [name for name in names if not re.match(
        r"millrace_[a-z0-9_]+$|_Z(N|NK|TVN|TIN|TSN)8millrace2v1", name)]
    expect(not strangers, "shown, and not of the interface: " + " ".join(strangers))
    internal = [name for name in names if re.search(r"N8millrace2v16detail", name)
                and not re.search(r"detail7Encoder", name)]
    expect(not internal, "details are shown: " + " ".join(internal))
    include = os.path.join(installed.whole, "include", "millrace")
    whole = open(os.path.join(include, "millrace.h")).read()
    declared = set()
    for path in glob.glob(f"{include}/c/*.h"):
        declared |= set(re.findall(r"MILLRACE_API[^;]*?\b(millrace_[a-z0-9_]+)\(",
                                   open(path).read()))
        name = f"millrace/c/{os.path.basename(path)}"
        expect(f'#include "{name}"' in whole, f"millrace.h does not include {name}")
    expect(len(declared) > 110, f"found only {len(declared)} functions in the C headers")
    missing = declared - set(names)
    expect(not missing, "declared, and not there: " + " ".join(sorted(missing)))
    undeclared = {name for name in names if name.startswith("millrace_")} - declared
    expect(not undeclared, "there, and not declared: " + " ".join(sorted(undeclared)))
    for name in ("Collector7collectERKNS0_4Span", "Collector6createE", "BatchProcessor6createE",
                 "Config16from_environmentE"):
        expect(any(name in symbol for symbol in names), f"{name} is not shown")


def static_library_hides_the_rest(installed):
    """Whether a symbol would be visible in a shared library that links ours: default visibility."""
    archive = os.path.join(installed.library, "libmillrace.a")
    shown = set()
    for line in run(["readelf", "-sW", archive]).splitlines():
        fields = line.split()
        if len(fields) == 8 and fields[4] in ("GLOBAL", "WEAK") and fields[5] == "DEFAULT" and \
                fields[6] != "UND":
            shown.add(fields[7])
    expect(any(name.startswith("millrace_create") for name in shown), "nothing is shown")
    # Instances of the standard library's templates over Millrace's types conflict with no others.
    wrong = [name for name in shown if re.match(r"_Z(N|NK|TVN|TIN|TSN|GVN)8millrace(?!2v1)", name)]
    expect(not wrong, "shown: " + " ".join(sorted(wrong)[:10]))


def soname_and_version(installed):
    dynamic = run(["readelf", "-d", os.path.join(installed.library, "libmillrace.so")])
    version = re.search(r'project\(millrace VERSION (\d+\.\d+)', open(f"{ROOT}/CMakeLists.txt").read())
    expect(f"[libmillrace.so.{version.group(1)}]" in dynamic, dynamic)
    for stranger in ("libgrpc", "libprotobuf", "libabsl"):
        expect(stranger not in dynamic, f"links {stranger}")
    header = open(os.path.join(installed.whole, "include/millrace/version.h")).read()
    found = ".".join(re.findall(r"VERSION_M\w+ (\d+)", header))
    expect(found == version.group(1), f"version.h says {found}")
    expect(run(["pkg-config", "--modversion", "millrace"], {
        "PKG_CONFIG_PATH": f"{installed.library}/pkgconfig"}).startswith(version.group(1)), "pc")


def simple_collector(installed):
    two_sinks_get_ten_thousand_spans(installed, installed.build("", installed.whole, "shared"))


def simple_collector_with_the_static_library(installed):
    program = installed.build("", installed.static, "static")
    expect("libmillrace" not in run(["ldd", program]), "links the shared library")
    two_sinks_get_ten_thousand_spans(installed, program)


def custom_exporter(installed):
    output = run([installed.build("custom_exporter", installed.whole, "shared")])
    expect("read: 200" in output and "write: 100" in output, output)


def c_program(installed):
    a_sink_gets_what_c_collects(installed, installed.build("c_program", installed.whole, "shared"))


def http_server(installed):
    program = installed.build("http_server", installed.whole, "shared")
    # Three requests make a span, a record and a point each.
    with Sink(installed, 9) as sink:
        child = subprocess.Popen([program, "0", "3"], stdout=subprocess.PIPE, text=True,
                                 env=dict(os.environ, OTEL_EXPORTER_OTLP_ENDPOINT=sink.url,
                                          OTEL_EXPORTER_OTLP_PROTOCOL="http/protobuf"))
        try:
            address = child.stdout.readline().strip()
            for path, status in (("/", 200), ("/nothing", 404), ("/broken", 500)):
                request = urllib.request.Request(address + path, headers={
                    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"})
                try:
                    found = urllib.request.urlopen(request, timeout=10).status
                except urllib.error.HTTPError as answer:
                    found = answer.code
                expect(found == status, f"{path}: {found}")
            expect(child.wait(TIMEOUT_S) == 0, f"the server says {child.returncode}")
        finally:
            child.kill()
            child.wait()
            child.stdout.close()
        sink.check()


def library_page_as_written(installed):
    """docs/library.md: its project builds without a warning, and the daemon shows its span."""
    page = open(os.path.join(ROOT, "docs", "library.md"), encoding="utf-8").read()
    project = re.search(r"```cmake\n(.*?)```", page, re.S).group(1)
    program, *more = re.findall(r"```cpp\n(.*?)```", page, re.S)
    grpc, http, own = free_port(), free_port(), free_port()
    # The page assumes the usual port and leaves out the rest of the program, which is added here.
    program = program.replace(".service_name",
                              f'.endpoint = "http://127.0.0.1:{grpc}", .service_name')
    end = "return collector->shutdown"
    program = program.replace(end, "const int orders = 3;\n" + "".join(more) + end)
    folder = os.path.join(installed.folder, "shop")
    os.mkdir(folder)
    for name, text in (("CMakeLists.txt", project), ("shop.cc", program)):
        with open(os.path.join(folder, name), "w") as out:
            out.write(text)
    command = re.search(r"^    (millrace --set .*)$", page, re.M).group(1).split()
    settings = [f"receivers.otlp.protocols.grpc.endpoint=127.0.0.1:{grpc}",
                f"receivers.otlp.protocols.http.endpoint=127.0.0.1:{http}",
                f"service.telemetry.metrics.address=127.0.0.1:{own}"]
    log = os.path.join(installed.folder, "shop.log")
    daemon = Process([installed.millrace, *command[1:],
                      *(part for setting in settings for part in ("--set", setting))], log=log)
    try:
        wait_for_port(grpc)
        run(["cmake", "-B", "build", f"-DCMAKE_PREFIX_PATH={installed.whole}",
             f"-DCMAKE_CXX_FLAGS={' '.join(WARNINGS)}"], cwd=folder)
        run(["cmake", "--build", "build"], cwd=folder)
        run(["build/shop"], cwd=folder)
        shown = open(log).read()
        for _ in range(100):
            if "checkout" in shown and "shop.orders" in shown:
                break
            time.sleep(0.05)
            shown = open(log).read()
        for expected in ("checkout", "cart.items=3", "service.name=shop", "shop.orders"):
            expect(expected in shown, shown)
    finally:
        daemon.stop()


def pkg_config_shared(installed):
    flags = installed.pkg_config(installed.library, "--cflags", "--libs")
    expect(len([flag for flag in flags if flag.startswith("-l")]) == 1, f"too much: {flags}")
    program = installed.compile(["g++", "-std=c++20"], "simple_collector.cc", flags, "pkg-shared")
    two_sinks_get_ten_thousand_spans(installed, program,
                                     {"LD_LIBRARY_PATH": installed.library})


def pkg_config_static_from_c(installed):
    """A C compiler links: pkg-config names the libraries that C++ code needs."""
    flags = installed.pkg_config(installed.static_library, "--static", "--cflags", "--libs")
    program = installed.compile(["gcc", "-std=c99"], "c_program/c_program.c", flags, "pkg-static")
    expect("libmillrace" not in run(["ldd", program]), "links the shared library")
    a_sink_gets_what_c_collects(installed, program)


def documents_and_daemon(installed):
    run([installed.millrace, "version"])
    for name in ("LICENSE", "README.md", "docs/library.md", "examples/simple_collector.cc"):
        path = os.path.join(installed.whole, "share", "doc", "millrace", name)
        expect(os.path.exists(path), f"{path} is missing")


def unit_names_what_is_installed(installed):
    """The paths below the prefix in the unit, of the program and the documentation, exist. The tree
    was moved after it was installed; the unit contains the original paths."""
    prefix = os.path.join(installed.folder, "whole")
    with open(os.path.join(installed.whole, "lib", "systemd", "system", "millrace.service")) as file:
        unit = file.read()
    expect("/usr/local/" not in unit, unit)
    named = re.findall(re.escape(prefix) + r"/([\w./-]+)", unit)
    expect(len(named) >= 3, f"the unit names {named}")
    missing = [path for path in named if not os.path.exists(os.path.join(installed.whole, path))]
    expect(not missing, f"{missing} is missing")


def reference_describes_every_public_entity(installed):
    """Doxygen reads the headers; an entity without a description is an error."""
    if shutil.which("doxygen") is None:
        print("skipped: the reference: needs doxygen")
        return
    settings = open(os.path.join(ROOT, "docs", "Doxyfile")).read()
    mine = os.path.join(installed.folder, "Doxyfile")
    with open(mine, "w") as out:
        out.write(f"{settings}\nOUTPUT_DIRECTORY = {installed.folder}/reference\n")
    run(["doxygen", mine], cwd=ROOT)
    pages = os.listdir(os.path.join(installed.folder, "reference", "html"))
    for page in ("index.html", "classmillrace_1_1Collector.html", "millrace_8h.html",
                 "classmillrace_1_1MetricPointBuilder.html", "c_2config_8h.html"):
        expect(page in pages, f"there is no {page}")


def python_bindings(installed):
    output = run([sys.executable, os.path.join(ROOT, "bindings", "python", "tests", "run.py")], {
        "MILLRACE_LIBRARY": os.path.join(installed.library, "libmillrace.so"),
        "MILLRACE": installed.millrace})
    print(output.strip().splitlines()[-1])


CASES = [headers_alone, headers_need_the_standard_library_only,
         shared_library_shows_the_interface_only, static_library_hides_the_rest,
         soname_and_version, simple_collector, simple_collector_with_the_static_library,
         custom_exporter, c_program, http_server, library_page_as_written, pkg_config_shared,
         pkg_config_static_from_c, documents_and_daemon,
         unit_names_what_is_installed, reference_describes_every_public_entity,
         python_bindings]


def main(wanted):
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="millrace-install-") as folder:
        installed = Installed(folder)
        for case in CASES:
            name = case.__name__.replace("_", " ")
            if wanted and not any(part.replace("_", " ") in name for part in wanted):
                continue
            start = time.monotonic()
            try:
                case(installed)
                passed += 1
                print(f"ok      {name} ({time.monotonic() - start:.1f} s)", flush=True)
            except (Failure, OSError, RuntimeError, subprocess.SubprocessError) as why:
                failed += 1
                print(f"FAILED  {name}: {why}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
