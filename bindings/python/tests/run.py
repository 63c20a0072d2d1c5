#!/usr/bin/env python3
"""Runs the bindings against `millrace sink`. MILLRACE names the daemon, MILLRACE_LIBRARY the
library (default: those of build/release)."""
import ctypes
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
sys.path.insert(0, os.path.join(ROOT, "bindings", "python"))
sys.path.insert(0, os.path.join(ROOT, "bench"))
os.environ.setdefault("MILLRACE_LIBRARY",
                      os.path.join(ROOT, "build", "release", "packaging", "libmillrace.so"))
MILLRACE = os.environ.get("MILLRACE", os.path.join(ROOT, "build", "release", "millrace"))

import millrace  # noqa: E402
from millrace import _c  # noqa: E402
from processes import Process, free_port, wait_for_port  # noqa: E402


class Sink:
    """A `millrace sink` that records requests."""

    def __init__(self, expected, port=None):
        self.folder = tempfile.TemporaryDirectory()
        self.record = os.path.join(self.folder.name, "record")
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = Process([MILLRACE, "sink", "--endpoint", f"127.0.0.1:{self.port}",
                                "--interval", "0", "--record", self.record, "--settle", "50ms",
                                "--expect", str(expected), "--duration", "60s"],
                               log=os.path.join(self.folder.name, "log"))

    def __enter__(self):
        wait_for_port(self.port)
        return self

    def __exit__(self, *_):
        self.process.stop()
        self.folder.cleanup()

    def end(self):
        """Waits until all expected items have arrived; returns the bytes of all requests."""
        code = self.process.child.wait(90)
        if code != 0:
            raise AssertionError(f"sink: {code}\n{open(self.process.log_path).read()}")
        with open(self.record, "rb") as recorded:
            data = recorded.read()
        bodies, at = b"", 0
        while at < len(data):
            size = struct.unpack_from(">I", data, at)[0]
            bodies += data[at + 4:at + 4 + size]
            at += 4 + size
        return bodies


class BindingsTest(unittest.TestCase):
    def test_structures_have_the_sizes_of_the_header(self):
        compiler = shutil.which("gcc") or shutil.which("cc")
        if compiler is None:
            self.skipTest("no C compiler")
        lines = "".join(
            f'printf("{name} %zu", sizeof(millrace_{name}));' + "".join(
                f'printf(" %zu", offsetof(millrace_{name}, {"as" if f[0] == "as_" else f[0]}));'
                for f in kind._fields_) + 'puts("");'
            for name, kind in _c.STRUCTURES.items())
        with tempfile.TemporaryDirectory() as folder:
            source, program = os.path.join(folder, "sizes.c"), os.path.join(folder, "sizes")
            with open(source, "w") as out:
                out.write("#include <millrace/millrace.h>\n#include <stdio.h>\n"
                          "uint64_t millrace_now_unix_nano(void) { return 0; }\n"
                          "void millrace_random_trace_id(uint8_t *id) { (void)id; }\n"
                          "void millrace_random_span_id(uint8_t *id) { (void)id; }\n"
                          "int main(void) {" + lines + "return 0; }")
            subprocess.run([compiler, "-I", os.path.join(ROOT, "include"), source, "-o", program],
                           check=True)
            printed = subprocess.run([program], check=True, capture_output=True, text=True).stdout
        for line in printed.splitlines():
            name, *numbers = line.split()
            kind = _c.STRUCTURES[name]
            self.assertEqual([int(n) for n in numbers], [ctypes.sizeof(kind)] + [
                getattr(kind, f[0]).offset for f in kind._fields_], name)

    def test_every_setting_of_the_header_can_be_set(self):
        with open(os.path.join(ROOT, "include", "millrace", "c", "config.h")) as header:
            found = re.findall(r"millrace_((?:config_set|config_add|endpoint)_\w+)\(", header.read())
        self.assertGreater(len(found), 25)
        with open(os.path.join(ROOT, "bindings", "python", "millrace", "__init__.py")) as source:
            text = source.read()
        for name in found:
            self.assertIn(name, _c._FUNCTIONS)
            short = name.replace("config_set_", "")
            self.assertTrue(name in text or f'"{short}": {short}' in text, f"{name} is not called")

    def test_spans_logs_and_metrics_reach_two_sinks(self):
        with Sink(5) as first, Sink(5) as second:
            with millrace.Collector(
                    first.url, service_name="a Python service", scope=("a scope", "1.2"),
                    resource={"host.cores": 2},
                    endpoints=[millrace.Endpoint(second.url, millrace.Protocol.HTTP,
                                                 compression=millrace.Compression.GZIP,
                                                 headers={"x-key": "secret"})],
                    shutdown_timeout=20) as collector:
                with collector.span("outer", {"list": [1, "two", 3.5, True, None, b"\x00"],
                                              "map": {"inner": "deep"}}) as outer:
                    with outer.child("child", kind=millrace.SpanKind.CLIENT) as child:
                        child.add_event("an event", {"n": 1}).add_link(outer.trace_id,
                                                                       outer.span_id)
                    self.assertTrue(collector.log("a body", millrace.Severity.WARN, span=outer))
                collector.gauge("a gauge", 1.5, unit="By")
                collector.sum("a sum", 12, {"k": "v"})
                self.assertTrue(collector.flush(20))
                statistics = collector.statistics()
            self.assertEqual((statistics.collected, statistics.exported, statistics.failed),
                             (5, 10, 0))
            self.assertTrue(statistics.balances)
            for sink in (first, second):
                data = sink.end()
                for expected in (b"a Python service", b"a scope", b"host.cores", b"outer", b"child",
                                 b"deep", b"an event", b"a body", b"a gauge", b"a sum",
                                 outer.trace_id, child.span_id):
                    self.assertIn(expected, data)

    def test_points_of_every_kind_by_name_and_value(self):
        bodies = []
        with millrace.Collector("", exporter=lambda _, count, data: bodies.append((count, data)),
                                shutdown_timeout=20) as collector:
            self.assertTrue(collector.gauge("depth", 3))
            self.assertTrue(collector.sum("orders", 12, temporality=millrace.Temporality.DELTA,
                                          start_time_unix_nano=5))
            self.assertTrue(collector.histogram("duration", 3, 2.5, {"route": "/"}, min=0.5, max=1,
                                                bounds=[0.75], bucket_counts=[1, 2], unit="s"))
            with self.assertRaises(millrace.Error) as caught:
                collector.histogram("duration", 3, bounds=[1, 2], bucket_counts=[1])
            self.assertEqual(caught.exception.code, "INVALID_ARGUMENT")
            with self.assertRaises(millrace.Error):
                collector.gauge("depth", "deep")
        self.assertEqual(sum(count for count, _ in bodies), 3)
        data = b"".join(data for _, data in bodies)
        # sum, bucket counts and bounds in the encoding of HistogramDataPoint.
        for expected in (b"depth", b"orders", b"duration", struct.pack("<d", 0.75),
                         struct.pack("<QQ", 1, 2), b"\x29" + struct.pack("<d", 2.5),
                         b"\x11" + struct.pack("<Q", 5)):
            self.assertIn(expected, data)

    def test_what_is_on_disk_is_sent_by_the_next_one(self):
        with tempfile.TemporaryDirectory() as folder:
            queue = os.path.join(folder, "queue")
            # Records on disk belong to an exporter name: the second process uses the same URL.
            port = free_port()
            with millrace.Collector(f"http://127.0.0.1:{port}", storage_directory=queue,
                                    storage_bytes_max=4 << 20) as collector:
                self.assertTrue(collector.log("kept"))
                self.assertTrue(collector.flush(20))  # on disk
            with Sink(1, port) as sink:
                with millrace.Collector(sink.url, storage_directory=queue,
                                        shutdown_timeout=20) as collector:
                    found = sum(one["recovered"] for one in collector.statistics().destinations)
                    self.assertEqual(found, 1)
                    self.assertIn(b"kept", sink.end())

    def test_an_exception_is_recorded_and_passes(self):
        bodies = []
        with millrace.Collector("", exporter=lambda _, count, data: bodies.append(data),
                                shutdown_timeout=20) as collector:
            with self.assertRaises(ValueError):
                with collector.span("fails"):
                    raise ValueError("the reason")
        self.assertIn(b"the reason", b"".join(bodies))
        self.assertIn(b"exception.type", b"".join(bodies))

    def test_an_exporter_that_raises_gets_the_batch_again(self):
        seen = []

        def exporter(signal, count, data):
            seen.append((signal, count))
            if len(seen) == 1:
                raise RuntimeError("not now")

        with millrace.Collector("", exporter=exporter, shutdown_timeout=30) as collector:
            collector.log("a body")
            self.assertTrue(collector.flush(30))
            self.assertEqual(collector.statistics().exported, 1)
        self.assertEqual(seen, [(millrace.Signal.LOGS, 1)] * 2)

    def test_a_full_buffer_says_no_and_shutdown_is_in_time(self):
        with millrace.Collector("http://127.0.0.1:1", buffer_capacity=2) as collector:
            taken = [collector.log(str(i)) for i in range(3)]
            self.assertEqual(taken, [True, True, False])
            self.assertFalse(collector.shutdown(0.05))
            statistics = collector.statistics()
            self.assertEqual(statistics.dropped, {"deadline": 2})
            with self.assertRaises(millrace.Error) as caught:
                collector.log("late")
            self.assertEqual(caught.exception.code, "SHUT_DOWN")

    def test_mistakes_are_explained(self):
        with self.assertRaises(millrace.Error) as caught:
            millrace.Collector(batch_size=0)
        self.assertIn("batch_size", str(caught.exception))
        with self.assertRaises(millrace.Error) as caught:
            millrace.Collector(yaml="receivers:\n  otlb:\n")
        self.assertIn("otlb", str(caught.exception))

    def test_any_number_of_threads(self):
        count = [0]

        def exporter(_, items, data):
            count[0] += items

        with millrace.Collector("", exporter=exporter, shutdown_timeout=30) as collector:
            def work():
                for number in range(250):
                    collector.span("s", {"n": number}).end()
            threads = [threading.Thread(target=work) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        self.assertEqual(count[0], 1000)

    def test_a_closed_collector_is_an_error(self):
        collector = millrace.Collector("", exporter=lambda *_: True)
        collector.close()
        collector.close()
        with self.assertRaises(millrace.Error):
            collector.statistics()

    def test_lists_that_share_what_they_hold_end_at_the_limits(self):
        begin = time.monotonic()
        with millrace.Collector("", exporter=lambda *_: True, shutdown_timeout=20) as collector:
            two, ten, itself = 1, 1, []
            for _ in range(25):
                two, ten = [two, two], [ten] * 10
            itself.append(itself)
            with collector.span("s", {"two": two, "itself": itself}) as span:
                span.set("mapping", {"inside": itself})
            self.assertGreater(collector.statistics().skipped_attributes, 0)
            with self.assertRaisesRegex(millrace.Error, "TOO_LARGE"):
                collector.log("b", attributes={"ten": ten})
        self.assertLess(time.monotonic() - begin, 20)

    def test_lone_surrogates_and_huge_numbers_are_mended(self):
        with millrace.Collector("", exporter=lambda *_: True, shutdown_timeout=20) as collector:
            self.assertTrue(collector.span("\udcff", {"n": 2**70}).end())


if __name__ == "__main__":
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=1).run(
        unittest.defaultTestLoader.loadTestsFromTestCase(BindingsTest))
    bad = len(result.failures) + len(result.errors)
    print(f"python: {result.testsRun - bad} hold, {bad} do not")
    sys.exit(1 if bad else 0)
