"""A collector of any configuration between generators and a sink, each on its processor, and what
is read off it while it runs."""
import json
import os
import re
import statistics
import threading
import time
import urllib.request

from processes import Process, free_port, processors, wait_for_port

SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$")


class Rig:
    def __init__(self, options, folder):
        self.millrace, self.folder = options.millrace, folder
        self.relay = getattr(options, "relay", None)  # where the caller has one
        self.subject_processors = {processors()[-1]}
        self.load_processors = {processors()[0]}
        self.started, self.processes = 0, []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.stop()

    def start(self, arguments, processors_, log=None, environment=None):
        """Ends with the rig at the latest."""
        process = Process(arguments, processors_, log, environment)
        self.processes.append(process)
        return process

    def path(self, name):
        self.started += 1
        return os.path.join(self.folder, f"{self.started}.{name}")

    def collector(self, config, environment=None):
        """Starts a collector with this configuration (a dict: JSON is YAML); its log is at `log_path`."""
        path = self.path("yaml")
        with open(path, "w") as out:
            json.dump(config, out, indent=1)
        return self.start([self.millrace, "--config", path], self.subject_processors, path + ".log",
                          environment)

    def sink(self, port, *more):
        sink = self.start([self.millrace, "sink", "--endpoint", f"127.0.0.1:{port}", "--interval",
                           "0", "--summary", "json", *more], self.load_processors)
        wait_for_port(port)
        return sink

    def generator(self, port, **more):
        """Options by their names, with _ for -."""
        arguments = [self.millrace, "generate", "--endpoint", f"127.0.0.1:{port}", "--summary", "json"]
        for name, value in more.items():
            arguments += ["--" + name.replace("_", "-"), str(value)]
        return self.start(arguments, self.load_processors)


def wait_for_log(process, text, seconds=60):
    """Seconds from now until the log of the process has a line with the text."""
    begun = time.monotonic()
    while time.monotonic() < begun + seconds:
        with open(process.log_path, errors="replace") as log:
            if text in log.read():
                return time.monotonic() - begun
        if process.child.poll() is not None:
            break
        time.sleep(0.002)
    with open(process.log_path, errors="replace") as log:
        raise RuntimeError(f"\"{text}\" did not come: {log.read()[-2000:]}")


def otlp_exporter(port, queue, **more):
    """To a sink; tries again soon and for ever."""
    return {"endpoint": f"127.0.0.1:{port}", "tls": {"insecure": True}, "compression": "none",
            "retry_on_failure": {"initial_interval": "100ms", "max_interval": "500ms",
                                 "max_elapsed_time": 0},
            "sending_queue": queue, **more}


class Metrics:
    """One reading of a collector's page."""

    def __init__(self, port):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as page:
            self.samples = [found.groups() for found in map(SAMPLE.match, page.read().decode().splitlines())
                            if found]

    def sum(self, name, label=""):
        return sum(float(value) for found, labels, value in self.samples
                   if found == name and label in (labels or ""))

    def terms(self):
        """The terms of the memory budget, by name."""
        return {re.search(r'term="(\w+)"', labels)[1]: int(float(value))
                for found, labels, value in self.samples if found == "millrace_memory_term_bytes"}


class Watch:
    """Resident memory and the memory budget of a process over time, in a thread of its own.

    Resident memory is read 20 times a second; the page of metrics, which costs the process
    something, four times."""

    def __init__(self, process, metrics_port):
        self.process, self.port = process, metrics_port
        self.resident = []   # (seconds since the start, bytes)
        self.reserved = []   # the same of the budget's sum
        self.beside = []     # and of what is resident beside it
        self.terms_at_peak = {}
        self.stopped = threading.Event()
        self.begun = time.monotonic()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.thread.join()

    def run(self):
        count = 0
        while not self.stopped.wait(0.05):
            now = time.monotonic() - self.begun
            resident = self.process.memory_bytes("VmRSS")
            self.resident.append((now, resident))
            count += 1
            if count % 5 == 0:
                try:
                    self.read_budget(now, resident)
                except OSError:
                    continue  # too busy to answer: the next reading comes soon

    def read_budget(self, now, resident):
        metrics = Metrics(self.port)
        reserved = metrics.sum("millrace_memory_reserved_bytes")
        self.beside.append((now, resident - reserved))
        if not self.reserved or reserved > max(bytes_ for _, bytes_ in self.reserved):
            self.terms_at_peak = metrics.terms()
        self.reserved.append((now, reserved))

    def beyond_reserved(self, seconds):
        """The most that was resident beside what was reserved, in so many seconds: when the senders
        have gone, less is reserved at once than the allocator gives back."""
        return max((bytes_ for at, bytes_ in self.beside if at <= seconds), default=0)

    def peak(self):
        return max(bytes_ for _, bytes_ in self.resident)

    def growth(self):
        """Growth of resident bytes: median of the last quarter of the time less that of the second."""
        return quarters(self.resident)

    def growth_beside(self, idle):
        """The same for resident bytes that are not reserved. Below the `idle` program nothing is seen: what was
        reserved and not used yet hides it, as places of a queue that a request never lay in."""
        return quarters([(at, max(bytes_, idle)) for at, bytes_ in self.beside])


def quarters(series):
    end = series[-1][0]

    def quarter(index):
        return statistics.median(bytes_ for at, bytes_ in series
                                 if end * index / 4 <= at <= end * (index + 1) / 4)
    return quarter(3) - quarter(1)


def ports(*names):
    return {name: free_port() for name in names}
