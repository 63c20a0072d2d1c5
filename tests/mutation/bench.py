"""Builds mutants in the copied tree and runs tests on them."""
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

from switched import PRELUDE, switched
from tree import BUILD, COPY, read, write

FUZZ_RUNS = 2000
MEGABYTES_MAX = 2000  # of a test


def run(command, seconds=None, **variables):
    """Exit code (None: not ended in time) and output."""
    # A loop that a mutant makes endless must not take the machine's memory.
    environment = {**os.environ, "CCACHE_BASEDIR": COPY, "CCACHE_NOHASHDIR": "1",
                   "ASAN_OPTIONS": f"hard_rss_limit_mb={MEGABYTES_MAX}", **variables}
    child = subprocess.Popen(command, cwd=COPY, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             stdin=subprocess.DEVNULL, text=True, errors="replace", start_new_session=True)
    try:
        output, _ = child.communicate(timeout=seconds)
        return child.returncode, output
    except subprocess.TimeoutExpired:
        return None, "not ended in time"
    finally:
        if child.returncode is None:
            os.killpg(child.pid, signal.SIGKILL)
            child.communicate()


class Bench:
    def __init__(self):
        self.seconds = {}  # of a test program, unchanged

    def build(self, targets, keep_going=False):
        """Whether all are built, and the output."""
        code, output = run(["cmake", "--build", BUILD, "--target", *targets, *(["--", "-k", "0"] if keep_going else [])])
        return code == 0, output

    def build_switched(self, mutants, targets):
        """Writes all mutants as switches and builds the targets. Returns the numbers of those that are in."""
        originals = {mutant.path: read(mutant.path) for mutant in mutants.values()}
        chosen = {}
        for number, mutant in mutants.items():
            line = switched(originals[mutant.path], mutant, number)
            if line is not None:
                chosen[number] = line
        while True:
            for path, text in originals.items():
                lines, changed = text.splitlines(keepends=True), False
                for number, line in chosen.items():
                    if mutants[number].path == path:
                        lines[mutants[number].line - 1] = line + "\n"
                        changed = True
                wanted = PRELUDE + "".join(lines) if changed else text
                if read(path) != wanted:
                    write(path, wanted)
            if not chosen:
                return chosen
            built, output = self.build(targets, keep_going=True)
            if built:
                return chosen
            refused = self.refused(mutants, chosen, output)
            for number in refused:
                del chosen[number]

    @staticmethod
    def refused(mutants, chosen, output):
        """The mutants at which the compiler has an error or a note, else all of the files that have errors."""
        places = set(re.findall(r"(src/[\w/.]+):(\d+):\d+: (?:\w+ )?(?:error|note)", output))
        exact = [n for n in chosen if (mutants[n].path, str(mutants[n].line)) in places]
        files = {path for path, _ in places}
        return exact or [n for n in chosen if mutants[n].path in files] or list(chosen)

    def measure(self, program):
        """Runs a test program without a mutant: it passes, and how long it takes."""
        if program in self.seconds:
            return
        begun = time.monotonic()
        code, output = run([os.path.join(BUILD, program)], 600)
        if code != 0:
            print(f"{program} fails without a mutant, and is not asked:\n{output[-2000:]}", flush=True)
            self.seconds[program] = None
            return
        self.seconds[program] = time.monotonic() - begun

    def fails(self, program, number):
        """The test that fails with this mutant, or "". A failure counts if it is repeated."""
        self.measure(program)
        if self.seconds[program] is None:
            return ""
        limit = 20 + 4 * self.seconds[program]
        with tempfile.TemporaryDirectory() as folder:
            variables = {"MILLRACE_MUTANT": str(number), "TEST_TMPDIR": folder}
            command = [os.path.join(BUILD, program)]
            for _ in range(2):
                code, output = run([*command, "--gtest_fail_fast"], limit, **variables)
                if code == 0:
                    return ""
                begun = re.findall(r"^\[ RUN      \] (\S+)", output, flags=re.M)
                failed = re.findall(r"^\[  FAILED  \] ([^\s,]+)", output, flags=re.M)
                test = failed[0] if failed else begun[-1] if begun else ""
                again = [*command, "--gtest_filter=" + test] if test else command
                if code is None or run(again, limit, **variables)[0] != 0:
                    return f"{program} {test}".strip() if code is not None else f"{program} (time)"
        return ""

    def fuzz_fails(self, target, number):
        with tempfile.TemporaryDirectory() as folder:
            folders = [os.path.join(folder, "corpus")]
            os.mkdir(folders[0])
            seeds = os.path.join(COPY, "fuzz", target)
            if os.path.isdir(seeds):
                folders.append(seeds)
            code, _ = run([os.path.join(BUILD, target), f"-runs={FUZZ_RUNS}", "-seed=1", "-max_len=65536",
                           "-artifact_prefix=" + folder + "/", *folders], 120, MILLRACE_MUTANT=str(number))
            shutil.rmtree(folders[0])
            return code != 0

    def noticed_by(self, component, number, fuzz):
        for program in component.test_programs:
            if test := self.fails(program, number):
                return test
        for target in component.fuzz_targets if fuzz else []:
            if self.fuzz_fails(target, number):
                return target
        return ""
