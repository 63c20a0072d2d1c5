#!/usr/bin/env python3
"""Runs the release binary as its service does: as the user nobody, without capabilities, with one
writable folder; and checks the unit file with systemd. Checks that this machine does not allow are
reported as skipped.

    tests/sandbox/run.py
"""
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
BINARY = os.environ.get("MILLRACE", os.path.join(ROOT, "build/release/millrace"))
UNIT = os.path.join(ROOT, "packaging/millrace.service")
NOBODY = 65534
# ExportLogsServiceRequest with one record and no fields.
MESSAGE = bytes([0x0a, 0x04, 0x12, 0x02, 0x12, 0x00])


class Skipped(Exception):
    pass


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, what, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError(f"not reached in {seconds} s: {what}")


def inside(state):
    """The arguments that run a command in the sandbox: everything is read-only except `state`."""
    for tool in ("unshare", "setpriv"):
        if shutil.which(tool) is None:
            raise Skipped(f"{tool} is not installed")
    if os.geteuid() != 0:
        raise Skipped("needs root in order to drop privileges")
    script = ('mount --rbind / / && mount -o remount,bind,ro / && mount --bind "$0" "$0" && '
              'mount -o remount,bind,rw "$0" && '
              'exec setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all --inh-caps=-all '
              '--no-new-privs "$@"')
    arguments = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, state]
    tried = subprocess.run(arguments + ["true"], capture_output=True, text=True, timeout=20)
    if tried.returncode != 0:
        raise Skipped("this machine allows no mount namespace: " + tried.stderr.strip())
    return arguments


def daemon_works_as_nobody_on_a_read_only_file_system():
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        state = os.path.join(folder, "state")
        os.mkdir(state)
        os.chown(state, NOBODY, NOBODY)
        sandbox = inside(state)
        binary = os.path.join(folder, "millrace")
        shutil.copy(BINARY, binary)
        outside = subprocess.run(sandbox + ["sh", "-c", f"touch {folder}/x /tmp/x-millrace; grep -E '^(CapEff|NoNewPrivs)' /proc/self/status"],
                                 capture_output=True, text=True, timeout=20)
        assert outside.stderr.count("Read-only file system") + outside.stderr.count("Permission denied") == 2, outside
        assert "CapEff:\t0000000000000000" in outside.stdout and "NoNewPrivs:\t1" in outside.stdout, outside
        port, metrics = free_port(), free_port()
        config = os.path.join(folder, "config.yaml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(f"""
receivers: {{otlp: {{protocols: {{http: {{endpoint: "127.0.0.1:{port}"}}}}}}}}
exporters: {{file: {{path: "{state}/out.json"}}}}
service:
  telemetry: {{metrics: {{readers: [{{pull: {{exporter: {{prometheus: {{host: 127.0.0.1, port: {metrics}}}}}}}}}]}}}}
  pipelines: {{logs: {{receivers: [otlp], exporters: [file]}}}}
""")
        log_path = os.path.join(folder, "log")
        with open(log_path, "w", encoding="utf-8") as log:
            process = subprocess.Popen(sandbox + [binary, "--config", config], stdout=log, stderr=log, cwd=state)
        try:
            def output():
                with open(log_path, encoding="utf-8") as file:
                    return file.read()
            wait_until(lambda: "everything is ready" in output() or process.poll() is not None, "the start")
            assert process.poll() is None, output()
            request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/logs", MESSAGE,
                                             {"Content-Type": "application/x-protobuf"})
            with urllib.request.urlopen(request, timeout=20) as answer:
                assert answer.status == 200
            page = urllib.request.urlopen(f"http://127.0.0.1:{metrics}/metrics", timeout=20).read().decode()
            assert "otelcol_process_memory_rss" in page
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0, output()
            assert "delivered=1 " in output() and "balance=ok" in output(), output()
            assert os.path.getsize(os.path.join(state, "out.json")) > 0
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


def unit_file_is_what_systemd_understands():
    tool = shutil.which("systemd-analyze")
    if tool is None:
        raise Skipped("systemd-analyze is not installed")
    with tempfile.TemporaryDirectory() as folder:
        # The path of the built program instead of the installed one.
        with open(UNIT, encoding="utf-8") as file:
            text = file.read().replace("/usr/local/bin/millrace", BINARY)
        path = os.path.join(folder, "millrace.service")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        done = subprocess.run([tool, "verify", "--man=no", path], capture_output=True, text=True, timeout=60)
        wrong = [line for line in (done.stdout + done.stderr).splitlines() if "millrace.service" in line]
        assert done.returncode == 0 or not wrong, wrong
        assert not wrong, wrong
        judged = subprocess.run([tool, "security", "--offline=true", path], capture_output=True, text=True, timeout=60)
        last = [line for line in judged.stdout.splitlines() if "Overall exposure level" in line]
        if last:
            exposure = float(last[0].split(":")[1].split()[0])
            print("    " + last[0].strip("→ "))
            assert exposure <= 2.0, last[0]


def main():
    passed = failed = 0
    for test in (unit_file_is_what_systemd_understands, daemon_works_as_nobody_on_a_read_only_file_system):
        try:
            test()
            passed += 1
            print(f"ok   {test.__name__}")
        except Skipped as why:
            print(f"skipped: {test.__name__} ({why})")
        except AssertionError as error:
            failed += 1
            print(f"FAIL {test.__name__}\n{error}")
    print(f"sandbox: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
