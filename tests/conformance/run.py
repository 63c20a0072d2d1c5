#!/usr/bin/env python3
"""Runs every conformance line over real sockets and prints the test of each line.

    tests/conformance/run.sh [name …]
"""
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

import access_lines  # noqa: F401  (each import fills the table)
import bad_input  # noqa: F401
import client_lines  # noqa: F401
import connection_lines  # noqa: F401
import daemon_lines  # noqa: F401
import dashboard_lines  # noqa: F401
import network_lines  # noqa: F401
import overload_lines  # noqa: F401
import passing_lines  # noqa: F401
import server_lines  # noqa: F401
import tls_lines  # noqa: F401
from table import LINE_COUNT, NOT_TESTED, TESTS


def run_one(test):
    start = time.monotonic()
    try:
        test[3]()
        return test, None, time.monotonic() - start
    except BaseException:  # noqa: BLE001  a hung or broken peer is a failure of this line only
        return test, traceback.format_exc(), time.monotonic() - start


def main():
    wanted = sys.argv[1:]
    tests = [t for t in TESTS if not wanted or t[0] in wanted]
    with ThreadPoolExecutor(max_workers=4) as pool:
        results = list(pool.map(run_one, tests))
    failed = 0
    for (name, lines, role, _), error, seconds in results:
        mark = "ok  " if error is None else "FAIL"
        print(f"{mark} {role:10} lines {','.join(map(str, lines)) or '-':9} {name} ({seconds:.1f} s)")
        if error is not None:
            failed += 1
            print(error)
    if not wanted:
        shown = {line for _, lines, _, _ in TESTS for line in lines} | set(NOT_TESTED)
        missing = [line for line in range(1, LINE_COUNT + 1) if line not in shown]
        if missing:
            print("lines that nothing shows:", missing)
            failed += 1
        for line, reason in sorted(NOT_TESTED.items()):
            print(f"line {line} has no test: {reason}")
    print(f"conformance: {len(results) - min(failed, len(results))} passed, {failed} failed")
    return 1 if failed or not results else 0


if __name__ == "__main__":
    sys.exit(main())
