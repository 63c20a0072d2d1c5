"""The output of the benchmarks."""
import os
import platform


def say(line=""):
    print(line, flush=True)


def mb(count):
    return f"{count / 1e6:.1f} MB"


def machine():
    model = "unknown processor"
    with open("/proc/cpuinfo") as info:
        for line in info:
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    with open("/proc/meminfo") as info:
        memory = int(info.readline().split()[1]) / 2**20
    return (f"{model}, {len(os.sched_getaffinity(0))} processors, {memory:.0f} GB, "
            f"Linux {platform.release()}, load {os.getloadavg()[0]:.1f} at the start")


class Verdicts:
    """Facts that a run must show; what does not hold makes it red."""

    def __init__(self):
        self.red = []

    def expect(self, holds, fact):
        if not holds:
            self.red.append(fact)
            say(f"  RED: {fact}")
