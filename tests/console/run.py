#!/usr/bin/env python3
"""Tests the console's page: its types and unit tests, then in Chromium against a mock server, and against the release
binary where that has a console.

    tests/console/run.py
"""
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.abspath(os.path.join(HERE, "../.."))
PAGE = os.path.join(ROOT, "src/extensions/console/page")
BINARY = os.environ.setdefault("MILLRACE", os.path.join(ROOT, "build/release/millrace"))
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")


def install(folder, needed):
    """Installs the locked packages of a folder, unless they are there."""
    with open(os.path.join(folder, "package-lock.json"), "rb") as file:
        locked = hashlib.sha256(file.read()).hexdigest()
    stamp = os.path.join(folder, "node_modules/.locked")
    if os.path.exists(stamp) and open(stamp).read() == locked and os.path.exists(os.path.join(folder, "node_modules", needed)):
        return
    subprocess.run(["npm", "ci", "--prefer-offline"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    with open(stamp, "w") as file:
        file.write(locked)


def run(name, arguments, folder, count=False):
    """Runs a program; returns (passed, failed), those that a test runner of node's reports with `count`."""
    done = subprocess.run(arguments, cwd=folder, capture_output=True, text=True, timeout=600)
    output = done.stdout + done.stderr
    passed, failed = (1, 0) if done.returncode == 0 else (0, 1)
    if count:
        numbers = [re.search(rf"^# {word} (\d+)", output, re.M) for word in ("pass", "fail")]
        if all(numbers):
            passed, failed = (int(number.group(1)) for number in numbers)
    if done.returncode != 0:
        print(output)
        failed = max(failed, 1)
    for line in re.findall(r"^# ((?:10,000|ready|a day|a packet) .*)$", output, re.M):
        if "less than" not in line:
            print(f"  {line}")
    print(f"{'ok ' if failed == 0 else 'RED'} {name}: {passed} passed, {failed} failed")
    return passed, failed


def has_console():
    """Whether the release binary is built and serves the page."""
    if not os.path.exists(BINARY):
        return False
    document = "receivers: {otlp: {protocols: {http: }}}\nexporters: {nop: }\nextensions: {console: }\n" \
               "service: {extensions: [console], pipelines: {traces: {receivers: [otlp], exporters: [nop]}}}\n"
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(document)
        file.flush()
        return subprocess.run([BINARY, "validate", "--config", file.name], capture_output=True, timeout=60).returncode == 0


def main():
    if shutil.which("npm") is None or not os.path.exists(CHROMIUM):
        print("skipped: the console's page: npm or chromium is not installed")
        return 0
    install(PAGE, "typescript")
    install(HERE, "playwright-core")
    results = [
        run("types", ["npm", "run", "--silent", "check"], PAGE),
        run("unit tests of the page", ["npm", "test", "--silent"], PAGE, count=True),
        run("bundle", ["npm", "run", "--silent", "build"], PAGE),
        run("the page against a mock server", ["node", "--test", "--test-reporter=tap", "page_test.mjs"], HERE, count=True),
        run("a page that stays open", ["node", "--test", "--test-reporter=tap", "aging_test.mjs"], HERE, count=True),
    ]
    if has_console():
        results.append(run("the API against its description", ["node", "--test", "--test-reporter=tap", "api_test.mjs"], HERE, count=True))
        results.append(run("hostile telemetry and clients", ["node", "--test", "--test-reporter=tap", "hostile_test.mjs"], HERE, count=True))
        results.append(run("refused packets and certificates", ["node", "--test", "--test-reporter=tap", "refusal_test.mjs"], HERE, count=True))
        results.append(run("the page against the collector", ["node", "--test", "--test-reporter=tap", "daemon_test.mjs"], HERE, count=True))
    else:
        print("skipped: the console's page against the collector: no build/release/millrace with a console")
    passed, failed = (sum(numbers) for numbers in zip(*results))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
