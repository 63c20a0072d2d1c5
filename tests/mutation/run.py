#!/usr/bin/env python3
"""Changes one line of a component at random and says whether a test notices.

    tests/mutation/run.py --seed 1 --count 20 --component http
    tests/mutation/run.py --seed 1 --count 300             drawn from all components that have tests
    tests/mutation/run.py --seed 1 --count 20 --component http --all-tests
    tests/mutation/run.py --at src/http/http_date.cc:40    every mutant of one line
    tests/mutation/run.py --again result.json --all-tests  those that survived there

The component's own unit tests run first, then (with --fuzz) its fuzz targets, a short round each; what none of
them notices survives. --all-tests runs the unit tests of the components that use it, and the simulation, on
those that survive. Mutants of a component are compiled together, each behind a switch (switched.py); one that
cannot be a switch is compiled by itself, and left out with --no-singles. A mutant that does not compile is
drawn anew. The tree is copied to build/mutation, compiled with the address sanitizer. Mutants that are the
same program are listed in equivalent.txt and are not counted. Exits 1 when a mutant survives."""
import argparse
import collections
import itertools
import json
import os
import random
import signal
import sys

from bench import Bench, run
from mutants import mutants_of
from tree import BUILD, components, copy_tree, dependents, read, write

EQUIVALENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "equivalent.txt")


def read_equivalent():
    """Triples of path, line before and line after; a reason stands behind each."""
    same, entry = set(), []
    with open(EQUIVALENT, encoding="utf-8") as file:
        for line in [*file, ""]:
            if line.startswith("#"):
                continue
            if line.strip():
                entry.append(line.rstrip("\n"))
                continue
            if entry:
                same.add((entry[0], entry[1][2:].strip(), entry[2][2:].strip()))
            entry = []
    return same


def draw(options, files, all_components):
    """Endlessly: a component and a mutant of it, each at most once."""
    chosen = [c for c in all_components
              if c.test_programs and (not options.component or c.name in options.component)]
    if not chosen:
        sys.exit("no such component: " + ", ".join(sorted(c.name for c in all_components if c.test_programs)))
    folders = [component.folder for component in all_components]
    same = read_equivalent()
    pool = []
    for component in chosen:
        for path in component.sources(files, folders):
            pool += [(component, mutant) for mutant in mutants_of(path, read(path))
                     if (mutant.path, mutant.before.strip(), mutant.after.strip()) not in same]
    if options.at:
        places = {(place.partition(":")[0], int(place.partition(":")[2])) for place in options.at}
        yield from ((c, m) for c, m in pool if (m.path, m.line) in places)
        return
    if options.again:
        yield from again(options.again, pool)
        return
    # A line first, then one of its mutants: a line with many operators is not drawn more often.
    lines = collections.defaultdict(list)
    for component, mutant in pool:
        lines[(mutant.path, mutant.line)].append((component, mutant))
    generator = random.Random(options.seed)
    order = sorted(lines)
    generator.shuffle(order)
    for place in order:
        yield generator.choice(lines[place])


def again(path, pool):
    """The mutants of an earlier run that its component's tests did not notice, by their text."""
    with open(path, encoding="utf-8") as file:
        earlier = [result for result in json.load(file) if not result["noticed_by"]]
    for result in earlier:
        same = [pair for pair in pool if (pair[1].path, pair[1].before, pair[1].after) ==
                (result["path"], result["before"], result["after"])]
        if same:
            yield min(same, key=lambda pair: abs(pair[1].line - result["line"]))


class Round:
    """Mutants of one component, at most one of a line."""

    def __init__(self, bench, options, all_components, component, mutants):
        self.bench, self.options, self.component = bench, options, component
        self.others = dependents(component, all_components)
        self.mutants = dict(enumerate(mutants, 1))
        self.originals = {mutant.path: read(mutant.path) for mutant in mutants}

    def targets(self):
        return self.component.test_programs + (self.component.fuzz_targets if self.options.fuzz else [])

    def run(self):
        """Yields each mutant with what noticed it: a test, "" (nothing), None (does not compile)."""
        try:
            switches = self.bench.build_switched(self.mutants, self.targets())
            survivors = []
            for number in switches:
                by = self.bench.noticed_by(self.component, number, self.options.fuzz)
                if by or not self.options.all_tests:
                    yield self.mutants[number], "", by
                else:
                    survivors.append(number)
            if survivors:
                programs = self.build_others()
                for number in survivors:
                    yield self.mutants[number], self.noticed_by_others(programs, number), ""
        finally:
            self.restore()
        if self.options.singles:
            for number in sorted(set(self.mutants) - set(switches)):
                yield self.single(self.mutants[number])

    def single(self, mutant):
        lines = self.originals[mutant.path].splitlines(keepends=True)
        lines[mutant.line - 1] = mutant.after + "\n"
        try:
            write(mutant.path, "".join(lines))
            if not self.bench.build(self.targets())[0]:
                return mutant, "", None
            by = self.bench.noticed_by(self.component, 0, self.options.fuzz)
            if by or not self.options.all_tests:
                return mutant, "", by
            return mutant, self.noticed_by_others(self.build_others(), 0), ""
        finally:
            self.restore()

    def build_others(self):
        """The test programs of the components above, as far as they can be built."""
        programs = [program for other in self.others for program in other.test_programs]
        return programs if not programs or self.bench.build(programs)[0] else []

    def noticed_by_others(self, programs, number):
        return next((test for program in programs if (test := self.bench.fails(program, number))), "")

    def restore(self):
        for path, text in self.originals.items():
            if read(path) != text:
                write(path, text)


def rounds(pairs):
    """Mutants by component, those of one line in different rounds."""
    by_component = collections.defaultdict(list)
    for component, mutant in pairs:
        by_component[component.name].append((component, mutant))
    for group in by_component.values():
        while group:
            taken, now, later = set(), [], []
            for component, mutant in group:
                place = (mutant.path, mutant.line)
                (later if place in taken else now).append((component, mutant))
                taken.add(place)
            yield now[0][0], [mutant for _, mutant in now]
            group = later


def report(results):
    totals = collections.defaultdict(lambda: [0, 0, 0])
    for result in results:
        for name in (result["component"], "all"):
            totals[name][0] += 1
            totals[name][1] += bool(result["noticed_by"])
            totals[name][2] += bool(result["noticed_by"] or result["noticed_by_others"])
    for name, (count, own, any_) in sorted(totals.items(), key=lambda pair: (pair[0] == "all", pair[0])):
        print(f"{name}: {count} mutants, {own} noticed by its own tests, {any_} by any")
    return totals["all"][0] == totals["all"][2]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--component", nargs="*", default=[])
    parser.add_argument("--at", metavar="FILE:LINE", nargs="*")
    parser.add_argument("--again", metavar="JSON")
    parser.add_argument("--all-tests", action="store_true")
    parser.add_argument("--no-fuzz", dest="fuzz", action="store_false")
    parser.add_argument("--no-singles", dest="singles", action="store_false")
    parser.add_argument("--json", metavar="FILE", help="writes every mutant and what noticed it there")
    options = parser.parse_args()
    # The tree is put back also where the run is ended from outside.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    files = copy_tree()
    if not os.path.exists(os.path.join(BUILD, "build.ninja")):
        code, output = run(["cmake", "--preset", "asan"])
        if code != 0:
            sys.exit(output)
    all_components = components()
    bench, results, drawn = Bench(), [], draw(options, files, all_components)
    count = 10**6 if options.at or options.again else options.count
    while len(results) < count and (pairs := list(itertools.islice(drawn, count - len(results)))):
        for component, mutants in rounds(pairs):
            for mutant, by_others, by in Round(bench, options, all_components, component, mutants).run():
                if by is None:
                    continue
                results.append({**mutant._asdict(), "component": component.name, "noticed_by": by,
                                "noticed_by_others": by_others})
                print(f"{mutant.path}:{mutant.line}: {mutant.kind}: " +
                      (f"noticed by {by or by_others}" if by or by_others else "SURVIVED"))
                if not by:
                    print(f"  - {mutant.before.strip()}\n  + {mutant.after.strip()}")
                sys.stdout.flush()
                if options.json:
                    with open(options.json, "w", encoding="utf-8") as file:
                        json.dump(results, file, indent=1)
    return 0 if report(results) else 1


if __name__ == "__main__":
    sys.exit(main())
