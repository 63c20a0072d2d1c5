"""Processes of a benchmark: started on their processor, watched through /proc, always ended."""
import json
import os
import signal
import socket
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")


def processors():
    return sorted(os.sched_getaffinity(0))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port, seconds=10, pause=0.02):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            probe.settimeout(0.2)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(pause)
    raise RuntimeError(f"nothing listens on port {port} after {seconds} s")


class Process:
    """One child on the given processors; ends with the `with` block."""

    def __init__(self, arguments, processors=None, log=None, environment=None):
        self.log_path = log
        output = open(log, "wb") if log else subprocess.DEVNULL
        pin = (lambda: os.sched_setaffinity(0, processors)) if processors else None
        self.child = subprocess.Popen(arguments, stdout=subprocess.PIPE if log is None else output,
                                      stderr=subprocess.STDOUT if log else subprocess.PIPE,
                                      preexec_fn=pin,
                                      env={**os.environ, **environment} if environment else None)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(5)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()

    def summary(self, seconds):
        """Waits for the end; the JSON line that ends the output."""
        try:
            out, err = self.child.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.child.send_signal(signal.SIGTERM)
            try:
                out, err = self.child.communicate(timeout=5)
            except subprocess.TimeoutExpired:
                self.child.kill()
                out, err = self.child.communicate()
        lines = [line for line in out.decode().splitlines() if line.startswith("{")]
        if not lines:
            raise RuntimeError(f"no summary from {self.child.args}: {err.decode()[-2000:]}")
        return json.loads(lines[-1])

    def cpu_seconds(self):
        """User and system time, of all its threads."""
        with open(f"/proc/{self.child.pid}/stat") as stat:
            fields = stat.read().rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def exact_cpu_seconds(self):
        """The same to the nanosecond, where the kernel has it (/proc/PID/task/*/schedstat). Threads that
        ended are not in it: for the difference between two readings of a process that keeps its threads."""
        folder, total = f"/proc/{self.child.pid}/task", 0
        try:
            for thread in os.listdir(folder):
                with open(f"{folder}/{thread}/schedstat") as stat:
                    total += int(stat.read().split()[0])
        except (FileNotFoundError, ProcessLookupError):
            return self.cpu_seconds()
        return total / 1e9

    def page_faults(self):
        """Page faults without I/O of all its threads since it began. They are counted, not timed, so other
        work on the machine does not change them."""
        with open(f"/proc/{self.child.pid}/stat") as stat:
            return int(stat.read().rpartition(") ")[2].split()[7])

    def memory_bytes(self, name):
        """VmRSS (now) or VmHWM (the highest so far)."""
        with open(f"/proc/{self.child.pid}/status") as status:
            for line in status:
                if line.startswith(name + ":"):
                    return int(line.split()[1]) * 1024
        return 0
