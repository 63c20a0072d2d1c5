#!/usr/bin/env python3
"""The Debian packages, as a person uses them: installed in a fresh Debian 12 in which systemd runs, by the commands of
the README's quick start as they stand there; upgraded and downgraded while spans come in, with a configuration that
was edited and one that is refused; removed and purged. Also their contents, and what lintian says.

    tests/packages/run.py [WORD…]      cases whose names contain a word, and the installation before them

Needs the packages (`cmake --build build/release --target debian_packages`), root, mmdebstrap and, the first time, a
Debian mirror; says what it skips."""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

import contents
import image
from root import ROOT, Machine, Skipped, make_base

PACKAGES = os.path.join(ROOT, "build", "release", "packages")


def expect(condition, what):
    if not condition:
        raise AssertionError(what)


def with_release(package, release, folder):
    """The package under another Debian revision, as an upgrade has it."""
    unpacked = os.path.join(folder, "other")
    subprocess.run(["dpkg-deb", "--raw-extract", package, unpacked], check=True)
    control = os.path.join(unpacked, "DEBIAN", "control")
    with open(control, encoding="utf-8") as file:
        text = file.read()
    version = re.search(r"^Version: (.*)-", text, re.M).group(1)
    with open(control, "w", encoding="utf-8") as file:
        file.write(re.sub(r"^Version: .*$", f"Version: {version}-{release}", text, flags=re.M))
    other = os.path.join(folder, f"millrace_{version}-{release}_amd64.deb")
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", unpacked, other], check=True,
                   stdout=subprocess.DEVNULL)
    shutil.rmtree(unpacked)
    return other


def quick_start():
    """The commands of the first block of README.md's section, one a line."""
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        section = file.read().split("\n## Quick start\n")[1].split("\n## ")[0]
    block = re.search(r"(?:^    .*\n)+", section, re.M).group(0)
    return [line.strip() for line in block.splitlines()]


class Service:
    """Questions about the service inside."""

    def __init__(self, machine):
        self.machine = machine

    def run(self, command, **how):
        done = self.machine.run(command, **how)
        expect(done.returncode == 0, f"{command}: exit {done.returncode}\n{done.stdout}")
        return done.stdout

    def show(self, name):
        return self.run(f"systemctl show -P {name} millrace").strip()

    def wait_for(self, what, condition, seconds=30):
        end = time.monotonic() + seconds
        while not condition():
            expect(time.monotonic() < end, f"not reached: {what}\n" + self.machine.run("journalctl -u millrace -n 30").stdout)
            time.sleep(0.1)

    def install(self, package, **how):
        name = os.path.basename(package)
        shutil.copy(package, self.machine.path("/root/" + name))
        return self.run(f"apt-get install --yes --allow-downgrades ./{name}", **how)

    def write(self, path, text):
        with open(self.machine.path(path), "w", encoding="utf-8") as file:
            file.write(text)

    def metric(self, name):
        page = self.run("curl -sf http://localhost:8888/metrics")
        return sum(float(value) for value in re.findall(rf"^{name}(?:{{.*}})? (\S+)$", page, re.M))


TO_A_SINK = """
receivers: {otlp: {protocols: {grpc: {endpoint: "localhost:4317"}}}}
exporters:
  otlp_grpc/sink:
    endpoint: localhost:5317
    tls: {insecure: true}
    sending_queue: {storage: file_storage/queue, queue_size: 100000}
    retry_on_failure: {initial_interval: 100ms, max_interval: 500ms}
extensions:
  file_storage/queue: {directory: /var/lib/millrace/queue, create_directory: true}
service:
  extensions: [file_storage/queue]
  pipelines: {traces: {receivers: [otlp], exporters: [otlp_grpc/sink]}}
"""


def quick_start_as_it_stands(service, packages, folder):
    shutil.copy(packages["millrace"], service.machine.path("/root/"))
    said = [service.run(command, answers="y\n") for command in quick_start()]
    expect("1 of 1 traces" in said[-1], f"no span is shown:\n{said[-1]}")


def service_runs_as_its_user_and_notifies(service, packages, folder):
    expect(service.show("ActiveState") == "active" and service.show("Type") == "notify", service.show("ActiveState"))
    expect(service.show("StatusText") == "Receiving", service.show("StatusText"))
    expect(service.run("systemctl is-enabled millrace").strip() == "enabled", "not enabled")
    pid = service.show("MainPID")
    status = service.run(f"cat /proc/{pid}/status; stat -c %U /proc/{pid}; stat -c '%U %a' /var/lib/millrace/.")
    expect("CapEff:\t0000000000000000" in status and "NoNewPrivs:\t1" in status, status)
    expect(status.split()[-3:] == ["millrace", "millrace", "750"], status)
    expect(service.run("curl -sf http://localhost:13133/").startswith("{"), "health")
    version = service.run("millrace version")
    commit = re.search(r"\(commit (\w+)\)", version).group(1)
    page = service.run("curl -sf http://localhost:8888/metrics")
    expect(f'millrace_build_info{{commit="{commit}"' in page, "the metric does not name the commit")


def edited_configuration_is_kept_on_upgrade(service, packages, folder):
    service.write("/etc/millrace/config.yaml", TO_A_SINK)
    service.run("systemctl restart millrace")
    pid = service.show("MainPID")
    service.install(packages["millrace-2"])
    with open(service.machine.path("/etc/millrace/config.yaml"), encoding="utf-8") as file:
        expect(file.read() == TO_A_SINK, "the upgrade changed the configuration")
    expect(service.show("ActiveState") == "active" and service.show("MainPID") != pid, "the old program still runs")


def nothing_is_lost_by_upgrade_and_downgrade_under_load(service, packages, folder):
    total = 20000
    command = (f"millrace generate --total {total} --rate 2000 --items-per-request 10 --retries 1000 "
               "--acknowledged /root/acknowledged --summary json")
    load = subprocess.Popen(["nsenter", "--target", str(service.machine.first), "--all", "sh", "-c", command],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        for name in ("millrace", "millrace-2", "millrace"):
            service.install(packages[name])
        said, _ = load.communicate(timeout=60)
        expect(load.returncode == 0, said)
    finally:
        load.kill()
        load.wait()
    # The back end was away until now: all of it lies on the disk.
    sunk = service.run(f"millrace sink --endpoint localhost:5317 --acknowledged /root/acknowledged --expect {total} "
                       "--duration 60s --interval 0 --summary json")
    expect(f'"items":{total}' in sunk.replace(" ", ""), sunk)


def refused_configuration_leaves_the_old_process(service, packages, folder):
    pid = service.show("MainPID")
    service.write("/etc/millrace/config.yaml", TO_A_SINK.replace("otlp:", "no_such_receiver:"))
    said = service.install(packages["millrace-2"])
    expect("refuses" in said and "no_such_receiver" in said, said)
    expect(service.show("ActiveState") == "active" and service.show("MainPID") == pid, "the old process was ended")
    service.write("/etc/millrace/config.yaml", TO_A_SINK)
    service.run("systemctl restart millrace")
    expect(service.show("MainPID") != pid, "not restarted")


def removed_and_purged(service, packages, folder):
    service.run("apt-get remove --yes millrace")
    expect(not os.path.exists(service.machine.path("/usr/bin/millrace")), "the program is still there")
    expect(service.machine.run("pgrep -x millrace").returncode != 0, "the process is still there")
    for kept in ("/etc/millrace/config.yaml", "/var/lib/millrace/queue"):
        expect(os.path.exists(service.machine.path(kept)), f"removing took {kept}")
    service.run("apt-get purge --yes millrace")
    left = service.run("ls -d /etc/millrace /var/lib/millrace /var/log/millrace /var/lib/otelcol 2>/dev/null; "
                       "getent passwd millrace; systemctl list-unit-files --no-legend 'millrace*'; true")
    expect(left == "", f"left behind: {left}")


CASES = [quick_start_as_it_stands, service_runs_as_its_user_and_notifies, edited_configuration_is_kept_on_upgrade,
         nothing_is_lost_by_upgrade_and_downgrade_under_load, refused_configuration_leaves_the_old_process,
         removed_and_purged]


def run_case(case, *arguments):
    begun = time.monotonic()
    try:
        case(*arguments)
        print(f"ok      {case.__name__.replace('_', ' ')} ({time.monotonic() - begun:.1f} s)", flush=True)
        return True
    except Skipped as why:
        print(f"skipped: {case.__name__.replace('_', ' ')} ({why})", flush=True)
        return None
    except (AssertionError, OSError, subprocess.SubprocessError) as why:
        print(f"FAILED  {case.__name__.replace('_', ' ')}: {why}", flush=True)
        return False


def in_a_fresh_debian(packages, wanted):
    with tempfile.TemporaryDirectory(prefix="millrace-packages-") as folder:
        packages["millrace-2"] = with_release(packages["millrace"], 2, folder)
        try:
            machine = Machine(make_base([packages["millrace"]]), folder)
        except Skipped as why:
            print(f"skipped: the packages in a fresh Debian 12 ({why})")
            return []
        try:
            service = Service(machine)
            if not run_case(CASES[0], service, packages, folder):
                return [False]
            return [True, *(run_case(case, service, packages, folder) for case in CASES[1:] if wanted(case))]
        finally:
            machine.stop()


def main(words):
    packages = {os.path.basename(path).split("_")[0]: path for path in glob.glob(f"{PACKAGES}/*.deb")}
    if len(packages) != 3:
        print(f"Error: {PACKAGES} does not have the three packages: "
              "cmake --build build/release --target debian_packages")
        return 1
    wanted = lambda case: not words or any(word in case.__name__.replace("_", " ") for word in words)  # noqa: E731
    results = [run_case(case, packages) for case in contents.CASES + image.CASES if wanted(case)]
    if any(wanted(case) for case in CASES):
        results += in_a_fresh_debian(packages, wanted)
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    return 1 if False in results or True not in results else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
